#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/transaction/transaction.h"
#include "vtab/csv/csv_batch.h"

namespace xtdb {

// Gets the reason for each bad record, with its line; an error that it returns ends the writing.
using BadRecordFn = std::function<Status(const Status&)>;

// The transactions that a writer writes in.
class PointTransactions {
 public:
  virtual ~PointTransactions() = default;
  // The running one, begun if there is none.
  virtual Result<Transaction*> Begin() = 0;
  virtual Status Commit() = 0;
};

// Writes records of CSV files to a container: each whole or not at all, all in one transaction or a
// given number in each. A batch goes in by columns of its tags; only where one of its records does
// not fit, what it has written is taken back and done again record by record.
//
// Ownership: borrows `transactions`.
// Threads:   one at a time.
class CsvPointWriter {
 public:
  // rows_per_commit: 0: nothing is committed before Finish.
  CsvPointWriter(PointTransactions& transactions, uint64_t rows_per_commit)
      : transactions_(transactions), rows_per_commit_(rows_per_commit) {}

  // Batches come in the order in which their tags were numbered. Tags are defined first. A record
  // that does not fit (kTypeMismatch, kTooBig, kInvalidArgument) is bad, as are those that the
  // batch tells of; nothing of it is kept and the next may follow. Every other error is final.
  Status Write(const CsvBatch& batch, const BadRecordFn& on_bad_record);
  // Commits what is not committed.
  Status Finish();

  uint64_t rows() const { return rows_committed_ + rows_; }  // of this transaction and earlier ones
  uint64_t rows_committed() const { return rows_committed_; }
  uint64_t rows_to_commit() const { return rows_per_commit_ - rows_; }  // if any are given
  uint64_t point_count() const { return point_count_; }
  size_t tag_count() const { return tag_count_; }

 private:
  struct Tag {
    std::string name;
    StagedTag* staged = nullptr;  // of the transaction, if era is era_
    uint64_t era = 0;
    bool has_points = false;
  };

  Status Begin();
  Status Define(const CsvTagDefinition& definition);
  Status DefineTags(const CsvBatch& batch, const BadRecordFn& on_bad_record);
  Result<bool> WriteGroups(const CsvBatch& batch);
  Status WriteGroup(const CsvBatch& batch, const CsvTagGroup& group);
  Status WriteColumns(const CsvBatch& batch, const CsvTagGroup& group, uint32_t begin,
                      StagedTag& tag);
  Status WriteRecords(const CsvBatch& batch, const BadRecordFn& on_bad_record);
  Status WriteRecord(const CsvBatch& batch, std::span<const CsvBatchPoint> points);
  Status WritePoints(const CsvBatch& batch, std::span<const CsvBatchPoint> points);
  void NoteWritten(uint32_t tag);
  StagedTag* FindStaged(uint32_t tag);
  Result<StagedTag*> FindTag(uint32_t tag);
  bool MayFail(const CsvTagGroup& group);
  bool MayFail(const CsvBatch& batch, std::span<const CsvBatchPoint> points);
  void RollbackTo(Mark mark);

  PointTransactions& transactions_;
  const uint64_t rows_per_commit_;
  Transaction* transaction_ = nullptr;  // that runs
  std::vector<Tag> tags_;               // by number
  uint64_t era_ = 0;                    // a new one whenever the staged tags are gone
  std::vector<double> values_;
  uint64_t rows_ = 0;  // not committed
  uint64_t rows_committed_ = 0;
  uint64_t point_count_ = 0;
  size_t tag_count_ = 0;
};

}  // namespace xtdb
