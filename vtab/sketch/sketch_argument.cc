#include "vtab/sketch/sketch_argument.h"

#include <span>
#include <string>
#include <type_traits>

#include "vtab/sqlite_glue.h"

namespace xtdb {

Result<AnySketch> SketchOf(sqlite3_value* value) {
  if (sqlite3_value_type(value) != SQLITE_BLOB) {
    return Status::InvalidArgument("not a sketch: " + ShowValue(value) +
                                   "; percentile_agg(x), counter_agg(ts, x), time_weight('LOCF', "
                                   "ts, x) and hyperloglog(n, x) make sketches");
  }
  return ParseSketch(BlobOf(value));
}

Result<AnySketch> ParseSketch(std::string_view blob) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(blob));
  XTDB_ASSIGN_OR_RETURN(const SketchKind kind, SketchKindOf(bytes));
  const ByteReader payload = SketchPayload(bytes);
  // A Result converts to a Result of more only by hand.
  const auto widen = [](auto result) -> Result<AnySketch> {
    if (!result.ok()) return result.status();
    return AnySketch(std::move(result).value());
  };
  switch (kind) {
    case SketchKind::kQuantiles:
      return widen(QuantileSketch::Decode(payload));
    case SketchKind::kDistinct:
      return widen(DistinctSketch::Decode(payload));
    case SketchKind::kCounter:
    case SketchKind::kGauge:
      return widen(CounterSummary::Decode(kind, payload));
    case SketchKind::kTimeWeight:
      return widen(TimeWeight::Decode(payload));
  }
  return Status::Unsupported("a sketch of an unknown kind");
}

SketchKind KindOf(const AnySketch& sketch) {
  return std::visit(
      [](const auto& held) {
        using Sketch = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Sketch, CounterSummary>) {
          return held.kind();
        } else {
          return Sketch::kKind;
        }
      },
      sketch);
}

SketchBytes Encode(const AnySketch& sketch) {
  return std::visit([](const auto& held) { return held.Encode(); }, sketch);
}

void SetSketch(sqlite3_context* context, const SketchBytes& bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

}  // namespace xtdb
