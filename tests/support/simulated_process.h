#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace xtdb {

// A file system as one process among several sees it: what is opened through it ends with Kill(),
// locks included, as at a kill -9. What was written stays. Objects that used it may live on, but
// must not be used any more, and be destroyed only after everything has been looked at: a
// destructor does what a killed process cannot.
//
// Ownership: borrows `fs`.
// Threads:   as `fs`.
class SimulatedProcess final : public FileSystem {
 public:
  explicit SimulatedProcess(FileSystem& fs) : fs_(fs) {}
  void Kill();
  // Kills it before the nth change of a file from now on; 1 is the next.
  void KillBefore(uint64_t nth);
  // What others do just before this one asks for the lock at `offset` the next time.
  void BeforeLock(uint64_t offset, std::function<void()> what);
  // Lets the nth change of a file from now on fail, and all later ones if `sticky`.
  void FailChange(uint64_t nth, bool sticky);
  bool killed() const { return !CheckAlive().ok(); }

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<std::unique_ptr<SharedMapping>> MapShared(const std::string& path, size_t size_bytes,
                                                   OpenMode mode) override;
  Status Remove(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  bool Exists(const std::string& path) override { return fs_.Exists(path); }
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<FileIdentity> Identify(const std::string& path) override;
  Result<std::string> ResolvePath(const std::string& path) override;
  Status CheckLocal(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override;

 private:
  friend class ProcessFile;
  Status CheckAlive() const;
  Status NoteChange();
  void NoteLock(uint64_t offset);

  FileSystem& fs_;
  mutable std::mutex mutex_;
  std::set<class ProcessFile*> files_;  // guarded by mutex_
  bool killed_ = false;                 // guarded by mutex_
  uint64_t changes_left_ = 0;           // guarded by mutex_; 0: no kill is due
  struct Failing {
    uint64_t in = 0;  // 1: the next change; 0: none
    bool sticky = false;
  };
  Failing failing_;                    // guarded by mutex_
  uint64_t lock_offset_ = 0;           // guarded by mutex_
  std::function<void()> before_lock_;  // guarded by mutex_; null: nothing is due
};

}  // namespace xtdb
