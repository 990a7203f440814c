#include "engine/codec/plain_codec.h"

#include <algorithm>
#include <cstring>

#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

template <typename Stored, typename Widened>
void LoadAll(std::span<const std::byte> in, std::span<ValueBits> bits) {
  for (size_t i = 0; i < bits.size(); ++i) {
    bits[i] = static_cast<ValueBits>(Widened{GetValue<Stored>(in.data() + i * sizeof(Stored))});
  }
}

template <typename Stored>
void StoreAll(std::span<const ValueBits> bits, std::byte* out) {
  for (size_t i = 0; i < bits.size(); ++i) {
    const auto stored = static_cast<Stored>(bits[i]);
    std::memcpy(out + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

}  // namespace

size_t PlainBytes(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return 1;
    case ValueType::kInt32:
    case ValueType::kFloat32:
      return 4;
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return 8;
    case ValueType::kNone:
    case ValueType::kText:
      break;
  }
  return 0;
}

void StorePlain(ValueType type, ValueBits bits, std::byte* out) {
  std::memcpy(out, &bits, PlainBytes(type));  // little-endian: the low bytes come first
}

ValueBits LoadPlain(ValueType type, const std::byte* in) {
  if (type == ValueType::kInt32) return FromInt64(GetValue<int32_t>(in));
  ValueBits bits = 0;
  std::memcpy(&bits, in, PlainBytes(type));
  return bits;
}

bool TryAppendRaw(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  const size_t value_bytes = PlainBytes(rows.type);
  const size_t size_bytes = value_bytes * rows.bits.size();
  if (rows.type == ValueType::kText || size_bytes >= size_max) return false;
  const size_t start = out.size();
  out.resize(start + size_bytes);
  std::byte* const to = out.data() + start;
  if (value_bytes == 1) StoreAll<uint8_t>(rows.bits, to);
  if (value_bytes == 4) StoreAll<uint32_t>(rows.bits, to);
  if (value_bytes == 8) StoreAll<uint64_t>(rows.bits, to);
  return true;
}

Status ReadRaw(ByteReader& reader, const DecodedValues& values) {
  if (values.type == ValueType::kText) return Status::Corruption("raw values of a text tag");
  std::span<const std::byte> in;
  if (!reader.Take(PlainBytes(values.type) * values.bits.size(), in)) {
    return Status::Corruption("raw values: too few");
  }
  switch (values.type) {
    case ValueType::kBool:
      LoadAll<uint8_t, uint8_t>(in, values.bits);
      break;
    case ValueType::kInt32:
      LoadAll<int32_t, int64_t>(in, values.bits);
      break;
    case ValueType::kFloat32:
      LoadAll<uint32_t, uint32_t>(in, values.bits);
      break;
    case ValueType::kInt64:
    case ValueType::kFloat64:
      LoadAll<uint64_t, uint64_t>(in, values.bits);
      break;
    case ValueType::kNone:
    case ValueType::kText:
      std::fill(values.bits.begin(), values.bits.end(), ValueBits{0});
      break;
  }
  return Status();
}

bool TryAppendConstant(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  const size_t value_bytes = PlainBytes(rows.type);
  if (value_bytes == 0 || value_bytes >= size_max) return false;
  const ValueBits first = rows.bits.front();
  if (std::any_of(rows.bits.begin(), rows.bits.end(),
                  [&](ValueBits bits) { return bits != first; })) {
    return false;
  }
  out.resize(out.size() + value_bytes);
  StorePlain(rows.type, first, out.data() + out.size() - value_bytes);
  return true;
}

Status ReadConstant(ByteReader& reader, const DecodedValues& values) {
  const size_t value_bytes = PlainBytes(values.type);
  if (value_bytes == 0) return Status::Corruption("constant value of a type without one");
  std::span<const std::byte> in;
  if (!reader.Take(value_bytes, in)) return Status::Corruption("constant value: too short");
  std::fill(values.bits.begin(), values.bits.end(), LoadPlain(values.type, in.data()));
  return Status();
}

}  // namespace xtdb
