#pragma once

#include <cstdint>

#include "engine/base/status.h"
#include "engine/block/encoded_block.h"
#include "engine/io/aligned_io.h"
#include "engine/io/write_cache.h"

namespace xtdb {

// Writes encoded blocks blind: data extents only; header and directory are untouched.
//
// Ownership: borrows `io`, and `cache`, if there is one.
// Threads:   one at a time.
class BlockWriter {
 public:
  BlockWriter(AlignedIO& io, uint64_t container_id, WriteCache* cache = nullptr)
      : io_(io), container_id_(container_id), cache_(cache) {}
  // Fills in the block's place (container id, chunk sequence, CRCs), writes it at `offset` and
  // completes block.entry. Not durable until AlignedIO::Sync. With a cache: block.bytes goes there,
  // and is in the file after WriteCache::Flush.
  Status Write(EncodedBlock& block, uint64_t chunk_sequence, LSN flush_lsn, uint64_t offset);

 private:
  AlignedIO& io_;
  const uint64_t container_id_;
  WriteCache* const cache_;
};

}  // namespace xtdb
