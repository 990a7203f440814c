#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "vtab/csv/csv_time.h"

namespace xtdb {

enum class CsvLayout : uint8_t {
  kLong,  // a line is one point: tag, time, value, quality; without a tag column all are of one tag
  kWide,  // a line is one time, every other column a tag
};

// What the user states; everything left out is detected.
struct CsvOptions {
  std::optional<char> separator;
  std::optional<bool> header;
  std::optional<CsvLayout> layout;
  std::optional<CsvTimeFormat> time_format;
  std::optional<bool> decimal_comma;
  // Columns by their name in the header or their number from 1; empty: by common names.
  std::string time_column;
  std::string tag_column;
  std::string value_column;
  std::string quality_column;
  std::shared_ptr<const TimeZone> time_zone;  // of times that name none; null: UTC
  std::string tag;  // the tag of a file that has only time and value, such as the file's name
};

struct CsvTagColumn {
  size_t column;
  std::string tag;

  friend bool operator==(const CsvTagColumn&, const CsvTagColumn&) = default;
};

struct CsvSchema {
  char separator = ',';
  bool header = false;
  bool decimal_comma = false;
  CsvLayout layout = CsvLayout::kLong;
  CsvTimeFormat time_format = CsvTimeFormat::kIso;
  std::shared_ptr<const TimeZone> time_zone;
  size_t column_count = 0;
  size_t time_column = 0;
  std::optional<size_t> tag_column;  // kLong: this or `tag`
  std::string tag;
  size_t value_column = 0;  // kLong
  std::optional<size_t> quality_column;
  std::vector<CsvTagColumn> tag_columns;  // kWide, at least one
};

// Tells what a file is from its beginning.
//   sample: the first bytes, without a byte order mark
//   whole:  they are all; else the last line may be cut and is not looked at
// kInvalidArgument says what cannot be told, and which option settles it.
Result<CsvSchema> DetectCsvSchema(std::string_view sample, bool whole, const CsvOptions& options);

// `long, ',', header, time 1 (iso), tag 2, value 3`: for a line on the screen.
std::string DescribeCsvSchema(const CsvSchema& schema);

}  // namespace xtdb
