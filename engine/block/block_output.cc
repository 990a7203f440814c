#include "engine/block/block_output.h"

namespace xtdb {

Status BlockOutput::Write(EncodedBlock& block, uint64_t chunk_sequence, uint64_t offset) {
  written_bytes_ += block.bytes.size();
  if (!cache_ && written_bytes_ > options_.direct_bytes) cache_.emplace(file_, options_.cache);
  BlockWriter writer(io_, container_id_, cache_ ? &*cache_ : nullptr);
  return writer.Write(block, chunk_sequence, kNoLsn, offset);
}

Status BlockOutput::Finish() { return cache_ ? cache_->Close() : Status(); }

}  // namespace xtdb
