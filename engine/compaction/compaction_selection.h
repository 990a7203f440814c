#pragma once

#include <cstdint>

#include "engine/chunk/chunk_store.h"

namespace xtdb {

enum class CompactionScope : uint8_t {
  kDue,  // where enough RAW chunks stand side by side
  kRaw,  // every sealed RAW chunk
  kAll,  // COMPACT chunks too, so that what came late is in its place
};

struct CompactionNeed {
  CompactionScope scope = CompactionScope::kDue;
  size_t due_chunks = 4;        // of kDue
  size_t run_chunks_max = 8;    // in one run, unless one place has more
  Horizon horizon = {};         // kAll: what it hides in one chunk is worth a run
  uint64_t after_sequence = 0;  // only chunks whose place is behind that of this RAW chunk
};

// The next chunks to be compacted together, in the order of flushes: sealed ones that are
// neighbours there, few enough for a run of limited length. Chunks of one place go together, since
// each may hold earlier versions of what the others would seem to be older than. Empty: nothing to
// do.
ChunkList SelectForCompaction(const ChunkList& chunks, const CompactionNeed& need);

// Those of `chunks` that may hold earlier versions of what `inputs` hold.
ChunkList OlderThan(const ChunkList& inputs, const ChunkList& chunks);

// The place of what `inputs` become.
SourceRange PlaceOfAll(const ChunkList& inputs);

}  // namespace xtdb
