#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/faulty_file_system.h"
#include "tests/support/sparse_bytes.h"

namespace xtdb {

// One change of a file's bytes that is visible but not yet durable.
struct ByteChange {
  FileOperation kind;
  uint64_t offset;
  uint64_t length;
  std::shared_ptr<const std::vector<std::byte>> bytes;  // of a write
  bool lost = false;  // a failed sync dropped it: no later sync makes it durable
};

struct FaultyInode {
  uint64_t id = 0;
  SparseBytes current;
  SparseBytes durable;
  std::vector<ByteChange> pending;
  struct Lock {
    uint64_t offset;
    uint64_t handle;
    File::LockKind kind;
  };
  std::vector<Lock> locks;
  // What a mapping of the file shares; not seen by reads of the file, nor the other way round.
  std::shared_ptr<std::vector<uint64_t>> shared;
  int handles = 0;
};

// One change of the names that is visible but whose directory is not yet synced.
struct NameChange {
  FileOperation kind;  // kOpen creates
  std::string path;
  std::string to;  // of a rename
  uint64_t inode;
};

using Names = std::map<std::string, uint64_t>;  // path to inode

// What the file system and its open files share. Members are guarded by `mutex`.
struct FaultyFileSystem::Core {
  mutable std::mutex mutex;
  std::mt19937_64 random;
  std::map<uint64_t, std::shared_ptr<FaultyInode>> inodes;
  Names names;
  Names durable_names;
  std::vector<NameChange> pending_names;
  uint64_t next_inode = 1;
  uint64_t next_handle = 1;
  uint64_t generation = 0;  // of crashes; a file of an earlier one is dead
  uint64_t capacity_bytes = std::numeric_limits<uint64_t>::max();
  bool read_only = false;
  Status check_local;

  std::vector<Fault> faults;
  std::vector<OperationRecord> records;
  Hook hook;
  OperationMask hook_kinds = 0;

  struct Verdict {
    Status status;
    bool partial = false;
  };
  // Records the operation, calls the hook without the lock, decides about faults.
  Verdict Begin(std::unique_lock<std::mutex>& lock, FileOperation kind, const std::string& path,
                uint64_t offset = 0, uint64_t length = 0);
  uint64_t UsedBytes() const;
  // Bytes that may still be allocated.
  uint64_t FreeBytes() const;
  FileIdentity IdentityOf(const FaultyInode& inode) const;
  // Null if there is none.
  std::shared_ptr<FaultyInode> Find(const std::string& path) const;
  std::shared_ptr<FaultyInode> MustFind(const std::string& path) const;
  std::shared_ptr<FaultyInode> Create(const std::string& path);
  // Makes the change visible and remembers it as pending.
  void Change(FaultyInode& inode, ByteChange change);
  void CrashBytes(FaultyInode& inode, CrashPolicy policy, std::mt19937_64& seeded);
  void CrashNames(CrashPolicy policy, std::mt19937_64& seeded);
  // Forgets inodes that no name, durable name or open file leads to.
  void Sweep();
};

std::string NormalizePath(const std::string& path);
void ApplyChange(SparseBytes& bytes, const ByteChange& change);
void ApplyChange(Names& names, const NameChange& change);
std::unique_ptr<File> OpenFaultyFile(std::shared_ptr<FaultyFileSystem::Core> core,
                                     std::shared_ptr<FaultyInode> inode, std::string path,
                                     bool writable);

}  // namespace xtdb
