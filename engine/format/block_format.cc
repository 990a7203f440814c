#include "engine/format/block_format.h"

#include "engine/format/mixed_format.h"

namespace xtdb {
namespace {

// What a directory entry and a block's head say in the same words.
struct Extent {
  TagId tag_id;
  uint32_t count;
  int64_t ts_min_us;
  int64_t ts_max_us;
  uint32_t extents;
  uint32_t data_size_bytes;
  uint16_t vector_count;
  BlockKind kind;
  ValueType value_type;
  TagId tag_last;
  uint32_t table_bytes;
  uint8_t needs_entry;
};

template <typename T>
Extent ExtentOf(const T& t) {
  return {t.tag_id,       t.count, t.ts_min_us,  t.ts_max_us, t.extents,     t.data_size_bytes,
          t.vector_count, t.kind,  t.value_type, t.tag_last,  t.table_bytes, t.needs_entry};
}

// Rows have distinct times, so that a range bounds their count. Call with min <= max in kTs range.
bool HoldsRows(int64_t ts_min_us, int64_t ts_max_us, uint32_t count) {
  return ts_max_us - ts_min_us >= static_cast<int64_t>(count) - 1;
}

bool IsTimeRange(int64_t ts_min_us, int64_t ts_max_us) {
  return ts_min_us >= kTsMin && ts_min_us <= ts_max_us && ts_max_us <= kTsMax;
}

Status CheckTags(const Extent& block, const std::string& what) {
  if (block.tag_id == kNoTag) return Status::Corruption(what + ": tag 0");
  if (block.kind == BlockKind::kMixed) {
    const bool fits = block.tag_last >= block.tag_id && block.value_type == ValueType::kNone &&
                      block.table_bytes != 0;
    return fits ? Status() : Status::Corruption(what + ": tags or table");
  }
  if (block.tag_last != kNoTag || block.table_bytes != 0) {
    return Status::Corruption(what + ": of one tag, with the fields of several");
  }
  return Status();
}

Status CheckExtent(const Extent& block, const std::string& what) {
  if (block.kind == BlockKind::kDelete) {
    return Status::Unsupported(what + ": a kind of block written by a newer xTdb");
  }
  if (block.kind != BlockKind::kPoints && block.kind != BlockKind::kMixed) {
    return Status::Corruption(what + ": kind");
  }
  XTDB_RETURN_IF_ERROR(CheckTags(block, what));
  if (block.needs_entry > 1) return Status::Corruption(what + ": needs_entry");
  if (static_cast<uint8_t>(block.value_type) > kValueTypeLast) {
    return Status::Corruption(what + ": value type");
  }
  if (block.count == 0 || block.vector_count == 0 || block.count < block.vector_count ||
      block.count > uint64_t{block.vector_count} * kVectorPointsMax) {
    return Status::Corruption(what + ": count");
  }
  if (!IsTimeRange(block.ts_min_us, block.ts_max_us) ||
      (block.kind == BlockKind::kPoints &&
       !HoldsRows(block.ts_min_us, block.ts_max_us, block.count))) {
    return Status::Corruption(what + ": time range");
  }
  if (block.data_size_bytes <= sizeof(BlockHead) + TableBytes(block))
    return Status::Corruption(what + ": size");
  if (block.extents != ExtentsOf(block.data_size_bytes) || block.extents > kBlockExtentsMax) {
    return Status::Corruption(what + ": extents");
  }
  return Status();
}

// Values as a type spells them; NaN is none, because statistics leave it out.
bool IsStatistic(ValueType type, ValueBits bits) {
  switch (type) {
    case ValueType::kBool:
      return bits <= 1;
    case ValueType::kInt32:
      return AsInt64(bits) == static_cast<int32_t>(AsInt64(bits));
    case ValueType::kInt64:
      return true;
    case ValueType::kFloat32:
      return bits <= std::numeric_limits<uint32_t>::max() && AsFloat(bits) == AsFloat(bits);
    case ValueType::kFloat64:
      return AsDouble(bits) == AsDouble(bits);
    case ValueType::kNone:
    case ValueType::kText:
      break;
  }
  return false;
}

struct Counts {
  uint32_t rows, good, bad, null, nan, deleted;
};

// Are these counts possible in a block of that type? Sets the number of values.
bool CheckCounts(ValueType type, const Counts& counts, uint32_t& values) {
  const uint64_t without = uint64_t{counts.null} + uint64_t{counts.nan} + uint64_t{counts.deleted};
  if (without > counts.rows) return false;
  values = counts.rows - static_cast<uint32_t>(without);
  if (uint64_t{counts.good} + counts.bad > counts.rows - counts.deleted) return false;
  if (counts.nan != 0 && !IsFloat(type)) return false;
  return type != ValueType::kNone || values == 0;
}

bool CheckMinMax(ValueType type, uint32_t values, ValueBits min, ValueBits max) {
  if (values == 0 || type == ValueType::kText) return min == 0 && max == 0;
  return IsStatistic(type, min) && IsStatistic(type, max) &&
         OrderKey(type, min) <= OrderKey(type, max);
}

Status CheckStats(const BlockDirEntry& entry) {
  if (entry.kind == BlockKind::kMixed) {
    const bool has_none = IsAllZero(std::as_bytes(std::span(&entry.stats, 1)));
    return has_none ? Status() : Status::Corruption("directory entry: statistics of many tags");
  }
  const ValueStats& stats = entry.stats;
  const ValueType type = entry.value_type;
  uint32_t values = 0;
  if (!CheckCounts(type,
                   {entry.count, stats.good_count, stats.bad_count, stats.null_count,
                    stats.nan_count, stats.deleted_count},
                   values) ||
      values != stats.value_count) {
    return Status::Corruption("directory entry: counts");
  }
  if (!CheckMinMax(type, values, stats.min, stats.max)) {
    return Status::Corruption("directory entry: minimum and maximum");
  }
  if (values == 0 || type == ValueType::kText) {
    if ((stats.first | stats.last | stats.sum_low | stats.sum_high | stats.m2 |
         stats.integral_step | stats.integral_linear) != 0) {
      return Status::Corruption("directory entry: statistics without values");
    }
  } else {
    const auto in_range = [&](ValueBits bits) {
      return IsStatistic(type, bits) && OrderKey(type, stats.min) <= OrderKey(type, bits) &&
             OrderKey(type, bits) <= OrderKey(type, stats.max);
    };
    if (!in_range(stats.first) || !in_range(stats.last)) {
      return Status::Corruption("directory entry: first and last");
    }
    if (IsFloat(type) && stats.sum_high != 0) return Status::Corruption("directory entry: sum");
  }
  if (stats.gap_max_us < 0 || stats.gap_max_us > entry.ts_max_us - entry.ts_min_us) {
    return Status::Corruption("directory entry: gap");
  }
  return Status();
}

// `vectors` in the order of the table: are they contiguous, in order and within their head?
Status CheckTable(const BlockHead& head, const std::vector<VectorEntry>& vectors) {
  uint64_t offset = sizeof(BlockHead) + sizeof(VectorEntry) * vectors.size();
  uint64_t rows = 0;
  int64_t ts_before = std::numeric_limits<int64_t>::min();
  for (const VectorEntry& vector : vectors) {
    if (vector.offset != offset || vector.size_bytes == 0) {
      return Status::Corruption("vector table: offset");
    }
    offset += vector.size_bytes;
    rows += vector.count;
    if (vector.count == 0 || vector.count > kVectorPointsMax) {
      return Status::Corruption("vector table: count");
    }
    if (!IsTimeRange(vector.ts_min_us, vector.ts_max_us) || vector.ts_min_us <= ts_before ||
        !HoldsRows(vector.ts_min_us, vector.ts_max_us, vector.count)) {
      return Status::Corruption("vector table: time range");
    }
    ts_before = vector.ts_max_us;
    uint32_t values = 0;
    if (!CheckCounts(head.value_type,
                     {vector.count, vector.good_count, vector.bad_count, vector.null_count,
                      vector.nan_count, vector.deleted_count},
                     values)) {
      return Status::Corruption("vector table: counts");
    }
    const bool no_sum = values == 0 || head.value_type == ValueType::kText;
    if (!CheckMinMax(head.value_type, values, vector.min, vector.max) ||
        (no_sum && (vector.sum_low | vector.sum_high) != 0) ||
        (IsFloat(head.value_type) && vector.sum_high != 0)) {
      return Status::Corruption("vector table: statistics");
    }
  }
  if (offset != head.data_size_bytes) return Status::Corruption("vector table: size");
  if (rows != head.count) return Status::Corruption("vector table: rows");
  if (vectors.front().ts_min_us != head.ts_min_us || vectors.back().ts_max_us != head.ts_max_us) {
    return Status::Corruption("vector table: times of the block");
  }
  return Status();
}

Status DecodeTable(std::span<const std::byte> table, DecodedBlockHead& decoded) {
  const BlockHead& head = decoded.head;
  if (head.kind == BlockKind::kMixed) {
    return DecodeMixedTable(table, head, decoded.vectors, decoded.runs);
  }
  decoded.vectors.resize(head.vector_count);
  std::memcpy(decoded.vectors.data(), table.data(), table.size());
  decoded.runs.push_back({head.tag_id, head.value_type, 0, head.vector_count});
  return CheckTable(head, decoded.vectors);
}

}  // namespace

Result<BlockDirEntry> DecodeBlockDirEntry(std::span<const std::byte> in, uint64_t chunk_sequence) {
  if (in.size() < sizeof(BlockDirEntry)) return Status::Corruption("directory entry: too short");
  if (IsAllZero(in.first(sizeof(BlockDirEntry)))) return BlockDirEntry{};
  XTDB_ASSIGN_OR_RETURN(const BlockDirEntry entry,
                        DecodeStruct<BlockDirEntry>(in, "directory entry"));
  if (entry.chunk_check != ChunkCheck(chunk_sequence)) {
    return Status::Corruption("directory entry: of another chunk");
  }
  XTDB_RETURN_IF_ERROR(CheckExtent(ExtentOf(entry), "directory entry"));
  if (entry.flush_lsn == kNoLsn || entry.through_lsn > entry.flush_lsn) {
    return Status::Corruption("directory entry: flush LSN");
  }
  if (!IsZero(entry.reserved) || (entry.kind != BlockKind::kMixed && entry.table_crc32 != 0)) {
    return Status::Corruption("directory entry: reserved bytes");
  }
  XTDB_RETURN_IF_ERROR(CheckStats(entry));
  return entry;
}

BlockHead HeadOf(const BlockDirEntry& entry, uint64_t container_id, uint64_t chunk_sequence) {
  BlockHead head;
  head.container_id = container_id;
  head.chunk_sequence = chunk_sequence;
  head.through_lsn = entry.through_lsn;
  head.ts_min_us = entry.ts_min_us;
  head.ts_max_us = entry.ts_max_us;
  head.tag_id = entry.tag_id;
  head.count = entry.count;
  head.extents = entry.extents;
  head.data_size_bytes = entry.data_size_bytes;
  head.vector_count = entry.vector_count;
  head.kind = entry.kind;
  head.value_type = entry.value_type;
  head.tag_last = entry.tag_last;
  head.table_bytes = entry.table_bytes;
  head.needs_entry = entry.needs_entry;
  head.table_crc32 = entry.table_crc32;
  return head;
}

Result<DecodedBlockHead> DecodeBlockHead(std::span<const std::byte> in) {
  DecodedBlockHead decoded;
  XTDB_ASSIGN_OR_RETURN(decoded.head, DecodeStruct<BlockHead>(in, "block head"));
  const BlockHead& head = decoded.head;
  if (head.magic != kBlockMagic) return Status::Corruption("block head: magic");
  if (head.chunk_sequence == 0) return Status::Corruption("block head: chunk number 0");
  XTDB_RETURN_IF_ERROR(CheckExtent(ExtentOf(head), "block head"));
  if (!IsZero(head.reserved)) return Status::Corruption("block head: reserved bytes");
  const auto table_bytes = static_cast<size_t>(TableBytes(head));
  if (in.size() < sizeof(BlockHead) + table_bytes) {
    return Status::Corruption("vector table: too short");
  }
  const auto table = in.subspan(sizeof(BlockHead), table_bytes);
  if (Crc32(table) != head.table_crc32) return Status::Corruption("vector table: checksum");
  XTDB_RETURN_IF_ERROR(DecodeTable(table, decoded));
  return decoded;
}

}  // namespace xtdb
