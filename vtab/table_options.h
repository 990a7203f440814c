#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/storage_engine.h"

namespace xtdb {

// What CREATE VIRTUAL TABLE ... USING xtdb(key=value, ...) states; an absent one is the
// container's, or the default.
struct TableOptions {
  std::optional<std::string> path;
  std::optional<Synchronous> synchronous;
  std::optional<uint64_t> buffer_bytes;
  std::optional<bool> read_only;
  std::optional<size_t> threads;
  std::optional<bool> auto_compaction;
  RequestedStorage storage;

  EngineOptions ToEngineOptions() const;
  // Of a table that was made before: xtdb_set may have changed what it states.
  void LeaveOutChangeable();
};

// `arguments` as SQLite cut them at the commas, behind module, database and table name.
Result<TableOptions> ParseTableOptions(std::span<const std::string_view> arguments);

// What xtdb_set is asked to change: one option of storage, as a table states it. kInvalidArgument:
// one that cannot be changed, or a wrong value.
Result<RequestedStorage> ParseStorageChange(std::string_view option, std::string_view value);

// kInvalidArgument, with both values, if `stated` asks for something else than the open engine
// does.
Status CheckSameOptions(const TableOptions& stated, const StorageEngine& engine);

std::string_view SynchronousName(Synchronous synchronous);

}  // namespace xtdb
