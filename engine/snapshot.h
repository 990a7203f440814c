#pragma once

#include <memory>
#include <vector>

#include "engine/base/types.h"
#include "engine/chunk/chunk_store.h"
#include "engine/engine_state.h"

namespace xtdb {

class StorageEngine;

// What one statement sees of the committed points: everything up to one LSN. Keeps the engine, the
// chunk list and the buffers that it needs alive; its end lets them go. Threads: any.
class Snapshot {
 public:
  Snapshot(std::shared_ptr<StorageEngine> engine, std::shared_ptr<EngineState> state, LSN lsn,
           VisibleChunks visible);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  LSN lsn() const { return lsn_; }
  const ChunkList& chunks() const { return *visible_.chunks; }
  const Horizon& horizon() const { return visible_.horizon; }
  StorageEngine& engine() const { return *engine_; }
  const TagDictionary& tags() const { return state_->dictionary; }
  const MemBuffer& buffer() const { return state_->buffer; }

 private:
  const std::shared_ptr<StorageEngine> engine_;
  const std::shared_ptr<EngineState> state_;
  const LSN lsn_;
  const VisibleChunks visible_;
};

}  // namespace xtdb
