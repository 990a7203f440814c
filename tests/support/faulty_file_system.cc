#include "tests/support/faulty_file_system.h"

#include <algorithm>

#include "tests/support/faulty_core.h"

namespace xtdb {
namespace {

Status NoSuchFile(const char* operation, const std::string& path) {
  return Status::NotFound(std::string(operation) + " " + path + ": No such file or directory");
}

Status ReadOnlyFileSystem(const char* operation, const std::string& path) {
  return Status::ReadOnly(std::string(operation) + " " + path + ": Read-only file system");
}

Status NoSpace(const char* operation, const std::string& path) {
  return Status::ResourceExhausted(std::string(operation) + " " + path +
                                   ": No space left on device");
}

class HeapMapping final : public SharedMapping {
 public:
  explicit HeapMapping(std::shared_ptr<std::vector<uint64_t>> words) : words_(std::move(words)) {}
  std::span<std::byte> bytes() override { return std::as_writable_bytes(std::span(*words_)); }

 private:
  const std::shared_ptr<std::vector<uint64_t>> words_;
};

}  // namespace

FaultyFileSystem::FaultyFileSystem(uint64_t seed) : core_(std::make_shared<Core>()) {
  core_->random.seed(seed);
}
FaultyFileSystem::FaultyFileSystem(std::shared_ptr<Core> core) : core_(std::move(core)) {}
FaultyFileSystem::~FaultyFileSystem() = default;

Result<std::unique_ptr<File>> FaultyFileSystem::Open(const std::string& path, OpenMode mode) {
  const std::string normal = NormalizePath(path);
  std::unique_lock lock(core_->mutex);
  XTDB_RETURN_IF_ERROR(core_->Begin(lock, FileOperation::kOpen, normal).status);
  std::shared_ptr<FaultyInode> inode = core_->Find(normal);
  const bool creates = mode == OpenMode::kCreateNew || mode == OpenMode::kOpenOrCreate;
  if (inode == nullptr && !creates) return NoSuchFile("open", path);
  if (core_->read_only && mode != OpenMode::kReadOnly) return ReadOnlyFileSystem("open", path);
  if (inode != nullptr && mode == OpenMode::kCreateNew) {
    return Status::AlreadyExists("open " + path + ": File exists");
  }
  if (inode == nullptr) inode = core_->Create(normal);
  return OpenFaultyFile(core_, std::move(inode), path, mode != OpenMode::kReadOnly);
}

Result<std::unique_ptr<SharedMapping>> FaultyFileSystem::MapShared(const std::string& path,
                                                                   size_t size_bytes,
                                                                   OpenMode mode) {
  const std::string normal = NormalizePath(path);
  std::unique_lock lock(core_->mutex);
  XTDB_RETURN_IF_ERROR(core_->Begin(lock, FileOperation::kOpen, normal).status);
  std::shared_ptr<FaultyInode> inode = core_->Find(normal);
  if (inode == nullptr && mode == OpenMode::kReadOnly) return NoSuchFile("open", path);
  if (core_->read_only && mode != OpenMode::kReadOnly) return ReadOnlyFileSystem("open", path);
  if (inode == nullptr) inode = core_->Create(normal);
  if (inode->shared == nullptr) {
    if (size_bytes > core_->FreeBytes()) return NoSpace("allocate", path);
    inode->shared = std::make_shared<std::vector<uint64_t>>(size_bytes / sizeof(uint64_t));
  }
  return std::unique_ptr<SharedMapping>(std::make_unique<HeapMapping>(inode->shared));
}

Status FaultyFileSystem::Remove(const std::string& path) {
  const std::string normal = NormalizePath(path);
  std::unique_lock lock(core_->mutex);
  XTDB_RETURN_IF_ERROR(core_->Begin(lock, FileOperation::kRemove, normal).status);
  const auto name = core_->names.find(normal);
  if (name == core_->names.end()) return NoSuchFile("remove", path);
  if (core_->read_only) return ReadOnlyFileSystem("remove", path);
  core_->pending_names.push_back({FileOperation::kRemove, normal, "", name->second});
  core_->names.erase(name);
  return {};
}

Status FaultyFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::string normal_from = NormalizePath(from);
  const std::string normal_to = NormalizePath(to);
  std::unique_lock lock(core_->mutex);
  XTDB_RETURN_IF_ERROR(core_->Begin(lock, FileOperation::kRename, normal_from).status);
  const auto name = core_->names.find(normal_from);
  if (name == core_->names.end()) return NoSuchFile("rename", from);
  if (core_->read_only) return ReadOnlyFileSystem("rename", from);
  const NameChange change{FileOperation::kRename, normal_from, normal_to, name->second};
  ApplyChange(core_->names, change);
  core_->pending_names.push_back(change);
  return {};
}

