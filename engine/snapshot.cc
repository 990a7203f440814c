#include "engine/snapshot.h"

#include "engine/storage_engine.h"

namespace xtdb {

Snapshot::Snapshot(std::shared_ptr<StorageEngine> engine, std::shared_ptr<EngineState> state,
                   LSN lsn, VisibleChunks visible)
    : engine_(std::move(engine)),
      state_(std::move(state)),
      lsn_(lsn),
      visible_(std::move(visible)) {}

Snapshot::~Snapshot() { engine_->ReleaseSnapshot(lsn_, *state_); }

}  // namespace xtdb
