#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/csv_checks.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_schema.h"

// Any bytes are read to their end: every record is points of the range, or an error of bounded
// size, and no more records come out than there are lines. Read by batches they say the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CsvReader reader(CsvFromText(text), ',', 16);
  const Result<CsvReader::Beginning> beginning = reader.Peek();
  if (!beginning.ok()) return 0;
  const Result<CsvSchema> schema =
      DetectCsvSchema(beginning.value().text, beginning.value().whole, CsvOptions());
  if (!schema.ok()) {
    if (schema.status().message().size() > 1024) __builtin_trap();
    return 0;
  }
  if (DescribeCsvSchema(schema.value()).empty()) __builtin_trap();
  reader.set_separator(schema.value().separator);
  const CsvOutcome by_record = ReadByRecord(reader, schema.value());
  CheckOutcome(by_record, text);
  CsvReader again(CsvFromText(text), schema.value().separator, 16);
  if (!(ReadByBatch(again, schema.value()) == by_record)) __builtin_trap();
  return 0;
}
