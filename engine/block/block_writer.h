#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/codec/vector_codec.h"
#include "engine/format/block_format.h"
#include "engine/io/aligned_io.h"

namespace xtdb {

// One encoded block in memory, not yet placed: everything but its chunk is known.
struct EncodedBlock {
  AlignedBuffer bytes;  // whole extents; padding zero
  BlockDirEntry entry;  // but flush_lsn, chunk_check and head_crc32, which placing sets
};

// Splits a tag's points into blocks of `block_extents` extents (a text that needs more gets a block
// of its own with as many as it needs), filling each with as many vectors as fit. The last block is
// cut to the extents it uses.
//   columns: sorted, ts strictly increasing, size() > 0; tombstones included
// A pure function, so that blocks of different tags can be encoded in parallel.
Result<std::vector<EncodedBlock>> EncodeBlocks(TagId tag_id, const PointColumns& columns,
                                               LSN through_lsn, uint32_t block_extents,
                                               const CodecOptions& options);

// Writes encoded blocks blind: data extents only; header and directory are untouched.
//
// Ownership: borrows `io`.
// Threads:   one at a time.
class BlockWriter {
 public:
  BlockWriter(AlignedIO& io, uint64_t container_id) : io_(io), container_id_(container_id) {}
  // Fills in the block's place (container id, chunk sequence, CRCs), writes it at `offset` and
  // completes block.entry. Not durable until AlignedIO::Sync.
  Status Write(EncodedBlock& block, uint64_t chunk_sequence, LSN flush_lsn, uint64_t offset);

 private:
  AlignedIO& io_;
  const uint64_t container_id_;
};

}  // namespace xtdb
