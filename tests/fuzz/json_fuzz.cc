#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/types.h"
#include "tests/vtab/csv_outcome.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/json/json_batch_reader.h"

namespace {

xtdb::CsvOutcome Read(std::string_view text, size_t buffer_bytes) {
  using namespace xtdb;
  CsvReader reader(CsvFromText(text), ',', buffer_bytes);
  CsvOutcome outcome;
  const Result<CsvReader::Beginning> beginning = reader.Peek();
  if (!beginning.ok()) return outcome;
  CsvTagTable tags;
  JsonOptions options;
  options.times = DetectJsonTimeFormats(beginning.value().text, options.columns);
  JsonBatchReader batches(reader, tags, options, {});
  CsvBatch batch;
  for (;;) {
    const Result<bool> more = batches.Next(batch);
    if (!more.ok()) outcome.failure = more.status().message();
    if (!more.ok() || !more.value()) return outcome;
    AddBatch(batch, tags, outcome);
  }
}

}  // namespace

// Any bytes are read to their end as JSON lines: every line is points of the range, what a tag is,
// or an error of bounded size; whatever pieces the bytes come in.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const CsvOutcome outcome = Read(text, 16);
  const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  if (outcome.records.size() > lines || outcome.failure.size() > 1024) __builtin_trap();
  for (const CsvOutcomeRecord& record : outcome.records) {
    if (record.bad.size() > 1024) __builtin_trap();
    if (record.bad.empty() && record.points.empty()) __builtin_trap();
    for (const CsvOutcomePoint& point : record.points) {
      if (point.tag.empty()) __builtin_trap();
      if (point.ts_us < kTsMin || point.ts_us > kTsMax) __builtin_trap();
    }
  }
  if (!(Read(text, 1 << 16) == outcome)) __builtin_trap();
  return 0;
}
