#include <algorithm>

#include "engine/base/types.h"
#include "tests/support/faulty_core.h"
#include "tests/support/join_parts.h"

namespace xtdb {
namespace {

class FaultyFile final : public File {
 public:
  using Core = FaultyFileSystem::Core;

  // Called with the core's mutex held.
  FaultyFile(std::shared_ptr<Core> core, std::shared_ptr<FaultyInode> inode, std::string path,
             bool writable)
      : core_(std::move(core)),
        inode_(std::move(inode)),
        path_(std::move(path)),
        normal_path_(NormalizePath(path_)),
        writable_(writable),
        handle_(core_->next_handle++),
        generation_(core_->generation) {
    ++inode_->handles;
  }
  ~FaultyFile() override {
    const std::lock_guard guard(core_->mutex);
    if (generation_ != core_->generation) return;
    std::erase_if(inode_->locks, [&](const auto& lock) { return lock.handle == handle_; });
    --inode_->handles;
    core_->Sweep();
  }

  Status ReadAt(uint64_t offset, std::span<std::byte> out) override {
    std::unique_lock lock(core_->mutex);
    XTDB_RETURN_IF_ERROR(Begin(lock, FileOperation::kRead, offset, out.size()).status);
    const uint64_t size = inode_->current.size();
    if (!out.empty() && (offset > size || out.size() > size - offset)) {
      return Status::Corruption("read " + path_ + " at " + std::to_string(offset) + ": ends at " +
                                std::to_string(size));
    }
    inode_->current.Read(offset, out);
    return {};
  }

  Status WriteAt(uint64_t offset, std::span<const std::byte> in) override {
    std::unique_lock lock(core_->mutex);
    const Core::Verdict verdict = Begin(lock, FileOperation::kWrite, offset, in.size());
    XTDB_RETURN_IF_ERROR(CheckWritable("write", verdict));
    if (!verdict.status.ok()) {
      if (verdict.partial) Put(offset, in.first(core_->random() % (in.size() + 1)));
      return verdict.status;
    }
    const size_t fits = SizeThatFits(offset, in.size());
    Put(offset, in.first(fits));
    return fits == in.size() ? Status() : NoSpace("write", offset + fits);
  }

  // One operation, as a single write of all parts: so it fails, is torn and runs out of space
  // anywhere, also in the middle of a part.
  Status WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) override {
    return WriteAt(offset, JoinParts(parts));
  }

  Status Sync() override {
    std::unique_lock lock(core_->mutex);
    const Core::Verdict verdict = Begin(lock, FileOperation::kSync, 0, 0);
    XTDB_RETURN_IF_ERROR(CheckAlive());
    if (!verdict.status.ok()) {
      for (ByteChange& change : inode_->pending) {
        change.lost = change.lost || core_->random() % 2 == 0;
      }
      return verdict.status;
    }
    for (const ByteChange& change : inode_->pending) {
      if (!change.lost) ApplyChange(inode_->durable, change);
    }
    inode_->pending.clear();
    return {};
  }

  Status Allocate(uint64_t offset, uint64_t length) override {
    std::unique_lock lock(core_->mutex);
    const Core::Verdict verdict = Begin(lock, FileOperation::kAllocate, offset, length);
    XTDB_RETURN_IF_ERROR(CheckWritable("allocate", verdict));
    XTDB_RETURN_IF_ERROR(verdict.status);
    if (inode_->current.BytesToAllocate(offset, length) > core_->FreeBytes()) {
      return NoSpace("allocate", offset);
    }
    core_->Change(*inode_, {FileOperation::kAllocate, offset, length, nullptr});
    return {};
  }

  Status Punch(uint64_t offset, uint64_t length) override {
    return ChangeSpace(FileOperation::kPunch, "punch", offset, length);
  }
  Status Truncate(uint64_t size_bytes) override {
    return ChangeSpace(FileOperation::kTruncate, "truncate", 0, size_bytes);
  }

  Result<uint64_t> Size() override {
    const std::lock_guard guard(core_->mutex);
    XTDB_RETURN_IF_ERROR(CheckAlive());
    return inode_->current.size();
  }
  Result<uint64_t> AllocatedBytes() override {
    const std::lock_guard guard(core_->mutex);
    XTDB_RETURN_IF_ERROR(CheckAlive());
    return inode_->current.allocated_bytes();
  }

