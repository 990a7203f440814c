#include "engine/codec/float_codec.h"

#include <array>
#include <cmath>
#include <optional>

#include "engine/codec/byte_io.h"
#include "engine/codec/packed_integers.h"

namespace xtdb {
namespace {

constexpr uint8_t kExponentMax = 14;
constexpr double kPowersOfTen[kExponentMax + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
// Up to here every integer is a double, so (double)i / 10^e is one correctly rounded division. That
// makes a value that has an integer for e have one for e + 1 too, as long as it stays below this.
constexpr int64_t kIntegerMax = int64_t{1} << 53;

template <ValueType type>
double ToDouble(ValueBits bits) {
  if constexpr (type == ValueType::kFloat32) return static_cast<double>(AsFloat(bits));
  return AsDouble(bits);
}

template <ValueType type>
ValueBits FromDecimal(int64_t integer, double scale) {
  const double quotient = static_cast<double>(integer) / scale;
  if constexpr (type == ValueType::kFloat32) return FromFloat(static_cast<float>(quotient));
  return FromDouble(quotient);
}

// The integer that gives `bits` at this scale, if there is one.
template <ValueType type>
std::optional<int64_t> DecimalInteger(ValueBits bits, double scale) {
  const double scaled = ToDouble<type>(bits) * scale;
  const double magnitude = std::fabs(scaled);
  if (!(magnitude <= static_cast<double>(kIntegerMax))) return std::nullopt;  // NaN too
  // From 2^52 on doubles are integers, and adding a half would round.
  const double half = magnitude < 0x1p52 ? std::copysign(0.5, scaled) : 0.0;
  const auto integer = static_cast<int64_t>(scaled + half);
  if (FromDecimal<type>(integer, scale) != bits) return std::nullopt;
  return integer;
}

// Fills `integers` and returns the least exponent that suits all of `bits`.
template <ValueType type>
std::optional<uint8_t> FindDecimal(std::span<const ValueBits> bits, std::span<uint64_t> integers) {
  uint8_t exponent = 0;
  size_t first_at_exponent = 0;  // rows before it were only tried at lower ones
  for (size_t i = 0; i < bits.size(); ++i) {
    std::optional<int64_t> integer;
    while (!(integer = DecimalInteger<type>(bits[i], kPowersOfTen[exponent]))) {
      if (++exponent > kExponentMax) return std::nullopt;
      first_at_exponent = i;
    }
    integers[i] = static_cast<uint64_t>(*integer);
  }
  for (size_t i = 0; i < first_at_exponent; ++i) {
    const auto integer = DecimalInteger<type>(bits[i], kPowersOfTen[exponent]);
    if (!integer) return std::nullopt;
    integers[i] = static_cast<uint64_t>(*integer);
  }
  return exponent;
}

template <ValueType type>
void DivideAll(std::span<ValueBits> values, double scale) {
  for (ValueBits& value : values) value = FromDecimal<type>(AsInt64(value), scale);
}

}  // namespace

bool TryEncodeDecimal(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (!IsFloat(rows.type)) return false;
  std::array<uint64_t, kVectorPointsMax> storage;
  const std::span<uint64_t> integers = std::span(storage).first(rows.bits.size());
  const std::optional<uint8_t> exponent =
      rows.type == ValueType::kFloat64 ? FindDecimal<ValueType::kFloat64>(rows.bits, integers)
                                       : FindDecimal<ValueType::kFloat32>(rows.bits, integers);
  if (!exponent) return false;
  const PackPlan plan = PlanPacked(integers);
  if (sizeof(*exponent) + plan.size_bytes >= size_max) return false;
  PutValue(*exponent, out);
  EmitPacked(plan, integers, out);
  return true;
}

Status DecodeDecimal(std::span<const std::byte> in, const DecodedValues& values) {
  if (!IsFloat(values.type)) return Status::Corruption("decimals of a type that is no float");
  ByteReader reader(in);
  uint8_t exponent = 0;
  if (!reader.Read(exponent) || exponent > kExponentMax) {
    return Status::Corruption("decimals: exponent");
  }
  XTDB_RETURN_IF_ERROR(DecodePacked(reader.rest(), values.bits));
  constexpr auto kOffset = static_cast<uint64_t>(kIntegerMax);
  bool in_range = true;
  for (const ValueBits value : values.bits) in_range &= value + kOffset <= 2 * kOffset;
  if (!in_range) return Status::Corruption("decimals: integer beyond 2^53");
  if (values.type == ValueType::kFloat64) {
    DivideAll<ValueType::kFloat64>(values.bits, kPowersOfTen[exponent]);
  } else {
    DivideAll<ValueType::kFloat32>(values.bits, kPowersOfTen[exponent]);
  }
  return Status();
}

}  // namespace xtdb