bool FaultyFileSystem::Exists(const std::string& path) {
  const std::lock_guard guard(core_->mutex);
  return core_->Find(path) != nullptr;
}

Result<std::vector<std::string>> FaultyFileSystem::List(const std::string& directory) {
  const std::string normal = NormalizePath(directory);
  const std::lock_guard guard(core_->mutex);
  std::vector<std::string> listed;
  for (const auto& [path, inode] : core_->names) {
    if (DirectoryOf(path) == normal) listed.push_back(path.substr(path.find_last_of('/') + 1));
  }
  std::sort(listed.begin(), listed.end());
  return listed;
}

Status FaultyFileSystem::SyncDirectory(const std::string& directory) {
  const std::string normal = NormalizePath(directory);
  std::unique_lock lock(core_->mutex);
  XTDB_RETURN_IF_ERROR(core_->Begin(lock, FileOperation::kSyncDirectory, normal).status);
  std::erase_if(core_->pending_names, [&](const NameChange& change) {
    const bool here = DirectoryOf(change.path) == normal ||
                      (!change.to.empty() && DirectoryOf(change.to) == normal);
    if (here) ApplyChange(core_->durable_names, change);
    return here;
  });
  core_->Sweep();
  return {};
}

Result<FileIdentity> FaultyFileSystem::Identify(const std::string& path) {
  const std::lock_guard guard(core_->mutex);
  const std::shared_ptr<FaultyInode> inode = core_->Find(path);
  if (inode == nullptr) return NoSuchFile("stat", path);
  return core_->IdentityOf(*inode);
}

Result<std::string> FaultyFileSystem::ResolvePath(const std::string& path) {
  if (path.empty()) return Status::InvalidArgument("resolve path: it is empty");
  return NormalizePath(path);
}

Status FaultyFileSystem::CheckLocal(const std::string&) {
  const std::lock_guard guard(core_->mutex);
  return core_->check_local;
}

Result<uint64_t> FaultyFileSystem::FreeBytes(const std::string&) {
  const std::lock_guard guard(core_->mutex);
  return core_->FreeBytes();
}

void FaultyFileSystem::Inject(Fault fault) {
  XTDB_CHECK(fault.nth > 0 && !fault.status.ok());
  const std::lock_guard guard(core_->mutex);
  core_->faults.push_back(std::move(fault));
}

void FaultyFileSystem::FailNth(uint64_t nth, Status status, OperationMask kinds, bool sticky) {
  Inject({.nth = nth,
          .status = std::move(status),
          .sticky = sticky,
          .kinds = kinds,
          .path_suffix = "",
          .partial = false});
}

void FaultyFileSystem::ClearFaults() {
  const std::lock_guard guard(core_->mutex);
  core_->faults.clear();
}

void FaultyFileSystem::SetCapacity(uint64_t bytes) {
  const std::lock_guard guard(core_->mutex);
  core_->capacity_bytes = bytes;
}

uint64_t FaultyFileSystem::UsedBytes() const {
  const std::lock_guard guard(core_->mutex);
  return core_->UsedBytes();
}

void FaultyFileSystem::SetReadOnly(bool read_only) {
  const std::lock_guard guard(core_->mutex);
  core_->read_only = read_only;
}

void FaultyFileSystem::SetCheckLocal(Status status) {
  const std::lock_guard guard(core_->mutex);
  core_->check_local = std::move(status);
}

uint64_t FaultyFileSystem::operation_count() const {
  const std::lock_guard guard(core_->mutex);
  return core_->records.size();
}

std::vector<OperationRecord> FaultyFileSystem::operations() const {
  const std::lock_guard guard(core_->mutex);
  return core_->records;
}

