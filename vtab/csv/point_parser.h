#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_schema.h"

namespace xtdb {

// 0 .. 255, good, uncertain, bad, or empty for good. kInvalidArgument: anything else.
Result<Quality> ParseCsvQuality(std::string_view field);

// A point of a CSV file. `type` is what its text looks like: kInt64, kFloat64, kText, or kNone for
// NULL. point.text is the field as it stands, whatever the type: a text tag takes "007" as it is.
struct CsvPoint {
  std::string_view tag;
  ValueType type = ValueType::kNone;
  Point point;
};

// Turns records into points.
//   time:    in the schema's format; empty is an error
//   value:   digits are an integer, a number with a point or an exponent a real, and so are NaN,
//   Inf
//            and Infinity; everything else is text. Empty is NULL in the long layout and no point
//            in the wide one; "" is a text. NULL without quotes is NULL, but for a text tag.
//   quality: 0 .. 255, good, uncertain, bad, or empty for good
// Threads: none of its own.
class PointParser {
 public:
  // now_us: what the word `now` means in a time.
  PointParser(CsvSchema schema, int64_t now_us);

  // Replaces `points` by those of `record`, valid as long as the record and the next call.
  // kInvalidArgument, `line 7: ...`: the record has no points then.
  Status Parse(const CsvRecord& record, std::vector<CsvPoint>& points);

  // Sets type, bits, flags and text of `point` from the field of a value.
  void ParseValue(std::string_view field, bool quoted, CsvPoint& point) const;

  const CsvSchema& schema() const { return schema_; }

 private:
  Status ParseFields(const CsvRecord& record, std::vector<CsvPoint>& points);

  const CsvSchema schema_;
  const int64_t now_us_;
};

}  // namespace xtdb
