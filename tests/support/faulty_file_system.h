#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "engine/io/file_system.h"

namespace xtdb {

enum class FileOperation : uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kAllocate,
  kPunch,
  kTruncate,
  kLock,
  kRemove,
  kRename,
  kSyncDirectory,
};
using OperationMask = uint32_t;
constexpr OperationMask MaskOf(FileOperation kind) {
  return OperationMask{1} << static_cast<unsigned>(kind);
}
inline constexpr OperationMask kAnyOperation = ~OperationMask{0};
// What can change the state that a crash leaves; an open counts since it may create.
inline constexpr OperationMask kMutations =
    kAnyOperation & ~MaskOf(FileOperation::kRead) & ~MaskOf(FileOperation::kLock);

struct OperationRecord {
  uint64_t number;  // 1 for the first operation of the file system's life
  FileOperation kind;
  std::string path;  // normalized; the old name of a rename
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct Fault {
  uint64_t nth = 1;  // among the operations from now on that match; 1 is the next
  Status status = Status::IoError("injected fault");
  bool sticky = false;  // goes on failing after the nth
  OperationMask kinds = kAnyOperation;
  std::string path_suffix = "";  // "-wal": only files whose path ends so
  bool partial = false;          // a write puts down a seeded prefix before it fails
};

enum class CrashPolicy : uint8_t {
  kKeepAll,  // as a kill of the process: the kernel still writes everything
  kDropAll,  // nothing that was not synced is left
  kRandom,   // each unsynced write, by seed: kept, dropped, or torn at sectors of 512 bytes; each
             // creation, removal and rename of an unsynced directory: kept or undone
};

// A file system in memory that fails on demand and loses power. Every directory exists. Relative
// paths start at "/". The same seed and calls give the same faults and crashes.
//
//   FaultyFileSystem fs(seed);
//   fs.Inject({.nth = 3, .status = Status::IoError("disk"), .kinds =
//   MaskOf(FileOperation::kSync)});
//   ...
//   fs.Crash(CrashPolicy::kRandom, seed);  // open files now fail; destroy them, then open anew
//
// After an injected failure of a sync, each write that it should have made durable is, by seed,
// lost for ever (readers still see it until the crash), as after a real fsync error.
//
// Ownership: files keep what they need alive, and may outlive the file system.
// Threads:   any.
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(uint64_t seed = 0);
  ~FaultyFileSystem() override;

  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  // The memory behaves as the kernel's: a killed process leaves it, a crash may lose it.
  Result<std::unique_ptr<SharedMapping>> MapShared(const std::string& path, size_t size_bytes,
                                                   OpenMode mode) override;
  Status Remove(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  bool Exists(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& directory) override;
  Status SyncDirectory(const std::string& directory) override;
  Result<FileIdentity> Identify(const std::string& path) override;
  Result<std::string> ResolvePath(const std::string& path) override;
  Status CheckLocal(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override;  // of SetCapacity

  // Faults. Several may be pending; the first that matches decides.
  void Inject(Fault fault);
  void FailNth(uint64_t nth, Status status, OperationMask kinds = kAnyOperation,
               bool sticky = false);
  void ClearFaults();
  // Allocate, and what of a write needs new pages beyond `bytes`, fail with kResourceExhausted; a
  // write puts down what fits. May be raised and lowered at any time.
  void SetCapacity(uint64_t bytes);
  uint64_t UsedBytes() const;         // of all files, also removed ones that are still open
  void SetReadOnly(bool read_only);   // of the whole file system, for opens from now on
  void SetCheckLocal(Status status);  // what CheckLocal answers

  // What was done so far.
  uint64_t operation_count() const;
  std::vector<OperationRecord> operations() const;
  // Called before each operation that `kinds` names takes effect, in its thread and without any
  // lock held: it may Clone() this file system. Empty: none.
  using Hook = std::function<void(const OperationRecord&)>;
  void SetHook(Hook hook, OperationMask kinds = kMutations);

  // Deep copy of durable and pending state, at little cost. It has no open files, locks, faults,
  // hook or records; capacity and settings are as here.
  std::unique_ptr<FaultyFileSystem> Clone() const;
  // Power loss and restart. Every open file fails with kIoError from now on, locks are gone, faults
  // are cleared; what is left is durable.
  void Crash(CrashPolicy policy, uint64_t seed = 0);

  // Bytes of a file that must exist, past faults, records and crashes: changes are durable at once.
  std::vector<std::byte> ReadWhole(const std::string& path) const;
  void WriteWhole(const std::string& path, std::span<const std::byte> bytes);  // creates it
  void FlipBits(const std::string& path, uint64_t offset, std::byte mask);
  void TruncateTo(const std::string& path, uint64_t size_bytes);
  void AddHardLink(const std::string& path, const std::string& name);

  struct Core;

 private:
  explicit FaultyFileSystem(std::shared_ptr<Core> core);

  const std::shared_ptr<Core> core_;
};

// Runs `script` on `fs` and, before each mutating operation and once at the end, hands `check` a
// clone of `fs` to crash and reopen. `next` is the operation that never happened; at the end its
// kind is kOpen and its path empty.
void ForEachCrashPoint(
    FaultyFileSystem& fs, const std::function<void()>& script,
    const std::function<void(FaultyFileSystem& clone, const OperationRecord& next)>& check);

}  // namespace xtdb
