#include "tests/support/simulated_process.h"

namespace xtdb {

class ProcessFile final : public File {
 public:
  ProcessFile(SimulatedProcess& process, std::unique_ptr<File> file)
      : process_(process), path_(file->path()), file_(std::move(file)) {
    const std::lock_guard guard(process_.mutex_);
    process_.files_.insert(this);
  }
  ~ProcessFile() override {
    const std::lock_guard guard(process_.mutex_);
    process_.files_.erase(this);
  }
  void Close() { file_.reset(); }

  Status ReadAt(uint64_t offset, std::span<std::byte> out) override {
    return file_ ? file_->ReadAt(offset, out) : Dead();
  }
  Status WriteAt(uint64_t offset, std::span<const std::byte> in) override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->WriteAt(offset, in) : Dead();
  }
  Status WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->WriteVAt(offset, parts) : Dead();
  }
  Status Sync() override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->Sync() : Dead();
  }
  Status Allocate(uint64_t offset, uint64_t length) override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->Allocate(offset, length) : Dead();
  }
  Status Punch(uint64_t offset, uint64_t length) override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->Punch(offset, length) : Dead();
  }
  Status Truncate(uint64_t size_bytes) override {
    XTDB_RETURN_IF_ERROR(process_.NoteChange());
    return file_ ? file_->Truncate(size_bytes) : Dead();
  }
  Result<uint64_t> Size() override { return file_ ? file_->Size() : Dead(); }
  Result<uint64_t> AllocatedBytes() override { return file_ ? file_->AllocatedBytes() : Dead(); }
  Status TryLock(uint64_t offset, LockKind kind) override {
    process_.NoteLock(offset);
    return file_ ? file_->TryLock(offset, kind) : Dead();
  }
  void Unlock(uint64_t offset) override {
    if (file_) file_->Unlock(offset);
  }
  Result<bool> IsLockedElsewhere(uint64_t offset, uint64_t length) override {
    return file_ ? file_->IsLockedElsewhere(offset, length) : Dead();
  }
  Result<FileIdentity> Identity() override { return file_ ? file_->Identity() : Dead(); }
  const std::string& path() const override { return path_; }

 private:
  Status Dead() const { return Status::IoError(path_ + ": the process was killed"); }

  SimulatedProcess& process_;
  const std::string path_;
  std::unique_ptr<File> file_;
};

void SimulatedProcess::Kill() {
  const std::lock_guard guard(mutex_);
  killed_ = true;
  for (ProcessFile* const file : files_) file->Close();
}

void SimulatedProcess::KillBefore(uint64_t nth) {
  const std::lock_guard guard(mutex_);
  changes_left_ = nth;
}

void SimulatedProcess::BeforeLock(uint64_t offset, std::function<void()> what) {
  const std::lock_guard guard(mutex_);
  lock_offset_ = offset;
  before_lock_ = std::move(what);
}

void SimulatedProcess::NoteLock(uint64_t offset) {
  std::function<void()> what;
  {
    const std::lock_guard guard(mutex_);
    if (offset == lock_offset_) what.swap(before_lock_);
  }
  if (what) what();
}

void SimulatedProcess::FailChange(uint64_t nth, bool sticky) {
  const std::lock_guard guard(mutex_);
  failing_ = {nth, sticky};
}

Status SimulatedProcess::NoteChange() {
  {
    const std::lock_guard guard(mutex_);
    if (failing_.in == 1) {
      if (!failing_.sticky) failing_.in = 0;
      return Status::IoError("injected: the disk fails for this process");
    }
    if (failing_.in > 1) --failing_.in;
    if (changes_left_ == 0 || --changes_left_ != 0) return Status();
  }
  Kill();
  return Status();
}

Status SimulatedProcess::CheckAlive() const {
  const std::lock_guard guard(mutex_);
  return killed_ ? Status::IoError("the process was killed") : Status();
}

Result<std::unique_ptr<File>> SimulatedProcess::Open(const std::string& path, OpenMode mode) {
  XTDB_RETURN_IF_ERROR(CheckAlive());
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs_.Open(path, mode));
  return std::unique_ptr<File>(std::make_unique<ProcessFile>(*this, std::move(file)));
}

Result<std::unique_ptr<SharedMapping>> SimulatedProcess::MapShared(const std::string& path,
                                                                   size_t size_bytes,
                                                                   OpenMode mode) {
  XTDB_RETURN_IF_ERROR(CheckAlive());
  return fs_.MapShared(path, size_bytes, mode);
}

Status SimulatedProcess::Remove(const std::string& path) {
  XTDB_RETURN_IF_ERROR(NoteChange());
  XTDB_RETURN_IF_ERROR(CheckAlive());
  return fs_.Remove(path);
}

Status SimulatedProcess::Rename(const std::string& from, const std::string& to) {
  XTDB_RETURN_IF_ERROR(NoteChange());
  XTDB_RETURN_IF_ERROR(CheckAlive());
  return fs_.Rename(from, to);
}

Result<std::vector<std::string>> SimulatedProcess::List(const std::string& directory) {
  return fs_.List(directory);
}

Status SimulatedProcess::SyncDirectory(const std::string& directory) {
  XTDB_RETURN_IF_ERROR(CheckAlive());
  return fs_.SyncDirectory(directory);
}

Result<FileIdentity> SimulatedProcess::Identify(const std::string& path) {
  return fs_.Identify(path);
}

Result<std::string> SimulatedProcess::ResolvePath(const std::string& path) {
  return fs_.ResolvePath(path);
}

Status SimulatedProcess::CheckLocal(const std::string& directory) {
  return fs_.CheckLocal(directory);
}

Result<uint64_t> SimulatedProcess::FreeBytes(const std::string& directory) {
  return fs_.FreeBytes(directory);
}

}  // namespace xtdb
