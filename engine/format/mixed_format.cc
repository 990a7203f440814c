#include "engine/format/mixed_format.h"

#include <algorithm>

#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

constexpr uint8_t kTypeMask = 7;
constexpr uint8_t kHasDeleted = 8;

uint64_t Difference(int64_t later, int64_t earlier) {
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

struct Row {
  uint64_t tag_step = 0;
  uint8_t type = 0;
  uint64_t count = 0;
  uint64_t deleted_count = 0;  // kHasDeleted only
  uint64_t size_bytes = 0;
  uint64_t ts_offset_us = 0;  // from the block's first time
  uint64_t ts_span_us = 0;
  uint32_t crc32 = 0;
};

Row MakeRow(const MixedVector& vector, TagId previous_tag, int64_t ts_min_us) {
  const VectorEntry& entry = vector.entry;
  Row row;
  row.tag_step = vector.tag_id - previous_tag;
  row.type = static_cast<uint8_t>(static_cast<uint8_t>(vector.type) |
                                  (entry.deleted_count != 0 ? kHasDeleted : 0));
  row.count = entry.count;
  row.deleted_count = entry.deleted_count;
  row.size_bytes = entry.size_bytes;
  row.ts_offset_us = Difference(entry.ts_min_us, ts_min_us);
  row.ts_span_us = Difference(entry.ts_max_us, entry.ts_min_us);
  row.crc32 = entry.crc32_of_data;
  return row;
}

bool ReadRow(ByteReader& reader, Row& row) {
  return reader.ReadVarint(row.tag_step) && reader.Read(row.type) && reader.ReadVarint(row.count) &&
         ((row.type & kHasDeleted) == 0 || reader.ReadVarint(row.deleted_count)) &&
         reader.ReadVarint(row.size_bytes) && reader.ReadVarint(row.ts_offset_us) &&
         reader.ReadVarint(row.ts_span_us) && reader.Read(row.crc32);
}

// Whether the row alone is one that is written.
bool IsRow(const Row& row, const BlockHead& head) {
  const bool has_deleted = (row.type & kHasDeleted) != 0;
  const uint64_t block_us = Difference(head.ts_max_us, head.ts_min_us);
  return (row.type & ~(kTypeMask | kHasDeleted)) == 0 && (row.type & kTypeMask) <= kValueTypeLast &&
         row.count > 0 && row.count <= kVectorPointsMax && row.deleted_count <= row.count &&
         has_deleted == (row.deleted_count != 0) && row.size_bytes > 0 &&
         row.size_bytes <= head.data_size_bytes && row.ts_offset_us <= block_us &&
         row.ts_span_us <= block_us - row.ts_offset_us && row.ts_span_us >= row.count - 1;
}

}  // namespace

size_t MixedRowBytes(const MixedVector& vector, const MixedVector* previous, int64_t ts_min_us) {
  const Row row =
      MakeRow(vector, previous == nullptr ? vector.tag_id : previous->tag_id, ts_min_us);
  const size_t deleted_bytes = row.deleted_count == 0 ? 0 : VarintBytes(row.deleted_count);
  return VarintBytes(row.tag_step) + sizeof(row.type) + VarintBytes(row.count) + deleted_bytes +
         VarintBytes(row.size_bytes) + VarintBytes(row.ts_offset_us) + VarintBytes(row.ts_span_us) +
         sizeof(row.crc32);
}

void AppendMixedTable(std::span<const MixedVector> vectors, std::vector<std::byte>& out) {
  int64_t ts_min_us = vectors.front().entry.ts_min_us;
  for (const MixedVector& vector : vectors) {
    ts_min_us = std::min(ts_min_us, vector.entry.ts_min_us);
  }
  TagId tag = vectors.front().tag_id;
  for (const MixedVector& vector : vectors) {
    const Row row = MakeRow(vector, tag, ts_min_us);
    tag = vector.tag_id;
    PutVarint(row.tag_step, out);
    PutValue(row.type, out);
    PutVarint(row.count, out);
    if (row.deleted_count != 0) PutVarint(row.deleted_count, out);
    PutVarint(row.size_bytes, out);
    PutVarint(row.ts_offset_us, out);
    PutVarint(row.ts_span_us, out);
    PutValue(row.crc32, out);
  }
}

Status DecodeMixedTable(std::span<const std::byte> table, const BlockHead& head,
                        std::vector<VectorEntry>& vectors, std::vector<TagRun>& runs) {
  ByteReader reader(table);
  uint64_t offset = sizeof(BlockHead) + table.size();
  uint64_t tag = head.tag_id;
  uint64_t rows = 0;
  int64_t ts_min_us = kTsMax;
  int64_t ts_max_us = kTsMin;
  for (uint32_t i = 0; i < head.vector_count; ++i) {
    Row row;
    if (!ReadRow(reader, row) || !IsRow(row, head)) return Status::Corruption("MIXED table: row");
    if (row.tag_step > head.tag_last - tag || (i == 0 && row.tag_step != 0)) {
      return Status::Corruption("MIXED table: tag");
    }
    tag += row.tag_step;
    VectorEntry entry;
    entry.ts_min_us = head.ts_min_us + static_cast<int64_t>(row.ts_offset_us);
    entry.ts_max_us = entry.ts_min_us + static_cast<int64_t>(row.ts_span_us);
    entry.offset = static_cast<uint32_t>(offset);
    entry.size_bytes = static_cast<uint32_t>(row.size_bytes);
    entry.crc32_of_data = row.crc32;
    entry.count = static_cast<uint16_t>(row.count);
    entry.deleted_count = static_cast<uint16_t>(row.deleted_count);
    const auto type = static_cast<ValueType>(row.type & kTypeMask);
    if (runs.empty() || row.tag_step != 0) {
      runs.push_back({static_cast<TagId>(tag), type, i, 0});
    } else if (runs.back().type != type || entry.ts_min_us <= vectors.back().ts_max_us) {
      return Status::Corruption("MIXED table: vectors of one tag");
    }
    ++runs.back().vector_count;
    vectors.push_back(entry);
    offset += row.size_bytes;
    rows += row.count;
    ts_min_us = std::min(ts_min_us, entry.ts_min_us);
    ts_max_us = std::max(ts_max_us, entry.ts_max_us);
    if (offset > head.data_size_bytes) return Status::Corruption("MIXED table: size");
  }
  if (!reader.rest().empty() || offset != head.data_size_bytes || rows != head.count ||
      tag != head.tag_last || ts_min_us != head.ts_min_us || ts_max_us != head.ts_max_us) {
    return Status::Corruption("MIXED table: it does not fit the head");
  }
  return Status();
}

}  // namespace xtdb
