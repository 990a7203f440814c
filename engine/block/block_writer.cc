#include "engine/block/block_writer.h"

#include <cstring>
#include <utility>

namespace xtdb {

Status BlockWriter::Write(EncodedBlock& block, uint64_t chunk_sequence, LSN flush_lsn,
                          uint64_t offset) {
  BlockDirEntry& entry = block.entry;
  const std::span<std::byte> bytes = block.bytes.span();
  BlockHead head = HeadOf(entry, container_id_, chunk_sequence);
  head.table_crc32 =
      Crc32(bytes.subspan(sizeof(BlockHead), static_cast<size_t>(TableBytes(entry))));
  head.crc32 = StructCrc(head);
  EncodeStruct(head, bytes);
  entry.flush_lsn = flush_lsn;
  entry.chunk_check = ChunkCheck(chunk_sequence);
  entry.head_crc32 = head.crc32;
  if (entry.kind == BlockKind::kMixed) entry.table_crc32 = head.table_crc32;
  entry.crc32 = StructCrc(entry);
  return cache_ != nullptr ? cache_->Write(offset, std::move(block.bytes))
                           : io_.WriteAt(offset, bytes);
}

}  // namespace xtdb
