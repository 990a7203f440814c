// Any bytes are an error, or columns that keep the rules of EncodeVector's input and that all codec
// options give back.
//
// Input: value type (1 byte), count (2 bytes), the first time (8 bytes), then the vector.

#include <cstdint>
#include <cstring>
#include <span>

#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

void Require(bool condition) {
  if (!condition) __builtin_trap();
}

bool InRange(ValueType type, const Point& point) {
  if (point.flags != 0) return point.bits == 0;
  switch (type) {
    case ValueType::kNone:
      return false;
    case ValueType::kBool:
      return point.bits <= 1;
    case ValueType::kInt32:
      return AsInt64(point.bits) == static_cast<int32_t>(point.bits);
    case ValueType::kFloat32:
      return point.bits >> 32 == 0;
    default:
      return true;
  }
}

void RequireRules(const PointColumns& columns, size_t count) {
  Require(columns.size() == count && columns.bits.size() == count);
  Require(columns.quality.size() == count && columns.flags.size() == count);
  Require(columns.IsStrictlyIncreasing());
  Require(columns.ts_us.front() >= kTsMin && columns.ts_us.back() <= kTsMax);
  if (columns.type == ValueType::kText) {
    uint64_t text_bytes = 0;
    for (const ValueBits bits : columns.bits) text_bytes += TextRef::Length(bits);
    Require(text_bytes <= (count == 1 ? kTextBytesMax : kVectorTextBytesMax));
  }
  for (size_t row = 0; row < count; ++row) {
    Require((columns.flags[row] & ~kPointFlagsAll) == 0);
    Require(InRange(columns.type, columns.At(row)));
  }
}

void RequireSame(const PointColumns& left, const PointColumns& right) {
  Require(left.ts_us == right.ts_us && left.quality == right.quality && left.flags == right.flags);
  if (left.type != ValueType::kText) Require(left.bits == right.bits);
  for (size_t row = 0; row < left.size(); ++row) Require(left.At(row).text == right.At(row).text);
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  constexpr size_t kPrefixBytes = 11;
  if (size < kPrefixBytes) return 0;
  const auto type = static_cast<ValueType>(data[0] % (kValueTypeLast + 1));
  uint16_t count = 0;
  std::memcpy(&count, data + 1, sizeof(count));
  int64_t first_ts_us = 0;
  std::memcpy(&first_ts_us, data + 3, sizeof(first_ts_us));
  const auto vector = std::as_bytes(std::span(data + kPrefixBytes, size - kPrefixBytes));
  PointColumns decoded;
  decoded.type = type;
  const Status status = DecodeVector(vector, type, count, first_ts_us, decoded);
  if (!status.ok()) {
    Require(status.code() == StatusCode::kCorruption && decoded.empty());
    Require(decoded.text_heap.empty());
    return 0;
  }
  Require(DescribeVectorEncoding(vector).ok());
  RequireRules(decoded, count);
  Require(decoded.ts_us.front() == first_ts_us);
  for (const CodecOptions options :
       {CodecOptions{false, false}, CodecOptions{false, true}, CodecOptions{true, false}}) {
    std::vector<std::byte> again;
    EncodeVector(decoded, 0, count, options, again);
    PointColumns decoded_again;
    decoded_again.type = type;
    Require(DecodeVector(again, type, count, first_ts_us, decoded_again).ok());
    RequireSame(decoded, decoded_again);
  }
  return 0;
}
