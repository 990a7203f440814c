#pragma once

#include <cstdint>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "vtab/csv/csv_batch.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_tag_table.h"

namespace xtdb {

struct CsvBatchOptions {
  int64_t now_us = 0;               // what the word `now` means in a time
  Quality quality = kQualityGood;   // of a file without a column for it
  bool ends_at_bad_record = false;  // nothing is read behind the first
  // A batch ends at the record of the first number, bad ones not counted, and after each so many
  // more; 0: anywhere.
  uint64_t records_to_boundary = 0;
  uint64_t records_per_boundary = 0;
};

// Reads a file of points, of whatever format, batch by batch.
//
// Ownership: borrows `reader`, of which it takes the bytes, and `tags`.
// Threads:   one at a time; while it reads, it alone uses both.
class PointBatchReader {
 public:
  virtual ~PointBatchReader() = default;
  // Replaces `batch` by what can be had without waiting for more input, or by as many points as are
  // good for a batch; false: it is empty, nothing is left. An error is final, and comes behind the
  // batch of what was read before it.
  Result<bool> Next(CsvBatch& batch);

 protected:
  PointBatchReader(CsvReader& reader, CsvTagTable& tags, const CsvBatchOptions& options);

  CsvReader& reader() { return reader_; }
  const CsvReader& reader() const { return reader_; }
  CsvTagTable& tags() { return tags_; }
  const CsvTagTable& tags() const { return tags_; }
  const CsvBatchOptions& options() const { return options_; }
  // So much belongs into one batch.
  bool IsFull(const CsvBatch& batch) const {
    return batch.IsLarge() ||
           (options_.records_per_boundary != 0 && batch.records().size() == records_to_boundary_);
  }
  // Nothing is read behind what was.
  void End() { ended_ = true; }
  bool ended() const { return ended_; }

 private:
  // Adds records until the batch is full, the file ends, or there would be waiting for more input
  // while the batch has some. An error is final.
  virtual Status Fill(CsvBatch& batch) = 0;

  CsvReader& reader_;
  CsvTagTable& tags_;
  const CsvBatchOptions options_;
  uint32_t tags_told_ = 0;  // how many were among some batch's new_tags
  uint64_t records_to_boundary_ = 0;
  bool ended_ = false;
  Status failure_;  // to be returned behind the last batch
};

}  // namespace xtdb
