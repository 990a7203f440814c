#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace xtdb {

// Lets a test act just after a lock has been given, between two halves of a write, and before a
// sync.
class WatchedFileSystem final : public FileSystem {
 public:
  explicit WatchedFileSystem(FileSystem& fs) : fs_(fs) {}
  std::function<void(uint64_t offset)> after_lock;
  std::function<void(uint64_t offset, size_t size)> within_write;
  // Instead of the sync of a file or folder, unless OK.
  std::function<Status(const std::string& path)> before_sync;

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  Result<std::unique_ptr<SharedMapping>> MapShared(const std::string& p, size_t n,
                                                   OpenMode m) override {
    return fs_.MapShared(p, n, m);
  }
  Status Remove(const std::string& p) override { return fs_.Remove(p); }
  Status Rename(const std::string& a, const std::string& b) override { return fs_.Rename(a, b); }
  bool Exists(const std::string& p) override { return fs_.Exists(p); }
  Result<std::vector<std::string>> List(const std::string& d) override { return fs_.List(d); }
  Status SyncDirectory(const std::string& d) override {
    if (before_sync) XTDB_RETURN_IF_ERROR(before_sync(d));
    return fs_.SyncDirectory(d);
  }
  Result<FileIdentity> Identify(const std::string& p) override { return fs_.Identify(p); }
  Result<std::string> ResolvePath(const std::string& p) override { return fs_.ResolvePath(p); }
  Status CheckLocal(const std::string& d) override { return fs_.CheckLocal(d); }
  Result<uint64_t> FreeBytes(const std::string& d) override { return fs_.FreeBytes(d); }

 private:
  FileSystem& fs_;
};

}  // namespace xtdb
