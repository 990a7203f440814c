#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "vtab/csv/csv_batch.h"
#include "vtab/csv/csv_line_index.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_schema.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/csv_time_parser.h"
#include "vtab/csv/point_batch_reader.h"
#include "vtab/csv/point_parser.h"

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

// Reads a CSV file in batches of points, header skipped, with the results and errors of CsvReader
// and PointParser. These read what is not plain: quotes, lines of other lengths, bad fields. Plain
// lines are cut by an index of all separators and line ends, and their fields are read by words of
// eight bytes.
//
// Ownership: borrows `reader`, which has the schema's separator, and `tags`.
// Threads:   one at a time; while it reads, it alone uses both.
class CsvBatchReader final : public PointBatchReader {
 public:
  CsvBatchReader(CsvReader& reader, CsvTagTable& tags, CsvSchema schema,
                 const CsvBatchOptions& options);

  Result<bool> Next(CsvBatch& batch) override;

 private:
  Status Fill(CsvBatch& batch);
  bool IsFull(const CsvBatch& batch) const;
  CsvLineIndex::Line TakePlainLines(CsvBatch& batch);
  bool TakeLongLine(CsvBatch& batch);
  bool TakeWideLine(CsvBatch& batch);
  void AddValue(std::string_view field, CsvBatchPoint point, CsvBatch& batch) const;
  bool ReadQuality(std::string_view field, Quality& quality);
  Status TakeOddRecord(CsvBatch& batch);
  void AddRecord(CsvBatch& batch);

  CsvReader& reader_;
  CsvTagTable& tags_;
  const CsvBatchOptions options_;
  PointParser parser_;
  const CsvSchema& schema_;  // the parser's
  CsvTimeParser times_;
  CsvLineIndex lines_;
  const bool may_be_plain_;              // the separator has no other meaning
  const char point_;                     // in numbers
  std::vector<uint32_t> tag_of_column_;  // kWide: of schema_.tag_columns
  uint32_t stated_tag_ = 0;              // kLong without a column for it
  uint32_t tags_told_ = 0;               // how many were among some batch's new_tags
  bool header_ahead_ = false;
  bool ended_ = false;
  Status failure_;             // to be returned behind the last batch
  uint64_t records_left_ = 0;  // to the next boundary
  std::string quality_text_;   // the last one, and what it means
  Quality quality_ = kQualityGood;
  CsvRecord record_;
  std::vector<CsvPoint> record_points_;
};

}  // namespace xtdb
