#pragma once

#include <cstdint>

#include "engine/chunk/chunk_store.h"

namespace xtdb {

// Of `chunks` (by sequence) the sealed ones that can go because all their points are earlier than
// `before_us`, in the same order. A chunk stays if a chunk that stays, and that may be older in
// flush order, meets its times and tags: without the newer one, points that it has replaced or
// deleted would come back.
ChunkList SelectDroppable(const ChunkList& chunks, int64_t before_us);

}  // namespace xtdb
