#include "engine/codec/stream_plan.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>

#include "engine/codec/bit_packing.h"
#include "engine/codec/byte_io.h"
#include "engine/codec/codec_kernels.h"

namespace xtdb {
namespace {

// Samples are of a prime number of rows: spread over a full vector they meet no period of its rows
// again and again.

// Where the base of zigzag residuals is looked for.
constexpr size_t kMedianSample = 31;
// How many residuals are looked at before all of them are weighed, and by which share (one in so
// many) and half a bit a way may look worse than the best and yet be weighed.
constexpr size_t kWaySample = 61;
constexpr size_t kWayMargin = 8;
// Where patches save less than one bit in so many of a sample, they are not weighed.
constexpr size_t kPatchGain = 32;
// A common factor below this many bits of residual saves too little to look for it.
constexpr uint8_t kFactorWidthMin = 4;
constexpr size_t kFactorSample = 16;

uint64_t Median(std::span<const uint64_t> values) {
  std::array<int64_t, kMedianSample> sample{};
  const size_t count = std::min(values.size(), kMedianSample);
  for (size_t i = 0; i < count; ++i) {
    sample[i] = static_cast<int64_t>(values[i * values.size() / count]);
  }
  const auto middle = sample.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(sample.begin(), middle, sample.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<uint64_t>(*middle);
}

struct Histogram {
  std::array<uint16_t, 65> of_width{};
  uint8_t widest = 0;
};

Histogram CountWidths(std::span<const uint64_t> residuals) {
  // Four counters for each width: neighbours mostly have the same one, and would wait for each
  // other.
  std::array<std::array<uint16_t, 65>, 4> counts{};
  for (size_t i = 0; i < residuals.size(); ++i) ++counts[i % 4][BitWidth(residuals[i])];
  Histogram histogram;
  for (uint8_t width = 0; width <= 64; ++width) {
    for (const auto& part : counts) {
      histogram.of_width[width] = static_cast<uint16_t>(histogram.of_width[width] + part[width]);
    }
    if (histogram.of_width[width] != 0) histogram.widest = width;
  }
  return histogram;
}

// The greatest width, if patches would save next to nothing, as a sample shows.
std::optional<uint8_t> WidthOfMost(std::span<const uint64_t> residuals) {
  uint64_t all = 0;
  for (const uint64_t residual : residuals) all |= residual;
  const uint8_t widest = BitWidth(all);
  std::array<uint8_t, 65> of_width{};
  const size_t count = std::min(residuals.size(), kWaySample);
  for (size_t i = 0; i < count; ++i) ++of_width[BitWidth(residuals[i * residuals.size() / count])];
  // Each bit less for all is that much more for those that it makes patches.
  size_t patches = 0;
  size_t bits = widest * count;
  const size_t bits_min = bits - bits / kPatchGain;
  for (uint8_t width = widest; width > 0; --width) {
    patches += of_width[width];
    bits = (width - 1) * count + patches * (kPositionBits + 1 + widest - width);
    if (bits < bits_min) return std::nullopt;
  }
  return widest;
}

size_t PatchBytes(uint32_t count, uint8_t width) {
  if (count == 0) return 0;
  return VarintBytes(count) + sizeof(width) + PackedBytes(count, kPositionBits) +
         PackedBytes(count, width);
}

// The largest number that divides all residuals; 1 if that is not quickly seen.
uint64_t CommonFactor(std::span<const uint64_t> residuals) {
  uint64_t factor = 0;
  size_t seen = 0;
  for (size_t i = 0; i < residuals.size() && seen < kFactorSample && factor != 1; ++i) {
    if (residuals[i] == 0) continue;
    factor = std::gcd(factor, residuals[i]);
    ++seen;
  }
  if (factor < 2) return 1;
  for (const uint64_t residual : residuals) {
    if (residual % factor != 0) factor = std::gcd(factor, residual);
    if (factor == 1) return 1;
  }
  return factor;
}

// One way of making residuals.
struct Way {
  StreamKind kind;
  std::span<const uint64_t> from;  // values or steps
  uint64_t base;
  bool zigzag;
  size_t sample_bits;  // that a sample of the residuals takes
};

Way MakeWay(StreamKind kind, std::span<const uint64_t> from, uint64_t base, bool zigzag) {
  Way way{kind, from, base, zigzag, 0};
  const size_t count = std::min(from.size(), kWaySample);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t residual = from[i * from.size() / count] - base;
    way.sample_bits += BitWidth(zigzag ? ZigZag(residual) : residual);
  }
  return way;
}

// The same bits with what the residuals of the sample have in common divided out.
size_t ScaledSampleBits(const Way& way) {
  const size_t count = std::min(way.from.size(), kWaySample);
  const auto residual = [&](size_t i) { return way.from[i * way.from.size() / count] - way.base; };
  uint64_t factor = 0;
  for (size_t i = 0; i < count && factor != 1; ++i) factor = std::gcd(factor, residual(i));
  if (factor < 2) return way.sample_bits;
  size_t bits = 0;
  for (size_t i = 0; i < count; ++i) bits += BitWidth(residual(i) / factor);
  return bits;
}

// Weighs the ways that a sample does not rule out and keeps the cheapest.
class Chooser {
 public:
  Chooser(std::span<const uint64_t> values, ResidualArray& residuals)
      : values_(values), best_residuals_(residuals) {}

