#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/csv_checks.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/lines/line_batch_reader.h"

namespace {

xtdb::CsvOutcome Read(std::string_view text, size_t buffer_bytes) {
  using namespace xtdb;
  CsvReader reader(CsvFromText(text), ',', buffer_bytes);
  const Result<CsvReader::Beginning> beginning = reader.Peek();
  if (!beginning.ok()) return {};
  CsvTagTable tags;
  const LineOptions options{DetectLineUnit(beginning.value().text), "quality"};
  LineBatchReader batches(reader, tags, options, {});
  return ReadAllBatches(batches, tags);
}

}  // namespace

// Any bytes are read to their end as line protocol: every line is points of the range, a comment,
// or an error of bounded size; whatever pieces the bytes come in.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const CsvOutcome outcome = Read(text, 16);
  CheckOutcome(outcome, text);
  if (!(Read(text, 1 << 16) == outcome)) __builtin_trap();
  return 0;
}
