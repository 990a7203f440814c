#pragma once

#include <string>

#include "engine/base/status.h"
#include "engine/storage_engine.h"
#include "vtab/container_session.h"

namespace xtdb {

class Connection;

// The database of `schema` as the one that a transaction of `engine`, which has atomic_commit, is
// to commit with. kFailedPrecondition if either of them could lose what it has committed, with what
// to set.
Result<CommitPartner> FindCommitPartner(Connection& connection, const std::string& schema,
                                        const std::string& table, const StorageEngine& engine);

// An IsCommittedFn: asks the database of `schema` for what it has committed. True only once that
// survives power loss.
Result<bool> IsCommitted(Connection& connection, const std::string& schema,
                         const UndecidedTransaction& undecided);

}  // namespace xtdb