  StreamPlan Choose() {
    FindWays();
    const size_t fewest = FewestSampleBits();
    for (const Way& way : ways_) {
      if (way.sample_bits <= fewest + fewest / kWayMargin + kWaySample / 2) Try(way);
    }
    TryFactor();
    return best_;
  }

  size_t Estimate() {
    FindWays();
    size_t fewest = FewestSampleBits();
    for (const Way& way : ways_) {
      if (!way.zigzag) fewest = std::min(fewest, ScaledSampleBits(way));
    }
    return fewest * values_.size() / std::min(values_.size(), kWaySample) / 8;
  }

 private:
  void FindWays() {
    const auto steps = std::span(steps_).first(values_.size() - 1);
    kernels_.differences(values_.data(), values_.size(), steps.data());
    // Outliers below the others make the least value a bad base: hence those about the median.
    ways_ = {MakeWay(StreamKind::kFrame, values_, Least(values_), false),
             MakeWay(StreamKind::kDelta, steps, Least(steps), false),
             MakeWay(StreamKind::kFrame, values_, Median(values_), true),
             MakeWay(StreamKind::kDelta, steps, Median(steps), true)};
  }

  size_t FewestSampleBits() const {
    return std::ranges::min(ways_, {}, [](const Way& way) { return way.sample_bits; }).sample_bits;
  }

  uint64_t Least(std::span<const uint64_t> numbers) const {
    int64_t least = 0, greatest = 0;
    kernels_.signed_range(numbers.data(), numbers.size(), &least, &greatest);
    return static_cast<uint64_t>(least);
  }

  void Try(const Way& way) {
    const auto residuals = std::span(room_).first(way.from.size());
    const auto make = way.zigzag ? kernels_.zigzag : kernels_.subtract;
    make(way.from.data(), way.from.size(), way.base, residuals.data());
    StreamPlan plan;
    plan.kind = way.kind;
    plan.zigzag = way.zigzag;
    plan.base = way.base;
    if (way.kind == StreamKind::kDelta) plan.first = values_[0];
    Weigh(plan, residuals);
  }

  void TryFactor() {
    if (best_.packing.width + best_.packing.patch_width < kFactorWidthMin) return;
    // From the least value on, for zigzag's residuals of multiples are none.
    const auto from = best_.kind == StreamKind::kDelta
                          ? std::span<const uint64_t>(steps_).first(values_.size() - 1)
                          : values_;
    const auto residuals = std::span(room_).first(from.size());
    StreamPlan plan = best_;
    plan.zigzag = false;
    plan.base = Least(from);
    kernels_.subtract(from.data(), from.size(), plan.base, residuals.data());
    plan.factor = CommonFactor(residuals);
    if (plan.factor == 1) return;
    for (uint64_t& residual : residuals) residual /= plan.factor;
    Weigh(plan, residuals);
  }

  void Weigh(StreamPlan& plan, std::span<const uint64_t> residuals) {
    plan.packing = PlanPacking(residuals);
    plan.size_bytes = 1 + VarintBytes(ZigZag(plan.base)) + plan.packing.size_bytes;
    if (plan.kind == StreamKind::kDelta) plan.size_bytes += VarintBytes(ZigZag(plan.first));
    if (plan.factor > 1) plan.size_bytes += VarintBytes(plan.factor);
    if (best_.size_bytes != 0 && plan.size_bytes >= best_.size_bytes) return;
    best_ = plan;
    std::copy(residuals.begin(), residuals.end(), best_residuals_.begin());
  }

  const CodecKernels& kernels_ = Kernels();
  const std::span<const uint64_t> values_;
  ResidualArray& best_residuals_;
  ResidualArray steps_;
  ResidualArray room_;
  std::array<Way, 4> ways_;
  StreamPlan best_;
};

}  // namespace

PackPlan PlanPacking(std::span<const uint64_t> residuals) {
  if (const std::optional<uint8_t> width = WidthOfMost(residuals)) {
    return {*width, 0, 0, sizeof(*width) + PackedBytes(residuals.size(), *width)};
  }
  const Histogram histogram = CountWidths(residuals);
  PackPlan best;
  uint32_t patches = 0;
  for (uint8_t width = histogram.widest;; --width) {
    PackPlan plan{width, static_cast<uint8_t>(patches == 0 ? 0 : histogram.widest - width), patches,
                  0};
    plan.size_bytes = sizeof(width) + PackedBytes(residuals.size(), width) +
                      PatchBytes(patches, plan.patch_width);
    if (best.size_bytes == 0 || plan.size_bytes < best.size_bytes) best = plan;
    if (width == 0) return best;
    patches += histogram.of_width[width];
  }
}

StreamPlan PlanStream(std::span<const uint64_t> values, ResidualArray& residuals) {
  assert(values.size() >= 2 && values.size() <= kVectorPointsMax);
  return Chooser(values, residuals).Choose();
}

size_t EstimateStreamBytes(std::span<const uint64_t> values) {
  assert(values.size() >= 2 && values.size() <= kVectorPointsMax);
  ResidualArray unused;
  return Chooser(values, unused).Estimate();
}

}  // namespace xtdb
