#include "tests/support/watched_file_system.h"

#include "tests/support/join_parts.h"

namespace xtdb {

namespace {

class WatchedFile final : public File {
 public:
  WatchedFile(WatchedFileSystem& fs, std::unique_ptr<File> file)
      : fs_(fs), file_(std::move(file)) {}
  Status ReadAt(uint64_t o, std::span<std::byte> out) override { return file_->ReadAt(o, out); }
  Status WriteAt(uint64_t o, std::span<const std::byte> in) override {
    if (!fs_.within_write) return file_->WriteAt(o, in);
    const size_t half = in.size() / 2;
    XTDB_RETURN_IF_ERROR(file_->WriteAt(o, in.first(half)));
    const auto act = fs_.within_write;
    if (act) act(o, in.size());
    return file_->WriteAt(o + half, in.subspan(half));
  }
  Status WriteVAt(uint64_t o, std::span<const std::span<const std::byte>> parts) override {
    return fs_.within_write ? WriteAt(o, JoinParts(parts)) : file_->WriteVAt(o, parts);
  }
  Status Sync() override {
    if (fs_.before_sync) XTDB_RETURN_IF_ERROR(fs_.before_sync(path()));
    return file_->Sync();
  }
  Status Allocate(uint64_t o, uint64_t n) override { return file_->Allocate(o, n); }
  Status Punch(uint64_t o, uint64_t n) override { return file_->Punch(o, n); }
  Status Truncate(uint64_t n) override { return file_->Truncate(n); }
  Result<uint64_t> Size() override { return file_->Size(); }
  Result<uint64_t> AllocatedBytes() override { return file_->AllocatedBytes(); }
  Status TryLock(uint64_t o, LockKind k) override {
    const Status s = file_->TryLock(o, k);
    const auto act = fs_.after_lock;
    if (s.ok() && act) act(o);
    return s;
  }
  void Unlock(uint64_t o) override { file_->Unlock(o); }
  Result<bool> IsLockedElsewhere(uint64_t o, uint64_t n) override {
    return file_->IsLockedElsewhere(o, n);
  }
  Result<FileIdentity> Identity() override { return file_->Identity(); }
  const std::string& path() const override { return file_->path(); }

 private:
  WatchedFileSystem& fs_;
  std::unique_ptr<File> file_;
};

}  // namespace

Result<std::unique_ptr<File>> WatchedFileSystem::Open(const std::string& path, OpenMode mode) {
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs_.Open(path, mode));
  return std::unique_ptr<File>(std::make_unique<WatchedFile>(*this, std::move(file)));
}

}  // namespace xtdb