void FaultyFileSystem::SetHook(Hook hook, OperationMask kinds) {
  const std::lock_guard guard(core_->mutex);
  core_->hook = std::move(hook);
  core_->hook_kinds = kinds;
}

std::unique_ptr<FaultyFileSystem> FaultyFileSystem::Clone() const {
  auto copy = std::make_shared<Core>();
  const std::lock_guard guard(core_->mutex);
  copy->random = core_->random;
  for (const auto& [id, inode] : core_->inodes) {
    auto cloned = std::make_shared<FaultyInode>(*inode);
    cloned->locks.clear();
    cloned->handles = 0;
    if (inode->shared) cloned->shared = std::make_shared<std::vector<uint64_t>>(*inode->shared);
    copy->inodes[id] = std::move(cloned);
  }
  copy->names = core_->names;
  copy->durable_names = core_->durable_names;
  copy->pending_names = core_->pending_names;
  copy->next_inode = core_->next_inode;
  copy->capacity_bytes = core_->capacity_bytes;
  copy->read_only = core_->read_only;
  copy->check_local = core_->check_local;
  return std::unique_ptr<FaultyFileSystem>(new FaultyFileSystem(std::move(copy)));
}

void FaultyFileSystem::Crash(CrashPolicy policy, uint64_t seed) {
  const std::lock_guard guard(core_->mutex);
  std::mt19937_64 seeded(seed);
  ++core_->generation;
  core_->faults.clear();
  core_->CrashNames(policy, seeded);
  for (const auto& [id, inode] : core_->inodes) core_->CrashBytes(*inode, policy, seeded);
  core_->Sweep();
}

std::vector<std::byte> FaultyFileSystem::ReadWhole(const std::string& path) const {
  const std::lock_guard guard(core_->mutex);
  const std::shared_ptr<FaultyInode> inode = core_->MustFind(path);
  std::vector<std::byte> bytes(inode->current.size());
  inode->current.Read(0, bytes);
  return bytes;
}

void FaultyFileSystem::WriteWhole(const std::string& path, std::span<const std::byte> bytes) {
  const std::lock_guard guard(core_->mutex);
  const std::string normal = NormalizePath(path);
  std::shared_ptr<FaultyInode> inode = core_->Find(normal);
  if (inode == nullptr) {
    inode = core_->Create(normal);
    ApplyChange(core_->durable_names, core_->pending_names.back());
    core_->pending_names.pop_back();
  }
  inode->pending.clear();
  inode->current = SparseBytes();
  inode->current.Write(0, bytes);
  inode->durable = inode->current;
}

void FaultyFileSystem::FlipBits(const std::string& path, uint64_t offset, std::byte mask) {
  const std::lock_guard guard(core_->mutex);
  const std::shared_ptr<FaultyInode> inode = core_->MustFind(path);
  XTDB_CHECK(offset < inode->current.size());
  for (SparseBytes* bytes : {&inode->current, &inode->durable}) {
    if (offset >= bytes->size()) continue;
    std::byte byte{};
    bytes->Read(offset, {&byte, 1});
    byte ^= mask;
    bytes->Write(offset, {&byte, 1});
  }
}

void FaultyFileSystem::TruncateTo(const std::string& path, uint64_t size_bytes) {
  const std::lock_guard guard(core_->mutex);
  const std::shared_ptr<FaultyInode> inode = core_->MustFind(path);
  inode->pending.clear();
  inode->current.Truncate(size_bytes);
  inode->durable = inode->current;
}

void FaultyFileSystem::AddHardLink(const std::string& path, const std::string& name) {
  const std::lock_guard guard(core_->mutex);
  const uint64_t inode = core_->MustFind(path)->id;
  core_->names[NormalizePath(name)] = inode;
  core_->durable_names[NormalizePath(name)] = inode;
}

void ForEachCrashPoint(
    FaultyFileSystem& fs, const std::function<void()>& script,
    const std::function<void(FaultyFileSystem& clone, const OperationRecord& next)>& check) {
  fs.SetHook([&](const OperationRecord& next) { check(*fs.Clone(), next); });
  script();
  fs.SetHook({});
  check(*fs.Clone(), {fs.operation_count() + 1, FileOperation::kOpen, ""});
}

}  // namespace xtdb
