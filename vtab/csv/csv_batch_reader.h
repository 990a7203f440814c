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

// Reads a CSV file in batches of points, header skipped, with the results and errors of CsvReader
// and PointParser. These read what is not plain: quotes, lines of other lengths, bad fields. Plain
// lines are cut by an index of all separators and line ends, and their fields are read by words of
// eight bytes.
class CsvBatchReader final : public PointBatchReader {
 public:
  // reader: has the schema's separator
  CsvBatchReader(CsvReader& reader, CsvTagTable& tags, CsvSchema schema,
                 const CsvBatchOptions& options);

 private:
  Status Fill(CsvBatch& batch) override;
  Status FillLines(CsvBatch& batch);
  CsvLineIndex::Line TakePlainLines(CsvBatch& batch);
  bool TakeLongLine(CsvBatch& batch);
  bool TakeWideLine(CsvBatch& batch);
  void AddValue(std::string_view field, CsvBatchPoint point, CsvBatch& batch) const;
  bool ReadQuality(std::string_view field, Quality& quality);
  Status TakeOddRecord(CsvBatch& batch);
  void AddRecord(CsvBatch& batch);

  PointParser parser_;
  const CsvSchema& schema_;  // the parser's
  CsvTimeParser times_;
  CsvLineIndex lines_;
  const bool may_be_plain_;              // the separator has no other meaning
  const char point_;                     // in numbers
  std::vector<uint32_t> tag_of_column_;  // kWide: of schema_.tag_columns
  uint32_t stated_tag_ = 0;              // kLong without a column for it
  bool header_ahead_ = false;
  std::string quality_text_;  // the last one, and what it means
  Quality quality_ = kQualityGood;
  CsvRecord record_;
  std::vector<CsvPoint> record_points_;
};

}  // namespace xtdb
