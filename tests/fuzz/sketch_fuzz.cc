#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vtab/sketch/counter_summary.h"
#include "vtab/sketch/distinct_sketch.h"
#include "vtab/sketch/quantile_sketch.h"
#include "vtab/sketch/sketch_format.h"
#include "vtab/sketch/time_weight.h"

namespace xtdb {
namespace {

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

// What was decoded can be asked and merged, and is written so that it reads back.
template <typename Sketch, typename Decode>
void Check(Result<Sketch> decoded, const Decode& decode) {
  if (!decoded.ok()) return;
  Sketch& sketch = decoded.value();
  const SketchBytes written = sketch.Encode();
  Require(SketchKindOf(written).ok());
  const Result<Sketch> again = decode(SketchPayload(written));
  Require(again.ok() && again.value().Encode() == written);
  const Status merged = sketch.Merge(again.value());
  Require(!merged.ok() || SketchKindOf(sketch.Encode()).ok());
  if constexpr (std::is_same_v<Sketch, QuantileSketch>) {
    if (sketch.count() == 0) return;
    for (const double fraction : {0.0, 0.5, 1.0}) sketch.ValueAt(fraction);
    for (const double value : {-1e300, -1.0, 0.0, 1.0, 1e300}) {
      const double rank = sketch.RankOf(value);
      Require(rank >= 0 && rank <= 1);
    }
    sketch.Add(3);
  }
  if constexpr (std::is_same_v<Sketch, DistinctSketch>) Require(sketch.Estimate() >= 0);
}

}  // namespace
}  // namespace xtdb

// A kind and a payload, to which head and checksum are written.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size < 1) return 0;
  const auto kind = static_cast<SketchKind>(data[0] % 6);
  SketchBytes bytes = BeginSketch(kind);
  for (const uint8_t byte : std::span(data + 1, size - 1)) bytes.push_back(std::byte{byte});
  EndSketch(bytes);
  IgnoreStatus(SketchKindOf(std::as_bytes(std::span(data, size))).status(), "any bytes");
  const Result<SketchKind> found = SketchKindOf(bytes);
  if (!found.ok()) return 0;
  const ByteReader payload = SketchPayload(bytes);
  switch (kind) {
    case SketchKind::kQuantiles:
      Check(QuantileSketch::Decode(payload), QuantileSketch::Decode);
      break;
    case SketchKind::kDistinct:
      Check(DistinctSketch::Decode(payload), DistinctSketch::Decode);
      break;
    case SketchKind::kCounter:
    case SketchKind::kGauge:
      Check(CounterSummary::Decode(kind, payload),
            [kind](ByteReader in) { return CounterSummary::Decode(kind, in); });
      break;
    case SketchKind::kTimeWeight:
      Check(TimeWeight::Decode(payload), TimeWeight::Decode);
      break;
  }
  return 0;
}
