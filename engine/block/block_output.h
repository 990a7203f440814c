#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/status.h"
#include "engine/block/block_writer.h"
#include "engine/io/aligned_io.h"
#include "engine/io/write_cache.h"

namespace xtdb {

struct BlockOutputOptions {
  // Blocks are written in place up to so many bytes, what comes then goes through a WriteCache: a
  // small flush has no use for a thread.
  uint64_t direct_bytes = 4 * kMiB;
  WriteCacheOptions cache{.queued_bytes_max = 8 * kMiB};
};

// The way of one flush's blocks into the file.
//
// Ownership: borrows `file`.
// Threads:   one at a time.
// Errors:    after the first one nothing more is written.
class BlockOutput {
 public:
  BlockOutput(File& file, uint64_t container_id, const BlockOutputOptions& options)
      : file_(file), io_(file), container_id_(container_id), options_(options) {}

  // Completes the block and its entry and takes its bytes; in the file after Finish.
  Status Write(EncodedBlock& block, uint64_t chunk_sequence, uint64_t offset);
  // On OK, every block is in the file: reads see it, and a sync makes it durable.
  Status Finish();

 private:
  File& file_;
  AlignedIO io_;
  const uint64_t container_id_;
  const BlockOutputOptions options_;
  uint64_t written_bytes_ = 0;
  std::optional<WriteCache> cache_;
};

}  // namespace xtdb
