#include "engine/codec/real_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "engine/codec/bit_packing.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/row_exceptions.h"
#include "engine/codec/stream_plan.h"

namespace xtdb {
namespace {

// Whoever has found decimals this small (bytes a row) need not look for real numbers.
constexpr size_t kRealRowBytesMin = 2;

bool IsHopeless(const ValueRows& rows, size_t size_max) {
  return !IsFloat(rows.type) || size_max <= rows.bits.size() * kRealRowBytesMin;
}

bool KeepIfSmaller(size_t start, size_t size_max, std::vector<std::byte>& out) {
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

// ---- kBinary

constexpr int kBinaryExponentMin = -1074;  // of the least double
constexpr int kBinaryExponentMax = 1023;
constexpr int kBinaryWidthMax = 62;
constexpr uint8_t kBinaryExceptions = 1;

// A finite double as mantissa * 2^unit; 0 * 2^0 for +0.0.
struct BinaryParts {
  uint64_t mantissa;
  int unit;
  bool is_exception;  // NaN, infinity, -0.0
};

BinaryParts PartsOf(uint64_t bits) {
  const auto biased = static_cast<int>(bits >> 52 & 0x7FF);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  return {biased == 0 ? fraction : fraction | uint64_t{1} << 52, std::max(biased, 1) - 1075,
          biased == 0x7FF || bits == uint64_t{1} << 63};
}

uint64_t AsDoubleBits(ValueType type, ValueBits bits) {
  return type == ValueType::kFloat32 ? FromDouble(static_cast<double>(AsFloat(bits))) : bits;
}

// The finest unit of all values; none if no integers of 62 bits hold them at that.
std::optional<int> FindUnit(const ValueRows& rows) {
  int least = kBinaryExponentMax;
  int top = kBinaryExponentMin;
  size_t exceptions = 0;
  for (const ValueBits bits : rows.bits) {
    const BinaryParts parts = PartsOf(AsDoubleBits(rows.type, bits));
    if (parts.is_exception) {
      if (++exceptions * kRowsPerExceptionMin > rows.bits.size()) return std::nullopt;
    } else if (parts.mantissa != 0) {
      least = std::min(least, parts.unit + std::countr_zero(parts.mantissa));
      top = std::max(top, parts.unit + BitWidth(parts.mantissa));
      if (top - least > kBinaryWidthMax) return std::nullopt;
    }
  }
  if (least > top) return std::nullopt;  // nothing but zeros and exceptions
  return least;
}

// Exact: what is shifted out is zero.
uint64_t AtUnit(uint64_t bits, const BinaryParts& parts, int unit) {
  const uint64_t magnitude = parts.mantissa == 0  ? 0
                             : parts.unit >= unit ? parts.mantissa << (parts.unit - unit)
                                                  : parts.mantissa >> (unit - parts.unit);
  return bits >> 63 != 0 ? 0 - magnitude : magnitude;
}

void MakeFloats(ValueType type, std::span<ValueBits> values, int exponent) {
  const double unit = std::ldexp(1.0, exponent);
  for (ValueBits& value : values) {
    const double product = static_cast<double>(AsInt64(value)) * unit;
    value =
        type == ValueType::kFloat32 ? FromFloat(static_cast<float>(product)) : FromDouble(product);
  }
}

}  // namespace

bool TryAppendBinary(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (IsHopeless(rows, size_max)) return false;
  const std::optional<int> unit = FindUnit(rows);
  if (!unit) return false;
  ResidualArray integers;
  std::array<uint16_t, kVectorPointsMax> exceptions;
  size_t exception_count = 0;
  for (size_t row = 0; row < rows.bits.size(); ++row) {
    const uint64_t bits = AsDoubleBits(rows.type, rows.bits[row]);
    const BinaryParts parts = PartsOf(bits);
    if (parts.is_exception) {
      integers[row] = row == 0 ? 0 : integers[row - 1];
      exceptions[exception_count++] = static_cast<uint16_t>(row);
    } else {
      integers[row] = AtUnit(bits, parts, *unit);
    }
  }
  const auto stream = std::span(integers).first(rows.bits.size());
  if (rows.bits.size() >= 2) {
    const size_t packed_bytes = EstimateStreamBytes(stream);
    // zstd, where it is taken, saves a third or more.
    const size_t bytes = rows.compress ? packed_bytes - packed_bytes / 3 : packed_bytes;
    if (bytes >= size_max) return false;
  }
  const size_t start = out.size();
  PutValue(exception_count == 0 ? uint8_t{0} : kBinaryExceptions, out);
  PutVarint(ZigZag(static_cast<uint64_t>(int64_t{*unit})), out);
  AppendStream(stream, rows.compress, out);
  if (exception_count != 0) {
    AppendExceptions(rows, std::span(exceptions).first(exception_count), out);
  }
  return KeepIfSmaller(start, size_max, out);
}

Status ReadBinary(ByteReader& reader, const DecodedValues& values) {
  if (!IsFloat(values.type)) return Status::Corruption("binary fractions of another type");
  uint8_t head = 0;
  uint64_t zigzag = 0;
  if (!reader.Read(head) || head > kBinaryExceptions || !reader.ReadVarint(zigzag)) {
    return Status::Corruption("binary fractions: head");
  }
  const auto exponent = static_cast<int64_t>(UnZigZag(zigzag));
  if (exponent < kBinaryExponentMin || exponent > kBinaryExponentMax) {
    return Status::Corruption("binary fractions: exponent");
  }
  XTDB_RETURN_IF_ERROR(ReadStream(reader, values.bits));
  MakeFloats(values.type, values.bits, static_cast<int>(exponent));
  return head == kBinaryExceptions ? ReadExceptions(reader, values) : Status();
}

namespace {

// ---- kSplit

struct FloatShape {
  unsigned left_bits;  // sign and exponent
  unsigned right_bits;
};
constexpr FloatShape ShapeOf(ValueType type) {
  return type == ValueType::kFloat32 ? FloatShape{9, 23} : FloatShape{12, 52};
}
constexpr size_t kLeftsMax = 64;

// The distinct left parts, numbered in their order.
class Lefts {
 public:
  void Add(uint64_t left) { present_[left / 64] |= uint64_t{1} << (left % 64); }
  // Numbers them; returns how many there are.
  size_t Number() {
    size_t count = 0;
    for (size_t word = 0; word < present_.size(); ++word) {
      before_[word] = static_cast<uint16_t>(count);
      count += static_cast<size_t>(std::popcount(present_[word]));
    }
    return count;
  }
  uint64_t CodeOf(uint64_t left) const {
    const uint64_t below = present_[left / 64] & ((uint64_t{1} << (left % 64)) - 1);
    return before_[left / 64] + static_cast<uint64_t>(std::popcount(below));
  }
  void Append(std::vector<std::byte>& out) const {
    for (size_t word = 0; word < present_.size(); ++word) {
      for (uint64_t rest = present_[word]; rest != 0; rest &= rest - 1) {
        PutValue(static_cast<uint16_t>(word * 64 + static_cast<size_t>(std::countr_zero(rest))),
                 out);
      }
    }
  }

