#include "engine/format/chunk_format.h"

#include "engine/base/crc32.h"
#include "engine/format/block_format.h"

namespace xtdb {

Status CheckSources(ChunkKind kind, uint64_t chunk_sequence, const SourceRange& sources) {
  const bool fits =
      kind == ChunkKind::kCompact
          ? sources.first != 0 && sources.first <= sources.last && sources.last < chunk_sequence
          : sources == SourceRange{};
  return fits ? Status() : Status::Corruption("chunks that it stands for");
}

Status CheckChunkSummary(const ChunkSummary& summary) {
  if (summary.block_count == 0) {
    ChunkSummary empty;
    empty.last_flush_lsn = summary.last_flush_lsn;
    empty.used_extents = summary.used_extents;
    if (summary != empty) return Status::Corruption("points without blocks");
  } else {
    if (summary.ts_min_us > summary.ts_max_us || summary.ts_min_us < kTsMin ||
        summary.ts_max_us > kTsMax) {
      return Status::Corruption("time range");
    }
    if (summary.tag_min == kNoTag || summary.tag_min > summary.tag_max) {
      return Status::Corruption("tag range");
    }
    if (summary.point_count < summary.block_count) return Status::Corruption("point count");
  }
  if (summary.used_extents < summary.block_count ||
      summary.used_extents > kChunkSizeMax / kExtentSizeBytes) {
    return Status::Corruption("used extents");
  }
  return Status();
}

uint32_t SuperCrc(std::span<const std::byte> directory, std::span<const std::byte> order) {
  constexpr size_t kCovered = offsetof(BlockDirEntry, crc32);
  uint32_t crc = 0;
  for (size_t at = 0; at + sizeof(BlockDirEntry) <= directory.size(); at += sizeof(BlockDirEntry)) {
    crc = Crc32Extend(crc, directory.subspan(at, kCovered));
  }
  return Crc32Extend(crc, order);
}

Result<ChunkHeader> DecodeChunkHeader(std::span<const std::byte> in) {
  XTDB_ASSIGN_OR_RETURN(const ChunkHeader header, DecodeStruct<ChunkHeader>(in, "chunk header"));
  if (header.magic != kChunkMagic) return Status::Corruption("chunk header: magic");
  XTDB_RETURN_IF_ERROR(CheckFormatVersion(header.format_version, "chunk header"));
  if (!IsChunkKind(static_cast<uint32_t>(header.kind))) {
    return Status::Corruption("chunk header: kind");
  }
  if (header.chunk_sequence == 0 || header.chunk_sequence > kCounterMax) {
    return Status::Corruption("chunk header: chunk number");
  }
  if (!IsChunkSize(header.chunk_size_bytes)) return Status::Corruption("chunk header: chunk size");
  if (!IsZero(header.reserved) || !IsZero(header.reserved2)) {
    return Status::Corruption("chunk header: reserved bytes");
  }
  XTDB_RETURN_IF_ERROR(
      CheckSources(header.kind, header.chunk_sequence, header.sources).WithContext("chunk header"));
  return header;
}

Result<SealRecord> DecodeSealRecord(std::span<const std::byte> in) {
  XTDB_ASSIGN_OR_RETURN(const SealRecord record, DecodeStruct<SealRecord>(in, "seal record"));
  if (record.magic != kSealMagic) return Status::Corruption("seal record: magic");
  if (record.chunk_sequence == 0) return Status::Corruption("seal record: chunk number 0");
  if (!IsZero(record.reserved)) return Status::Corruption("seal record: reserved bytes");
  XTDB_RETURN_IF_ERROR(CheckChunkSummary(record.summary).WithContext("seal record"));
  return record;
}

}  // namespace xtdb
