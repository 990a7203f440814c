#include "engine/codec/decimal_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "engine/codec/bit_packing.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/row_exceptions.h"
#include "engine/codec/stream_plan.h"

namespace xtdb {
namespace {

constexpr uint8_t kExponentMax = 15;
constexpr double kPowersOfTen[kExponentMax + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr uint8_t kHasUlps = 16;
constexpr uint8_t kHasExceptions = 32;
constexpr uint8_t kExponentMask = 15;

constexpr size_t kSampleRows = 47;  // prime, as in stream_plan.cc
// A decimal digit more in the integers has to save so many bits of the units beside them.
constexpr double kBitsPerDigit = 3.33;
// A row beyond 2^51 is stored apart; more digits bring more of these.
constexpr size_t kExceptionBits = 64 + kPositionBits;
// A sample whose units take more bits than this is of no decimals: a double has 53.
constexpr double kUlpBitsMax = 40;
// How far beyond the sample's exponent the rest may have more digits.
constexpr int kFurtherDigits = 2;

struct Parts {
  ResidualArray integers;
  ResidualArray ulps;
  uint64_t any_ulps = 0;  // the or of all
  size_t outside = 0;     // rows that are NaN, infinite or too large; both their parts are 0
};

uint32_t OrderKey32(uint32_t bits) { return bits ^ ((0 - (bits >> 31)) >> 1); }

float Quotient32(uint64_t integer, double scale) {
  return static_cast<float>(static_cast<double>(static_cast<int64_t>(integer)) / scale);
}

void SplitFloats(std::span<const ValueBits> bits, double scale, Parts& parts) {
  parts.any_ulps = 0;
  parts.outside = 0;
  for (size_t i = 0; i < bits.size(); ++i) {
    const double scaled = static_cast<double>(AsFloat(bits[i])) * scale;
    parts.integers[i] = parts.ulps[i] = 0;
    if (!(std::fabs(scaled) < static_cast<double>(kDecimalMax))) {
      ++parts.outside;
      continue;
    }
    parts.integers[i] = static_cast<uint64_t>(std::llrint(scaled));
    const ValueBits quotient = FromFloat(Quotient32(parts.integers[i], scale));
    parts.ulps[i] = static_cast<uint64_t>(
        static_cast<int64_t>(static_cast<int32_t>(OrderKey32(static_cast<uint32_t>(bits[i])))) -
        static_cast<int32_t>(OrderKey32(static_cast<uint32_t>(quotient))));
    parts.any_ulps |= parts.ulps[i];
  }
}

void Split(ValueType type, std::span<const ValueBits> bits, double scale, Parts& parts) {
  if (type == ValueType::kFloat32) return SplitFloats(bits, scale, parts);
  parts.any_ulps = Kernels().split_decimals(bits.data(), bits.size(), scale, parts.integers.data(),
                                            parts.ulps.data(), &parts.outside);
}

// The exponent at which the rows of a sample take the fewest bits; none if they are no decimals.
std::optional<uint8_t> ChooseExponent(const ValueRows& rows, Parts& parts) {
  std::array<ValueBits, kSampleRows> room;
  const size_t count = std::min(rows.bits.size(), kSampleRows);
  for (size_t i = 0; i < count; ++i) room[i] = rows.bits[i * rows.bits.size() / count];
  const auto sample = std::span(room).first(count);
  std::optional<uint8_t> best;
  double best_bits = 0;
  for (uint8_t exponent = 0; exponent <= kExponentMax; ++exponent) {
    Split(rows.type, sample, kPowersOfTen[exponent], parts);
    if (parts.outside * 2 > count) break;
    size_t bits = parts.outside * kExceptionBits;
    for (size_t i = 0; i < count; ++i) bits += BitWidth(ZigZag(parts.ulps[i]));
    const double mean_bits = static_cast<double>(bits) / static_cast<double>(count);
    const double cost = mean_bits + kBitsPerDigit * exponent;
    if (mean_bits <= kUlpBitsMax && (!best || cost < best_bits)) {
      best = exponent;
      best_bits = cost;
    }
    if (parts.any_ulps == 0) break;
  }
  return best;
}

// Rows outside take the integer before them, so that they cost no more than a repetition.
size_t FillOutside(const ValueRows& rows, double scale, Parts& parts,
                   std::span<uint16_t> exceptions) {
  size_t count = 0;
  const auto max = static_cast<double>(kDecimalMax);
  for (size_t i = 0; i < rows.bits.size(); ++i) {
    const double value = rows.type == ValueType::kFloat32
                             ? static_cast<double>(AsFloat(rows.bits[i]))
                             : AsDouble(rows.bits[i]);
    if (std::fabs(value * scale) < max) continue;
    if (i > 0) parts.integers[i] = parts.integers[i - 1];
    exceptions[count++] = static_cast<uint16_t>(i);
  }
  return count;
}

bool TryAppendAt(const ValueRows& rows, uint8_t exponent, size_t size_max, Parts& parts,
                 std::vector<std::byte>& out) {
  const double scale = kPowersOfTen[exponent];
  const size_t count = rows.bits.size();
  Split(rows.type, rows.bits, scale, parts);
  if (parts.outside * kRowsPerExceptionMin > count) return false;
  std::array<uint16_t, kVectorPointsMax> exceptions;
  const size_t exception_count =
      parts.outside == 0 ? 0 : FillOutside(rows, scale, parts, exceptions);
  const size_t start = out.size();
  PutValue(static_cast<uint8_t>(exponent | (parts.any_ulps != 0 ? kHasUlps : 0) |
                                (exception_count != 0 ? kHasExceptions : 0)),
           out);
  AppendStream(std::span(parts.integers).first(count), rows.compress, out);
  if (parts.any_ulps != 0) {
    AppendStream(std::span(parts.ulps).first(count), rows.compress, out);
  }
  if (exception_count != 0) {
    AppendExceptions(rows, std::span(exceptions).first(exception_count), out);
  }
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

void JoinFloats(std::span<ValueBits> values, double scale, std::span<const uint64_t> ulps) {
  for (size_t i = 0; i < values.size(); ++i) {
    const auto key = OrderKey32(static_cast<uint32_t>(FromFloat(Quotient32(values[i], scale))));
    const auto moved = key + static_cast<uint32_t>(ulps.empty() ? 0 : ulps[i]);
    values[i] = OrderKey32(moved);
  }
}

}  // namespace

bool TryAppendDecimal(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (!IsFloat(rows.type)) return false;
  Parts parts;
  const std::optional<uint8_t> exponent = ChooseExponent(rows, parts);
  if (!exponent) return false;
  const size_t start = out.size();
  if (!TryAppendAt(rows, *exponent, size_max, parts, out)) return false;
  // What the sample has not shown: a few rows of more digits.
  const auto ulps = std::span(parts.ulps).first(rows.bits.size());
  const bool has_few = parts.any_ulps != 0 &&
                       std::ranges::count_if(ulps, [](uint64_t one) { return one != 0; }) <
                           static_cast<std::ptrdiff_t>(rows.bits.size() / kRowsPerExceptionMin);
  for (int further = 1; has_few && further <= kFurtherDigits; ++further) {
    const int next = *exponent + further;
    if (next > kExponentMax) break;
    const size_t end = out.size();
    if (!TryAppendAt(rows, static_cast<uint8_t>(next), end - start, parts, out)) continue;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(start),
              out.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return true;
}

Status ReadDecimal(ByteReader& reader, const DecodedValues& values) {
  if (!IsFloat(values.type)) return Status::Corruption("decimals of a type that is no float");
  uint8_t head = 0;
  if (!reader.Read(head) || (head & ~(kExponentMask | kHasUlps | kHasExceptions)) != 0) {
    return Status::Corruption("decimals: head");
  }
  const std::span<ValueBits> bits = values.bits;
  XTDB_RETURN_IF_ERROR(ReadStream(reader, bits));
  if (!Kernels().are_decimals(bits.data(), bits.size())) {
    return Status::Corruption("decimals: integer beyond 2^51");
  }
  ResidualArray room;
  std::span<uint64_t> ulps;
  if ((head & kHasUlps) != 0) {
    ulps = std::span(room).first(bits.size());
    XTDB_RETURN_IF_ERROR(ReadStream(reader, ulps));
  }
  const double scale = kPowersOfTen[head & kExponentMask];
  if (values.type == ValueType::kFloat32) {
    JoinFloats(bits, scale, ulps);
  } else {
    Kernels().quotients(bits.data(), bits.size(), scale);
    if (!ulps.empty()) Kernels().add_ulps(bits.data(), bits.size(), ulps.data());
  }
  return (head & kHasExceptions) != 0 ? ReadExceptions(reader, values) : Status();
}

}  // namespace xtdb
