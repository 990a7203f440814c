#include "tests/support/faulty_core.h"

#include <algorithm>
#include <filesystem>
#include <set>

namespace xtdb {
namespace {

constexpr uint64_t kSectorBytes = 512;

// Applies a seeded part of a write: a prefix, or any subset, of the sectors that it touches.
void ApplyTorn(SparseBytes& bytes, const ByteChange& change, std::mt19937_64& seeded) {
  const uint64_t end = change.offset + change.length;
  const bool prefix = seeded() % 2 == 0;
  const uint64_t cut = change.offset + seeded() % (change.length + 1);
  for (uint64_t at = change.offset; at < end;) {
    const uint64_t next = std::min(end, (at / kSectorBytes + 1) * kSectorBytes);
    const bool keep = prefix ? next <= cut : seeded() % 2 == 0;
    if (keep) {
      bytes.Write(at, std::span(*change.bytes).subspan(at - change.offset, next - at));
    }
    at = next;
  }
}

}  // namespace

std::string NormalizePath(const std::string& path) {
  std::string normal = (std::filesystem::path("/") / path).lexically_normal().string();
  if (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

void ApplyChange(SparseBytes& bytes, const ByteChange& change) {
  switch (change.kind) {
    case FileOperation::kWrite:
      bytes.Write(change.offset, *change.bytes);
      break;
    case FileOperation::kAllocate:
      bytes.Allocate(change.offset, change.length);
      break;
    case FileOperation::kPunch:
      bytes.Punch(change.offset, change.length);
      break;
    default:
      XTDB_CHECK(change.kind == FileOperation::kTruncate);
      bytes.Truncate(change.length);
  }
}

// A change whose ground is missing, since an earlier one was undone, is undone too.
void ApplyChange(Names& names, const NameChange& change) {
  const auto found = names.find(change.path);
  const bool leads_there = found != names.end() && found->second == change.inode;
  if (change.kind == FileOperation::kOpen) {
    names.emplace(change.path, change.inode);
  } else if (change.kind == FileOperation::kRemove) {
    if (leads_there) names.erase(found);
  } else if (leads_there) {
    names.erase(found);
    names[change.to] = change.inode;
  }
}

FaultyFileSystem::Core::Verdict FaultyFileSystem::Core::Begin(std::unique_lock<std::mutex>& lock,
                                                              FileOperation kind,
                                                              const std::string& path,
                                                              uint64_t offset, uint64_t length) {
  records.push_back({records.size() + 1, kind, path, offset, length});
  if (hook && (hook_kinds & MaskOf(kind)) != 0) {
    const Hook called = hook;
    const OperationRecord record = records.back();
    lock.unlock();
    called(record);
    lock.lock();
  }
  for (Fault& fault : faults) {
    if ((fault.kinds & MaskOf(kind)) == 0 || !path.ends_with(fault.path_suffix)) continue;
    if (fault.nth > 1) {
      --fault.nth;
      continue;
    }
    if (fault.nth == 0) continue;  // spent
    if (!fault.sticky) fault.nth = 0;
    return {fault.status.WithContext(path), fault.partial};
  }
  return {};
}

uint64_t FaultyFileSystem::Core::UsedBytes() const {
  std::set<uint64_t> named;
  for (const auto& [path, inode] : names) named.insert(inode);
  uint64_t bytes = 0;
  for (const auto& [id, inode] : inodes) {
    if (inode->handles == 0 && !named.contains(id)) continue;
    bytes += inode->current.allocated_bytes();
    if (inode->shared) bytes += inode->shared->size() * sizeof(uint64_t);
  }
  return bytes;
}

uint64_t FaultyFileSystem::Core::FreeBytes() const {
  const uint64_t used = UsedBytes();
  return used < capacity_bytes ? capacity_bytes - used : 0;
}

FileIdentity FaultyFileSystem::Core::IdentityOf(const FaultyInode& inode) const {
  const auto links = std::count_if(names.begin(), names.end(),
                                   [&](const auto& name) { return name.second == inode.id; });
  return FileIdentity{1, inode.id, static_cast<uint64_t>(links)};
}

std::shared_ptr<FaultyInode> FaultyFileSystem::Core::Find(const std::string& path) const {
  const auto name = names.find(NormalizePath(path));
  return name == names.end() ? nullptr : inodes.at(name->second);
}

std::shared_ptr<FaultyInode> FaultyFileSystem::Core::MustFind(const std::string& path) const {
  std::shared_ptr<FaultyInode> inode = Find(path);
  XTDB_CHECK(inode != nullptr);
  return inode;
}

std::shared_ptr<FaultyInode> FaultyFileSystem::Core::Create(const std::string& path) {
  auto inode = std::make_shared<FaultyInode>();
  inode->id = next_inode++;
  inodes[inode->id] = inode;
  names[path] = inode->id;
  pending_names.push_back({FileOperation::kOpen, path, "", inode->id});
  return inode;
}

void FaultyFileSystem::Core::Change(FaultyInode& inode, ByteChange change) {
  ApplyChange(inode.current, change);
  inode.pending.push_back(std::move(change));
}

void FaultyFileSystem::Core::CrashBytes(FaultyInode& inode, CrashPolicy policy,
                                        std::mt19937_64& seeded) {
  // Percent kept and torn; drawn for each file, so that some seeds lose nearly all of one file and
  // nearly nothing of another.
  constexpr uint64_t kShares[][2] = {{0, 0}, {5, 5}, {50, 25}, {90, 5}, {100, 0}};
  const auto& [kept, torn] = kShares[seeded() % std::size(kShares)];
  for (const ByteChange& change : inode.pending) {
    if (change.lost || policy == CrashPolicy::kDropAll) continue;
    const uint64_t draw = policy == CrashPolicy::kKeepAll ? 0 : seeded() % 100;
    if (policy == CrashPolicy::kKeepAll || draw < kept) {
      ApplyChange(inode.durable, change);
    } else if (draw < kept + torn && change.kind == FileOperation::kWrite) {
      ApplyTorn(inode.durable, change, seeded);
    }
  }
  inode.pending.clear();
  inode.current = inode.durable;
  inode.locks.clear();
  inode.handles = 0;
  // The kernel may have written the pages or not; one that still maps them is of another life.
  if (inode.shared != nullptr) {
    const bool survives =
        policy == CrashPolicy::kKeepAll || (policy == CrashPolicy::kRandom && seeded() % 2 == 0);
    inode.shared = std::make_shared<std::vector<uint64_t>>(
        survives ? *inode.shared : std::vector<uint64_t>(inode.shared->size()));
  }
}

void FaultyFileSystem::Core::CrashNames(CrashPolicy policy, std::mt19937_64& seeded) {
  constexpr uint64_t kShares[] = {0, 50, 100};
  const uint64_t kept = kShares[seeded() % std::size(kShares)];
  for (const NameChange& change : pending_names) {
    const bool keep = policy == CrashPolicy::kKeepAll ||
                      (policy == CrashPolicy::kRandom && seeded() % 100 < kept);
    if (keep) ApplyChange(durable_names, change);
  }
  pending_names.clear();
  names = durable_names;
}

void FaultyFileSystem::Core::Sweep() {
  std::set<uint64_t> wanted;
  for (const auto& [path, inode] : names) wanted.insert(inode);
  for (const auto& [path, inode] : durable_names) wanted.insert(inode);
  for (const NameChange& change : pending_names) wanted.insert(change.inode);
  std::erase_if(inodes, [&](const auto& entry) {
    return entry.second->handles == 0 && !wanted.contains(entry.first);
  });
}

}  // namespace xtdb
