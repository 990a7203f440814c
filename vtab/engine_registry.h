#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "engine/io/file_system.h"
#include "engine/storage_engine.h"
#include "vtab/table_options.h"

namespace xtdb {

// A share in an open container. The last one to go closes it, and removes it if it is temporary.
class EngineHandle {
 public:
  EngineHandle(std::shared_ptr<StorageEngine> engine, std::pair<uint64_t, uint64_t> identity,
               bool temporary)
      : engine_(std::move(engine)), identity_(identity), temporary_(temporary) {}
  ~EngineHandle();
  EngineHandle(const EngineHandle&) = delete;
  EngineHandle& operator=(const EngineHandle&) = delete;

  StorageEngine& engine() const { return *engine_; }
  bool temporary() const { return temporary_; }
  // At the end the container goes away if it is new: the CREATE that made it has been rolled back.
  void RemoveAtEndIfNew() { remove_if_new_ = true; }

 private:
  std::shared_ptr<StorageEngine> engine_;
  const std::pair<uint64_t, uint64_t> identity_;  // device, inode
  const bool temporary_;
  std::atomic<bool> remove_if_new_ = false;
};

enum class Existence : uint8_t { kMayCreate, kMustExist, kTemporary };

// Where containers are: the operating system's files, unless a test has put others in their place.
FileSystem& ContainerFiles();
// For tests, while this process has no container open; null: the operating system's again.
void ReplaceContainerFiles(FileSystem* fs);

// The containers that this process has open, by device and inode: connections and threads share
// them.
//
// Never destroyed, since connections may be closed while static objects go. A child after fork()
// begins with none.
// Threads: any.
class EngineRegistry {
 public:
  static EngineRegistry& Instance();
  // kInvalidArgument: it is open with other options. Else what StorageEngine::Open says.
  Result<std::shared_ptr<EngineHandle>> Open(const std::string& path, const TableOptions& options,
                                             Existence existence);

 private:
  friend class EngineHandle;
  using Identity = std::pair<uint64_t, uint64_t>;
  using Handles = std::map<Identity, std::weak_ptr<EngineHandle>>;
  void Closed(const Identity& identity);

  std::mutex mutex_;
  std::condition_variable closed_;
  // An expired one is being closed: its path may be opened only after that.
  Handles handles_;
};

}  // namespace xtdb