 private:
  std::array<uint64_t, 64> present_{};  // a bit for each of 12 bits of left part
  std::array<uint16_t, 64> before_{};
};

}  // namespace

bool TryAppendSplit(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (IsHopeless(rows, size_max)) return false;
  const FloatShape shape = ShapeOf(rows.type);
  const uint64_t right_mask = (uint64_t{1} << shape.right_bits) - 1;
  Lefts lefts;
  uint64_t rights = 0;
  for (const ValueBits bits : rows.bits) {
    lefts.Add(bits >> shape.right_bits);
    rights |= bits & right_mask;
  }
  const size_t left_count = lefts.Number();
  const auto zeros = static_cast<uint8_t>(
      rights == 0 ? shape.right_bits : static_cast<unsigned>(std::countr_zero(rights)));
  const auto width = static_cast<uint8_t>(shape.right_bits - zeros);
  if (left_count > kLeftsMax || PackedBytes(rows.bits.size(), width) >= size_max) return false;
  ResidualArray codes, packed;
  for (size_t row = 0; row < rows.bits.size(); ++row) {
    codes[row] = lefts.CodeOf(rows.bits[row] >> shape.right_bits);
    packed[row] = (rows.bits[row] & right_mask) >> zeros;
  }
  const size_t start = out.size();
  PutValue(zeros, out);
  PutValue(static_cast<uint8_t>(left_count), out);
  lefts.Append(out);
  AppendStream(std::span(codes).first(rows.bits.size()), rows.compress, out);
  PackBits(std::span(packed).first(rows.bits.size()), width, out);
  return KeepIfSmaller(start, size_max, out);
}

Status ReadSplit(ByteReader& reader, const DecodedValues& values) {
  if (!IsFloat(values.type)) return Status::Corruption("split values of another type");
  const FloatShape shape = ShapeOf(values.type);
  uint8_t zeros = 0, left_count = 0;
  std::span<const std::byte> lefts, rights;
  if (!reader.Read(zeros) || zeros > shape.right_bits || !reader.Read(left_count) ||
      left_count == 0 || !reader.Take(left_count * sizeof(uint16_t), lefts)) {
    return Status::Corruption("split values: head");
  }
  ResidualArray codes;
  const auto row_codes = std::span(codes).first(values.bits.size());
  XTDB_RETURN_IF_ERROR(ReadStream(reader, row_codes));
  const auto width = static_cast<uint8_t>(shape.right_bits - zeros);
  if (!reader.Take(PackedBytes(values.bits.size(), width), rights) ||
      !PackedPaddingIsZero(rights, values.bits.size(), width)) {
    return Status::Corruption("split values: size or padding");
  }
  std::array<uint64_t, 256> left_of{};
  for (size_t i = 0; i < left_count; ++i) {
    left_of[i] = GetValue<uint16_t>(lefts.data() + i * sizeof(uint16_t));
    if (left_of[i] >> shape.left_bits != 0) return Status::Corruption("split values: left part");
  }
  UnpackBits(rights, width, values.bits);
  uint64_t greatest = 0;
  for (size_t row = 0; row < row_codes.size(); ++row) {
    greatest = std::max(greatest, row_codes[row]);
    values.bits[row] = left_of[row_codes[row] & 0xFF] << shape.right_bits | values.bits[row]
                                                                                << zeros;
  }
  return greatest < left_count ? Status() : Status::Corruption("split values: code");
}

namespace {

// ---- kOrdered

void ToggleOrder(ValueType type, std::span<ValueBits> values) {
  if (type == ValueType::kFloat64) return Kernels().order_keys(values.data(), values.size());
  for (ValueBits& value : values) {
    const auto bits = static_cast<uint32_t>(value);
    value = bits ^ ((0 - (bits >> 31)) >> 1);
  }
}

}  // namespace

bool TryAppendOrdered(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (IsHopeless(rows, size_max)) return false;
  ResidualArray room;
  const auto keys = std::span(room).first(rows.bits.size());
  std::copy(rows.bits.begin(), rows.bits.end(), keys.begin());
  ToggleOrder(rows.type, keys);
  if (rows.type == ValueType::kFloat32) {  // signed, so that small numbers of either sign are near
    for (uint64_t& key : keys) {
      key = static_cast<uint64_t>(int64_t{static_cast<int32_t>(static_cast<uint32_t>(key))});
    }
  }
  if (keys.size() >= 2 && EstimateStreamBytes(keys) >= size_max) return false;
  const size_t start = out.size();
  AppendStream(keys, rows.compress, out);
  return KeepIfSmaller(start, size_max, out);
}

Status ReadOrdered(ByteReader& reader, const DecodedValues& values) {
  if (!IsFloat(values.type)) return Status::Corruption("ordered floats of another type");
  XTDB_RETURN_IF_ERROR(ReadStream(reader, values.bits));
  ToggleOrder(values.type, values.bits);
  return Status();
}

}  // namespace xtdb
