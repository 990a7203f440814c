#include "engine/wal/log_records.h"

#include <algorithm>
#include <array>
#include <string>

#include "engine/format/log_format.h"
#include "engine/wal/payload_cursor.h"

namespace xtdb {
namespace {

constexpr uint8_t kGroupHasFlags = 1;
constexpr uint8_t kGroupHasQuality = 2;
constexpr uint8_t kGroupFlagsAll = 3;

struct GroupHeader {
  TagId tag_id = kNoTag;
  uint8_t value_type = 0;
  uint8_t group_flags = 0;
  Quality const_quality = 0;  // of every point, unless a quality column follows; then 0
  uint8_t reserved = 0;
  uint32_t count = 0;       // > 0
  uint32_t text_bytes = 0;  // of all texts, without their lengths; 0 unless text
};
static_assert(sizeof(GroupHeader) == 16);
static_assert(offsetof(GroupHeader, count) == 8);

struct TagHeader {
  TagId tag_id = kNoTag;
  uint8_t type = 0;
  uint8_t interpolation = 0;
  uint16_t name_bytes = 0;
  uint16_t unit_bytes = 0;
  uint16_t description_bytes = 0;
};
static_assert(sizeof(TagHeader) == 12);

size_t ValueBytes(ValueType type) {
  static constexpr size_t kBytes[] = {0, 1, 4, 8, 4, 8, 4};
  return kBytes[static_cast<uint8_t>(type)];
}

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

template <typename T>
std::span<const std::byte> Column(const std::vector<T>& column, size_t begin, size_t end) {
  return std::as_bytes(std::span(column).subspan(begin, end - begin));
}

// The low bytes of each value: little-endian, so they are the value.
template <size_t kBytes>
void AppendLowBytes(std::span<const ValueBits> bits, std::vector<std::byte>& out) {
  const size_t begin = out.size();
  out.resize(begin + bits.size() * kBytes);
  std::byte* to = out.data() + begin;
  for (const ValueBits value : bits) {
    std::memcpy(to, &value, kBytes);
    to += kBytes;
  }
}

void AppendValues(const PointColumns& columns, size_t begin, size_t end,
                  std::vector<std::byte>& out) {
  const std::span<const ValueBits> bits = std::span(columns.bits).subspan(begin, end - begin);
  switch (columns.type) {
    case ValueType::kNone:
      return;
    case ValueType::kBool:
      return AppendLowBytes<1>(bits, out);
    case ValueType::kInt32:
    case ValueType::kFloat32:
      return AppendLowBytes<4>(bits, out);
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return AppendBytes(std::as_bytes(bits), out);
    case ValueType::kText:
      for (const ValueBits value : bits) {
        AppendPlain(static_cast<uint32_t>(TextRef::Length(value)), out);
      }
      for (size_t row = begin; row < end; ++row) AppendBytes(BytesOf(columns.TextAt(row)), out);
      return;
  }
}

Status CheckHeader(const GroupHeader& header, size_t bytes_left) {
  if (header.tag_id == kNoTag) return Status::Corruption("POINTS record: tag 0");
  if (header.value_type > kValueTypeLast) return Status::Corruption("POINTS record: value type");
  const auto type = static_cast<ValueType>(header.value_type);
  if ((header.group_flags & ~kGroupFlagsAll) != 0 || header.reserved != 0 ||
      ((header.group_flags & kGroupHasQuality) != 0 && header.const_quality != 0)) {
    return Status::Corruption("POINTS record: group header");
  }
  if (header.count == 0 || (type != ValueType::kText && header.text_bytes != 0)) {
    return Status::Corruption("POINTS record: group size");
  }
  const uint64_t row_bytes = sizeof(int64_t) + ValueBytes(type) +
                             ((header.group_flags & kGroupHasQuality) != 0 ? 1 : 0) +
                             ((header.group_flags & kGroupHasFlags) != 0 ? 1 : 0);
  if (header.count * row_bytes + header.text_bytes > bytes_left) {
    return Status::Corruption("POINTS record: group longer than its record");
  }
  return Status();
}

template <typename Stored>
Status TakeNumbers(PayloadCursor& cursor, size_t count, std::vector<ValueBits>& bits) {
  bits.resize(count);
  for (ValueBits& value : bits) {
    Stored stored;
    if (!cursor.Take(stored)) return Status::Corruption("POINTS record: values");
    // Signed types are sign-extended, unsigned ones zero-extended: ValueBits of each type.
    value = static_cast<ValueBits>(static_cast<int64_t>(stored));
  }
  return Status();
}

Status TakeTexts(PayloadCursor& cursor, const GroupHeader& header, PointColumns& columns) {
  columns.bits.resize(header.count);
  uint64_t offset = 0;
  for (ValueBits& value : columns.bits) {
    uint32_t length = 0;
    if (!cursor.Take(length) || length > kTextBytesMax || length > header.text_bytes - offset) {
      return Status::Corruption("POINTS record: text length");
    }
    value = TextRef::Pack(offset, length);
    offset += length;
  }
  std::span<const std::byte> bytes;
  if (offset != header.text_bytes || !cursor.Take(header.text_bytes, bytes)) {
    return Status::Corruption("POINTS record: texts");
  }
  columns.text_heap.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Status();
}

Status TakeValues(PayloadCursor& cursor, const GroupHeader& header, PointColumns& columns) {
  switch (columns.type) {
    case ValueType::kNone:
      columns.bits.assign(header.count, 0);
      return Status();
    case ValueType::kBool:
      XTDB_RETURN_IF_ERROR(TakeNumbers<uint8_t>(cursor, header.count, columns.bits));
      if (std::ranges::any_of(columns.bits, [](ValueBits bits) { return bits > 1; })) {
        return Status::Corruption("POINTS record: bool that is neither 0 nor 1");
      }
      return Status();
    case ValueType::kInt32:
      return TakeNumbers<int32_t>(cursor, header.count, columns.bits);
    case ValueType::kFloat32:
      return TakeNumbers<uint32_t>(cursor, header.count, columns.bits);
    case ValueType::kInt64:
    case ValueType::kFloat64:
      return TakeNumbers<uint64_t>(cursor, header.count, columns.bits);
    case ValueType::kText:
      return TakeTexts(cursor, header, columns);
  }
  return Status::Corruption("POINTS record: value type");
}

// A column of `count` bytes, or `constant` everywhere.
Status TakeBytes(PayloadCursor& cursor, bool present, uint8_t constant, size_t count,
                 std::vector<uint8_t>& out) {
  out.assign(count, constant);
  std::span<const std::byte> bytes;
  if (!present) return Status();
  if (!cursor.Take(count, bytes)) return Status::Corruption("POINTS record: byte column");
  std::memcpy(out.data(), bytes.data(), count);
  return Status();
}

Status CheckRows(const PointColumns& columns) {
  for (size_t row = 0; row < columns.size(); ++row) {
    if (columns.ts_us[row] < kTsMin || columns.ts_us[row] > kTsMax) {
      return Status::Corruption("POINTS record: time out of range");
    }
    const uint8_t flags = columns.flags[row];
    if ((flags & ~kPointFlagsAll) != 0) return Status::Corruption("POINTS record: point flags");
    if (flags == 0 && columns.type == ValueType::kNone) {
      return Status::Corruption("POINTS record: a value without a type");
    }
    const ValueBits bits = columns.bits[row];
    const bool empty = columns.type == ValueType::kText ? TextRef::Length(bits) == 0 : bits == 0;
    if (flags != 0 && !empty) return Status::Corruption("POINTS record: a NULL with a value");
  }
  return Status();
}

Status TakeGroup(PayloadCursor& cursor, TagId& tag_id, PointColumns& columns) {
  GroupHeader header;
  if (!cursor.Take(header)) return Status::Corruption("POINTS record: group cut short");
  XTDB_RETURN_IF_ERROR(CheckHeader(header, cursor.size()));
  tag_id = header.tag_id;
  columns.type = static_cast<ValueType>(header.value_type);
  std::span<const std::byte> times;
  XTDB_CHECK(cursor.Take(header.count * sizeof(int64_t), times));  // CheckHeader counted them
  columns.ts_us.resize(header.count);
  std::memcpy(columns.ts_us.data(), times.data(), times.size());
  XTDB_RETURN_IF_ERROR(TakeValues(cursor, header, columns));
  XTDB_RETURN_IF_ERROR(TakeBytes(cursor, (header.group_flags & kGroupHasQuality) != 0,
                                 header.const_quality, header.count, columns.quality));
  XTDB_RETURN_IF_ERROR(TakeBytes(cursor, (header.group_flags & kGroupHasFlags) != 0, 0,
                                 header.count, columns.flags));
  return CheckRows(columns);
}

}  // namespace

void AppendPointsGroup(TagId tag_id, const PointColumns& columns, size_t begin, size_t end,
                       std::vector<std::byte>& out) {
  assert(tag_id != kNoTag && begin < end && end <= columns.size());
  GroupHeader header;
  header.tag_id = tag_id;
  header.value_type = static_cast<uint8_t>(columns.type);
  header.count = static_cast<uint32_t>(end - begin);
  const auto quality = std::span(columns.quality).subspan(begin, end - begin);
  const auto flags = std::span(columns.flags).subspan(begin, end - begin);
  const bool same_quality = std::ranges::all_of(
      quality, [first = quality.front()](Quality other) { return other == first; });
  const bool any_flags = std::ranges::any_of(flags, [](uint8_t flag) { return flag != 0; });
  header.group_flags = static_cast<uint8_t>((any_flags ? kGroupHasFlags : 0) |
                                            (same_quality ? 0 : kGroupHasQuality));
  header.const_quality = same_quality ? quality.front() : Quality{0};
  if (columns.type == ValueType::kText) {
    uint64_t text_bytes = 0;
    for (size_t row = begin; row < end; ++row) text_bytes += TextRef::Length(columns.bits[row]);
    XTDB_CHECK(text_bytes <= kRecordBytesMax);
    header.text_bytes = static_cast<uint32_t>(text_bytes);
  }
  AppendPlain(header, out);
  AppendBytes(Column(columns.ts_us, begin, end), out);
  AppendValues(columns, begin, end, out);
  if (!same_quality) AppendBytes(std::as_bytes(quality), out);
  if (any_flags) AppendBytes(std::as_bytes(flags), out);
}

size_t PointsGroupBytesMax(const PointColumns& columns, size_t begin, size_t end) {
  size_t bytes = sizeof(GroupHeader) + (end - begin) * (8 + ValueBytes(columns.type) + 2);
  if (columns.type == ValueType::kText) {
    for (size_t row = begin; row < end; ++row) bytes += TextRef::Length(columns.bits[row]);
  }
  return bytes;
}

Status DecodePoints(std::span<const std::byte> payload, const PointsGroupFn& take) {
  PayloadCursor cursor(payload);
  if (cursor.done()) return Status::Corruption("POINTS record: empty");
  while (!cursor.done()) {
    TagId tag_id = kNoTag;
    PointColumns columns;
    XTDB_RETURN_IF_ERROR(TakeGroup(cursor, tag_id, columns));
    XTDB_RETURN_IF_ERROR(take(tag_id, std::move(columns)));
  }
  return Status();
}

void AppendTagDefinition(const TagDefinition& definition, std::vector<std::byte>& out) {
  assert(definition.id != kNoTag && !definition.name.empty());
  XTDB_CHECK(definition.name.size() <= kTagNameBytesMax &&
             definition.unit.size() <= kTagUnitBytesMax &&
             definition.description.size() <= kTagDescriptionBytesMax);
  TagHeader header;
  header.tag_id = definition.id;
  header.type = static_cast<uint8_t>(definition.type);
  header.interpolation = static_cast<uint8_t>(definition.interpolation);
  header.name_bytes = static_cast<uint16_t>(definition.name.size());
  header.unit_bytes = static_cast<uint16_t>(definition.unit.size());
  header.description_bytes = static_cast<uint16_t>(definition.description.size());
  AppendPlain(header, out);
  AppendBytes(BytesOf(definition.name), out);
  AppendBytes(BytesOf(definition.unit), out);
  AppendBytes(BytesOf(definition.description), out);
}

Result<TagDefinition> DecodeTagDefinition(std::span<const std::byte> payload) {
  PayloadCursor cursor(payload);
  TagHeader header;
  if (!cursor.Take(header)) return Status::Corruption("DEFINE_TAG record: too short");
  if (header.tag_id == kNoTag || header.type > kValueTypeLast ||
      header.interpolation > kInterpolationLast || header.name_bytes == 0 ||
      header.name_bytes > kTagNameBytesMax || header.unit_bytes > kTagUnitBytesMax ||
      header.description_bytes > kTagDescriptionBytesMax ||
      cursor.size() != size_t{header.name_bytes} + header.unit_bytes + header.description_bytes) {
    return Status::Corruption("DEFINE_TAG record: header");
  }
  TagDefinition definition;
  definition.id = header.tag_id;
  definition.type = static_cast<ValueType>(header.type);
  definition.interpolation = static_cast<Interpolation>(header.interpolation);
  const auto take = [&cursor](size_t size, std::string& text) {
    std::span<const std::byte> bytes;
    XTDB_CHECK(cursor.Take(size, bytes));  // the three lengths fill the payload
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  take(header.name_bytes, definition.name);
  take(header.unit_bytes, definition.unit);
  take(header.description_bytes, definition.description);
  return definition;
}

void AppendPrepare(const PrepareRecord& record, std::vector<std::byte>& out) {
  AppendPlain(record, out);
}

Result<PrepareRecord> DecodePrepare(std::span<const std::byte> payload) {
  PrepareRecord record;
  PayloadCursor cursor(payload);
  if (!cursor.Take(record) || !cursor.done()) return Status::Corruption("PREPARE record: size");
  return record;
}

Status DecodeAbort(std::span<const std::byte> payload) {
  return payload.empty() ? Status() : Status::Corruption("ABORT record: payload");
}

}  // namespace xtdb
