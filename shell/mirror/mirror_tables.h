#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "planner/aggregate/bucket_series.h"
#include "planner/plan.h"
#include "shell/mirror/rollup_width.h"
#include "shell/mirror/sqlite_database.h"

namespace xtdb {

// How far a mirror is with a tag.
struct MirrorMark {
  int64_t window_from_us = kTsMin;  // what begins there is looked at again
  uint64_t points_before = 0;       // that the tag had before that time
  int64_t horizon_us = kTsMin;      // of the container's retention, before which they do not count
};

// The tables of a mirror database; their columns are told in docs/program.md.
//
//   Make -> Begin -> (SetLatest, SetRollup, SetMark)... -> Commit
//
// Ownership: borrows the database; ends before it.
// Threads:   one at a time.
// Errors:    SqliteDatabase's; what is begun and not committed is rolled back.
class MirrorTables {
 public:
  // Makes the tables that there are not, and a write-ahead log, so that readers never wait.
  // kInvalidArgument: the database is a mirror of another container, or has a rollup of this name
  // and another width.
  //   container: by which the container is known, its UUID
  //   wanted:    rollups, beside those that the database has; of neither: one of an hour
  static Result<std::unique_ptr<MirrorTables>> Make(SqliteDatabase& db,
                                                    const std::string& container,
                                                    const std::vector<RollupWidth>& wanted);

  const std::vector<RollupWidth>& rollups() const { return widths_; }

  Status Begin() { return db_.Execute("BEGIN IMMEDIATE"); }
  Status Commit() { return db_.Execute("COMMIT"); }
  void Rollback();
  // Everything goes, to be filled anew.
  Status Clear();

  Result<std::optional<MirrorMark>> Mark(const std::string& tag);
  Status SetMark(const std::string& tag, const MirrorMark& mark);
  // Nothing: the tag has no point.
  Status SetLatest(const std::string& tag, const std::optional<FoundPoint>& point);
  // Replaces the tag's buckets in rollups()[index] from `from_us` on by what `series` gives; only
  // rows that differ are written. Buckets that begin before `whole_from_us`, of which retention has
  // taken points, are added but neither replaced nor removed.
  Status SetRollup(size_t index, const TagDefinition& tag, int64_t from_us, int64_t whole_from_us,
                   BucketSeries& series);

  uint64_t rows_changed() const { return rows_changed_; }

 private:
  struct Rollup {
    SqliteStatement put;
    SqliteStatement list;
    SqliteStatement remove;
  };
  explicit MirrorTables(SqliteDatabase& db) : db_(db) {}
  Status MakeTables(const std::string& container, const std::vector<RollupWidth>& wanted);
  Status CheckContainer(const std::string& container);
  Status LoadRollups();
  Status AddRollup(const RollupWidth& rollup);
  Status PrepareStatements();
  Status RunCounted(SqliteStatement& statement);

  SqliteDatabase& db_;
  std::vector<RollupWidth> widths_;
  std::optional<SqliteStatement> mark_;
  std::optional<SqliteStatement> set_mark_;
  std::optional<SqliteStatement> set_latest_;
  std::optional<SqliteStatement> remove_latest_;
  std::vector<Rollup> rollups_;  // as widths_
  uint64_t rows_changed_ = 0;
};

}  // namespace xtdb