  Status TryLock(uint64_t offset, LockKind kind) override {
    std::unique_lock lock(core_->mutex);
    XTDB_RETURN_IF_ERROR(Begin(lock, FileOperation::kLock, offset, 1).status);
    if (kind == LockKind::kExclusive && !writable_) {
      return Status::ReadOnly("lock " + path_ + ": opened for reading");
    }
    for (const auto& held : inode_->locks) {
      const bool shared = kind == LockKind::kShared && held.kind == LockKind::kShared;
      if (held.offset == offset && held.handle != handle_ && !shared) {
        return Status::Busy("lock " + path_ + " at " + std::to_string(offset) + ": held");
      }
    }
    Release(offset);
    inode_->locks.push_back({offset, handle_, kind});
    return {};
  }

  void Unlock(uint64_t offset) override {
    const std::lock_guard guard(core_->mutex);
    if (CheckAlive().ok()) Release(offset);
  }

  Result<bool> IsLockedElsewhere(uint64_t offset, uint64_t length) override {
    const std::lock_guard guard(core_->mutex);
    XTDB_RETURN_IF_ERROR(CheckAlive());
    return std::any_of(inode_->locks.begin(), inode_->locks.end(), [&](const auto& lock) {
      return lock.handle != handle_ && lock.kind == LockKind::kExclusive && lock.offset >= offset &&
             lock.offset - offset < length;
    });
  }
  Result<FileIdentity> Identity() override {
    const std::lock_guard guard(core_->mutex);
    XTDB_RETURN_IF_ERROR(CheckAlive());
    return core_->IdentityOf(*inode_);
  }

  const std::string& path() const override { return path_; }

 private:
  Core::Verdict Begin(std::unique_lock<std::mutex>& lock, FileOperation kind, uint64_t offset,
                      uint64_t length) {
    if (Status dead = CheckAlive(); !dead.ok()) return {dead, false};
    Core::Verdict verdict = core_->Begin(lock, kind, normal_path_, offset, length);
    // The hook may have crashed the file system.
    if (Status dead = CheckAlive(); !dead.ok()) return {dead, false};
    return verdict;
  }

  Status CheckAlive() const {
    if (generation_ == core_->generation) return {};
    return Status::IoError(path_ + ": open since before the crash");
  }
  Status CheckWritable(const char* operation, const Core::Verdict& verdict) const {
    XTDB_RETURN_IF_ERROR(CheckAlive());
    if (writable_ || !verdict.status.ok()) return {};
    return Status::IoError(std::string(operation) + " " + path_ + ": opened for reading");
  }
  Status NoSpace(const char* operation, uint64_t offset) const {
    return Status::ResourceExhausted(std::string(operation) + " " + path_ + " at " +
                                     std::to_string(offset) + ": No space left on device");
  }

  Status ChangeSpace(FileOperation kind, const char* operation, uint64_t offset, uint64_t length) {
    std::unique_lock lock(core_->mutex);
    const Core::Verdict verdict = Begin(lock, kind, offset, length);
    XTDB_RETURN_IF_ERROR(CheckWritable(operation, verdict));
    XTDB_RETURN_IF_ERROR(verdict.status);
    core_->Change(*inode_, {kind, offset, length, nullptr});
    return {};
  }

  void Put(uint64_t offset, std::span<const std::byte> in) {
    if (in.empty()) return;
    auto bytes = std::make_shared<const std::vector<std::byte>>(in.begin(), in.end());
    core_->Change(*inode_, {FileOperation::kWrite, offset, in.size(), std::move(bytes)});
  }

  // Bytes of the write before the first page for which there is no room.
  size_t SizeThatFits(uint64_t offset, size_t size) const {
    uint64_t free = core_->FreeBytes();
    if (inode_->current.BytesToAllocate(offset, size) <= free) return size;
    for (uint64_t at = offset; at < offset + size;) {
      const uint64_t needed = inode_->current.BytesToAllocate(at, 1);
      if (needed > free) return at - offset;
      free -= needed;
      at = (at / SparseBytes::kPageBytes + 1) * SparseBytes::kPageBytes;
    }
    return size;
  }

  void Release(uint64_t offset) {
    std::erase_if(inode_->locks, [&](const auto& lock) {
      return lock.offset == offset && lock.handle == handle_;
    });
  }

  const std::shared_ptr<Core> core_;
  const std::shared_ptr<FaultyInode> inode_;
  const std::string path_;
  const std::string normal_path_;
  const bool writable_;
  const uint64_t handle_;
  const uint64_t generation_;
};

}  // namespace

std::unique_ptr<File> OpenFaultyFile(std::shared_ptr<FaultyFileSystem::Core> core,
                                     std::shared_ptr<FaultyInode> inode, std::string path,
                                     bool writable) {
  return std::make_unique<FaultyFile>(std::move(core), std::move(inode), std::move(path), writable);
}

}  // namespace xtdb
