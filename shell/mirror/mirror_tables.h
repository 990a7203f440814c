#pragma once

#include <cstdint>
#include <functional>
#include <map>
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
  int64_t window_from_us = kTsMin;        // what begins there is looked at again
  std::optional<uint64_t> points_before;  // that the tag had before that time; nothing: look at all
  int64_t horizon_us = kTsMin;    // of the container's retention, before which they do not count
  int64_t first_us = kTsMin;      // of the tag's points
  int64_t kept_from_us = kTsMin;  // before it the container has let points go
};

// Which rows SetRollup may change.
struct RollupScope {
  int64_t from_us = kTsMin;  // it looks at buckets from there on
  // A bucket that begins before it has lost points, and stays as it is.
  int64_t kept_from_us = kTsMin;
  // One that begins before it stays, too, where it would count fewer values: some were let go.
  int64_t window_from_us = kTsMin;
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
  // and another width. kAlreadyExists: it has a table of that name which no mirror has made; then
  // it stays as it is.
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

  // Up to where in the container's life the mirror is; kNoLsn at first.
  Result<LSN> MirroredLsn();
  Status SetMirroredLsn(LSN lsn);

  Result<std::optional<MirrorMark>> Mark(TagId tag);
  Status SetMark(const TagDefinition& tag, const MirrorMark& mark);
  // All marks go, and so everything is looked at again.
  Status ForgetMarks() { return db_.Execute("DELETE FROM xtdb_mirror_mark"); }
  // The tags that have marks, with the names that they had then.
  Result<std::map<TagId, std::string>> MarkedTags();
  struct NewName {
    TagId tag;
    std::string from;
    std::string to;
  };
  // Gives the rows of these tags their new names; tags may have exchanged theirs.
  Status Rename(const std::vector<NewName>& names);
  // Removes the rows of a tag that there is no more.
  Status Remove(const std::string& tag);
  // Nothing: the tag has no point.
  Status SetLatest(const std::string& tag, const std::optional<FoundPoint>& point);
  // Replaces the tag's buckets in rollups()[index], but for those that `scope` keeps, by what
  // `series` gives from scope.from_us on; only rows that differ are written.
  Status SetRollup(size_t index, const TagDefinition& tag, const RollupScope& scope,
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
  // Whether it is a mirror; if not, that it has none of a mirror's tables.
  Status CheckDatabase(const std::vector<RollupWidth>& wanted);
  Status CheckContainer(const std::string& container);
  Result<bool> Has(const std::string& table);
  Status LoadRollups();
  Status AddRollup(const RollupWidth& rollup);
  Status MakeRollup(const std::string& name);
  Status PrepareStatements();
  Status RunCounted(SqliteStatement& statement);
  // `sql` once for each table that has tags, in place of its %.
  Status ForEachTable(const std::string& sql, const std::function<Status(SqliteStatement&)>& run);

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
