#include "engine/snapshot.h"

#include "engine/storage_engine.h"

namespace xtdb {

Snapshot::Snapshot(std::shared_ptr<StorageEngine> engine, std::shared_ptr<EngineState> state,
                   LSN lsn, std::shared_ptr<const ChunkList> chunks)
    : engine_(std::move(engine)), state_(std::move(state)), lsn_(lsn), chunks_(std::move(chunks)) {}

Snapshot::~Snapshot() { engine_->ReleaseSnapshot(lsn_, *state_); }

}  // namespace xtdb
