#pragma once

#include "engine/buffer/mem_buffer.h"
#include "engine/catalog/tag_dictionary.h"
#include "engine/chunk/chunk_store.h"

namespace xtdb {

// What a process knows of its container as of one place in the log. It is carried on by later
// frames, and made anew when the process has fallen behind the checkpoint; a snapshot and a
// transaction keep the one that they began with.
struct EngineState {
  EngineState(Container& container, EventLog& events, bool repairs)
      : chunks(container, events, repairs) {}

  TagDictionary dictionary;
  MemBuffer buffer;
  ChunkStore chunks;
};

}  // namespace xtdb
