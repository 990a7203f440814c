#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/io/file_system.h"

namespace xtdb {

// A File over a descriptor of the operating system.
//
// Ownership: owns the descriptor; closing it ends the file's locks. In a child after fork() it is
//            closed at once: an inherited descriptor would hold the parent's locks beyond its
//            death.
// Threads:   as File.
class PosixFile final : public File {
 public:
  // open: returns a descriptor, or -1 and errno; then null and that errno. fork() waits meanwhile:
  // a descriptor that nobody knows yet would live on in the child, with its locks.
  static std::unique_ptr<PosixFile> Make(std::string path, const std::function<int()>& open);
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Status ReadAt(uint64_t offset, std::span<std::byte> out) override;
  Status WriteAt(uint64_t offset, std::span<const std::byte> in) override;
  Status WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) override;
  Status Sync() override;
  Status Allocate(uint64_t offset, uint64_t length) override;
  Status Punch(uint64_t offset, uint64_t length) override;
  Status Truncate(uint64_t size_bytes) override;
  Result<uint64_t> Size() override;
  Result<uint64_t> AllocatedBytes() override;
  Status TryLock(uint64_t offset, LockKind kind) override;
  void Unlock(uint64_t offset) override;
  Result<bool> IsLockedElsewhere(uint64_t offset, uint64_t length) override;
  Result<FileIdentity> Identity() override;
  const std::string& path() const override { return path_; }
  int descriptor() const { return fd_; }
  int access() const;  // O_RDONLY or O_RDWR; -1 in a child after fork()

 private:
  explicit PosixFile(std::string path);
  // "write plant.xtdb at 16384: ..."
  Status Error(const char* operation, uint64_t offset, int error_number) const;
  // kInvalidArgument if an end of the range does not fit into off_t.
  Status CheckRange(const char* operation, uint64_t offset, uint64_t length) const;
  Status WriteZeros(uint64_t offset, uint64_t length);
  // For file systems that cannot allocate: writes zeros where the file has no bytes.
  Status AllocateByWriting(uint64_t offset, uint64_t length);

  const std::string path_;
  int fd_ = -1;  // also in a child after fork()
};

}  // namespace xtdb
