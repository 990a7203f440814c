#include "engine/codec/record_codec.h"

#include <cstring>
#include <iterator>

#include "engine/codec/byte_io.h"
#include "engine/codec/plain_codec.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

constexpr size_t kRecordHeadBytes = 4;  // offset and quality, read and written as one word
constexpr int kQualityShift = 24;

uint64_t UnitUs(uint8_t unit_index) { return static_cast<uint64_t>(kRecordUnitsUs[unit_index]); }

uint64_t OffsetUs(int64_t ts_us, int64_t first_ts_us) {
  return static_cast<uint64_t>(ts_us) - static_cast<uint64_t>(first_ts_us);
}

template <ValueType type>
void LoadRecords(std::span<const std::byte> in, int64_t first_ts_us, uint64_t unit_us,
                 const DecodedRecords& rows) {
  const size_t record_bytes = kRecordHeadBytes + PlainBytes(type);
  for (size_t i = 0; i < rows.ts_us.size(); ++i) {
    const std::byte* const record = in.data() + i * record_bytes;
    const auto head = GetValue<uint32_t>(record);
    const uint64_t offset_us = (head & kRecordOffsetMax) * unit_us;
    rows.ts_us[i] = static_cast<int64_t>(static_cast<uint64_t>(first_ts_us) + offset_us);
    rows.quality[i] = static_cast<Quality>(head >> kQualityShift);
    rows.bits[i] = LoadPlain(type, record + kRecordHeadBytes);
  }
}

}  // namespace

bool HasRecordForm(ValueType type) { return PlainBytes(type) > 0; }

bool RecordReach::Extend(int64_t ts_us) {
  const uint64_t offset_us = OffsetUs(ts_us, first_ts_us_);
  // The last unit is 1 us, which divides everything.
  while (offset_us % UnitUs(unit_index_) != 0) ++unit_index_;
  return offset_us / UnitUs(unit_index_) <= kRecordOffsetMax;
}

std::optional<uint8_t> RecordUnit(ValueType type, std::span<const int64_t> ts_us) {
  if (!HasRecordForm(type)) return std::nullopt;
  RecordReach reach(ts_us.front());
  for (const int64_t ts : ts_us) {
    if (!reach.Extend(ts)) return std::nullopt;
  }
  return reach.unit_index();
}

void AppendRecords(uint8_t unit_index, const RecordRows& rows, std::vector<std::byte>& out) {
  const size_t record_bytes = kRecordHeadBytes + PlainBytes(rows.type);
  const size_t start = out.size();
  out.resize(start + record_bytes * rows.ts_us.size());
  std::byte* record = out.data() + start;
  for (size_t i = 0; i < rows.ts_us.size(); ++i, record += record_bytes) {
    const uint64_t offset = OffsetUs(rows.ts_us[i], rows.ts_us[0]) / UnitUs(unit_index);
    const auto head = static_cast<uint32_t>(offset) | uint32_t{rows.quality[i]} << kQualityShift;
    std::memcpy(record, &head, sizeof(head));
    StorePlain(rows.type, rows.bits[i], record + kRecordHeadBytes);
  }
}

Status ReadRecordUnit(ByteReader& reader, uint8_t& unit_index) {
  if (!reader.Read(unit_index) || unit_index >= std::size(kRecordUnitsUs)) {
    return Status::Corruption("records: unit");
  }
  return Status();
}

Status ReadRecords(ByteReader& reader, uint8_t unit_index, int64_t first_ts_us,
                   const DecodedRecords& rows) {
  if (!HasRecordForm(rows.type)) return Status::Corruption("records of a type that has none");
  const size_t record_bytes = kRecordHeadBytes + PlainBytes(rows.type);
  std::span<const std::byte> records;
  if (!reader.Take(record_bytes * rows.ts_us.size(), records)) {
    return Status::Corruption("records: too few");
  }
  const uint64_t unit_us = UnitUs(unit_index);
  switch (rows.type) {
    case ValueType::kBool:
      LoadRecords<ValueType::kBool>(records, first_ts_us, unit_us, rows);
      break;
    case ValueType::kInt32:
      LoadRecords<ValueType::kInt32>(records, first_ts_us, unit_us, rows);
      break;
    case ValueType::kFloat32:
      LoadRecords<ValueType::kFloat32>(records, first_ts_us, unit_us, rows);
      break;
    default:  // int64 and float64 are the same eight bytes
      LoadRecords<ValueType::kInt64>(records, first_ts_us, unit_us, rows);
      break;
  }
  return Status();
}

}  // namespace xtdb
