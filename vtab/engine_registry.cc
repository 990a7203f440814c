#include "vtab/engine_registry.h"

#include <pthread.h>

#include <atomic>

#include "engine/base/cleanup.h"
#include "engine/io/clock.h"

namespace xtdb {

namespace {

std::atomic<FileSystem*> replaced_files = nullptr;
std::atomic<EngineRegistry*> registry_of_process = nullptr;

// A child after fork() gets its own: another thread may have had the lock of its parent's.
void MakeRegistry() { registry_of_process = new EngineRegistry; }

Status WithReadOnlyHint(const Status& status, bool read_only) {
  if (status.code() != StatusCode::kNotFound || !read_only) return status;
  return Status::NotFound(std::string(status.message()) + "; it is not made with read_only=on");
}

}  // namespace

FileSystem& ContainerFiles() {
  FileSystem* const replaced = replaced_files;
  return replaced == nullptr ? PosixFileSystem() : *replaced;
}

void ReplaceContainerFiles(FileSystem* fs) { replaced_files = fs; }

EngineHandle::~EngineHandle() {
  // A child after fork() has no threads and no locks of ours: it only lets go.
  if (engine_->forked()) return;
  const Status closed = CatchNoMemory(
      [this] { return remove_if_new_ ? engine_->CloseAndRemoveIfNew() : engine_->Close(); });
  IgnoreStatus(closed, "the log stays, and the next Open recovers from it");
  if (temporary_) {
    const Status removed =
        CatchNoMemory([this] { return ContainerFiles().Remove(engine_->path()); });
    IgnoreStatus(removed, "the system cleans its folder of temporary files");
  }
  engine_.reset();
  EngineRegistry::Instance().Closed(identity_);
}

EngineRegistry& EngineRegistry::Instance() {
  static const int registered = [] {
    MakeRegistry();
    return pthread_atfork(nullptr, nullptr, MakeRegistry);
  }();
  static_cast<void>(registered);
  return *registry_of_process;
}

void EngineRegistry::Closed(const Identity& identity) {
  {
    std::lock_guard lock(mutex_);
    handles_.erase(identity);
  }
  closed_.notify_all();
}

Result<std::shared_ptr<EngineHandle>> EngineRegistry::Open(const std::string& path,
                                                           const TableOptions& options,
                                                           Existence existence) {
  FileSystem& fs = ContainerFiles();
  // Outlives the lock: it may turn out to be the last share, whose end takes the lock, too.
  std::shared_ptr<EngineHandle> handle;
  std::unique_lock lock(mutex_);
  Result<FileIdentity> file = fs.Identify(path);
  while (file.ok()) {
    const auto found = handles_.find({file.value().device, file.value().inode});
    if (found == handles_.end()) break;
    handle = found->second.lock();
    if (handle != nullptr) {
      XTDB_RETURN_IF_ERROR(CheckSameOptions(options, handle->engine()));
      return handle;
    }
    closed_.wait(lock);
    file = fs.Identify(path);
  }
  EngineOptions engine_options = options.ToEngineOptions();
  engine_options.must_exist = existence == Existence::kMustExist;
  Result<std::shared_ptr<StorageEngine>> engine =
      StorageEngine::Open(fs, SystemClock(), path, engine_options);
  if (!engine.ok()) return WithReadOnlyHint(engine.status(), engine_options.read_only);
  XTDB_ASSIGN_OR_RETURN(const FileIdentity opened, fs.Identify(path));
  const Identity identity{opened.device, opened.inode};
  // The entry first: a share that ends here would wait for the lock.
  Handles entry;
  entry[identity];
  handle = std::make_shared<EngineHandle>(std::move(engine).value(), identity,
                                          existence == Existence::kTemporary);
  entry[identity] = handle;
  handles_.erase(identity);
  handles_.merge(entry);
  return handle;
}

}  // namespace xtdb
