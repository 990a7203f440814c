#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/status.h"
#include "engine/storage_engine.h"
#include "engine/transaction/transaction.h"
#include "shell/csv/point_parser.h"

namespace xtdb {

// Writes records of a CSV file to a container: each whole or not at all, all in one transaction or
// a given number in each.
//
// Ownership: borrows `engine`.
// Threads:   one at a time.
class PointWriter {
 public:
  // rows_per_commit: 0: nothing is committed before Finish.
  PointWriter(StorageEngine& engine, uint64_t rows_per_commit)
      : engine_(engine), rows_per_commit_(rows_per_commit) {}

  // The points of one record. On kTypeMismatch and kTooBig nothing of the record is kept and the
  // next may follow.
  Status Write(std::span<const CsvPoint> points);
  // Commits what is not committed.
  Status Finish();

  uint64_t rows_committed() const { return rows_committed_; }
  size_t tag_count() const { return tag_names_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };

  Status Begin();
  Result<StagedTag*> FindTag(std::string_view name);
  Status WriteAll(std::span<const CsvPoint> points);
  bool MayFail(std::span<const CsvPoint> points);

  StorageEngine& engine_;
  const uint64_t rows_per_commit_;
  std::unique_ptr<Transaction> transaction_;
  // Of transaction_, until its staging takes something back.
  std::unordered_map<std::string, StagedTag*, Hash, std::equal_to<>> tags_;
  std::set<std::string, std::less<>> tag_names_;
  uint64_t rows_ = 0;  // not committed
  uint64_t rows_committed_ = 0;
};

}  // namespace xtdb
