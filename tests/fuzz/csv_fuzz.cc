#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/types.h"
#include "shell/csv/csv_reader.h"
#include "shell/csv/csv_schema.h"
#include "shell/csv/point_parser.h"

// Any bytes are read to their end: every record is points of the range, or an error of bounded
// size, and no more records come out than there are lines.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CsvReader reader(CsvFromText(text), ',', 16, 4096);
  const Result<CsvReader::Beginning> beginning = reader.Peek();
  if (!beginning.ok()) return 0;
  Result<CsvSchema> schema =
      DetectCsvSchema(beginning.value().text, beginning.value().whole, CsvOptions());
  if (!schema.ok()) {
    if (schema.status().message().size() > 1024) __builtin_trap();
    return 0;
  }
  if (DescribeCsvSchema(schema.value()).empty()) __builtin_trap();
  reader.set_separator(schema.value().separator);
  PointParser parser(std::move(schema).value(), 0);
  const Result<CsvCounts> counts = ReadCsvPoints(
      reader, parser,
      [](std::span<const CsvPoint> points) {
        for (const CsvPoint& point : points) {
          if (point.tag.empty()) __builtin_trap();
          if (point.point.ts_us < kTsMin || point.point.ts_us > kTsMax) __builtin_trap();
        }
        return Status();
      },
      [](const Status& reason) {
        if (reason.message().size() > 1024) __builtin_trap();
        return Status();
      });
  const auto lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (counts.ok() && counts.value().records > lines) __builtin_trap();
  return 0;
}
