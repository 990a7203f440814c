#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// The seam between the engine and the operating system: outside io/ the engine calls no open(),
// pwrite(), fsync() or time(). Tests put FaultyFileSystem behind it.

struct FileIdentity {  // of the file a path leads to, through symbolic links
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t hard_links = 1;
  bool IsSameFile(const FileIdentity& other) const {
    return device == other.device && inode == other.inode;
  }
  bool operator==(const FileIdentity&) const = default;
};

// Memory that all processes share which have mapped the same file. Ends with the object; the file
// stays. Threads: what is done with the bytes says it.
class SharedMapping {
 public:
  virtual ~SharedMapping() = default;
  virtual std::span<std::byte> bytes() = 0;  // aligned to 4 KiB; read-only if opened so
};

// One open file, addressed by byte.
// Threads: ReadAt from any thread; WriteAt, WriteVAt, Allocate, Punch, Truncate and Sync from one
//          at a time unless their ranges are disjoint.
// Errors:  messages name the path, the offset and the errno text. A short read is kCorruption
//          ("ends at ..."), no room is kResourceExhausted.
class File {
 public:
  virtual ~File() = default;
  virtual Status ReadAt(uint64_t offset, std::span<std::byte> out) = 0;  // fills `out` or fails
  virtual Status WriteAt(uint64_t offset,
                         std::span<const std::byte> in) = 0;  // a crash may tear it
  // As one WriteAt of `parts`, each behind the one before it: a crash may tear it anywhere, also
  // between two parts.
  virtual Status WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) = 0;
  // Data and what is needed to read it back (fdatasync). OK = every earlier WriteAt, WriteVAt,
  // Allocate and Truncate survives power loss. After an error, nothing may be assumed of any
  // earlier write; it is never kResourceExhausted, which would promise that trying again helps.
  virtual Status Sync() = 0;
  // Takes space for [offset, offset + length), growing the file; reads of new bytes give zeros.
  virtual Status Allocate(uint64_t offset, uint64_t length) = 0;
  // Gives the space of [offset, offset + length) back; reads give zeros. Where the file system
  // cannot punch holes, writes zeros.
  virtual Status Punch(uint64_t offset, uint64_t length) = 0;
  virtual Status Truncate(uint64_t size_bytes) = 0;
  virtual Result<uint64_t> Size() = 0;
  // Bytes of disk that the file takes (holes are not counted).
  virtual Result<uint64_t> AllocatedBytes() = 0;

  enum class LockKind : uint8_t { kShared, kExclusive };
  // Takes the byte-range lock [offset, offset + 1) of this open file (an OFD lock: it belongs to
  // the open file, not to the process or thread, and ends with it). Never waits: kBusy if held.
  virtual Status TryLock(uint64_t offset, LockKind kind) = 0;
  virtual void Unlock(uint64_t offset) = 0;
  // Whether an exclusive lock within [offset, offset + length) is held through another open file.
  virtual Result<bool> IsLockedElsewhere(uint64_t offset, uint64_t length) = 0;
  // Of this open file, whatever stands at its path now.
  virtual Result<FileIdentity> Identity() = 0;

  virtual const std::string& path() const = 0;
};

enum class OpenMode : uint8_t {
  kReadOnly,   // must exist
  kReadWrite,  // must exist
  kCreateNew,  // must not exist: kAlreadyExists
  kOpenOrCreate,
};

// Threads: any.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Files are opened close-on-exec. The caller syncs the directory after a creation that must last.
  virtual Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // Takes an open file that is not ours and does not close it, unless there are many: it may be a
  // database of SQLite, which would lose the locks that this process has on it. The next Open takes
  // it from here.
  virtual void KeepOpen(std::unique_ptr<File> file) { file.reset(); }
  // Maps the first `size_bytes` of the file, with disk space behind them (a full disk would kill
  // the process at a later access). kReadOnly: kNotFound if there is none, kCorruption if it is
  // shorter. kOpenOrCreate: a new or shorter file gets zeros.
  virtual Result<std::unique_ptr<SharedMapping>> MapShared(const std::string& path,
                                                           size_t size_bytes, OpenMode mode) = 0;
  virtual Status Remove(const std::string& path) = 0;  // kNotFound if there is none
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual bool Exists(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> List(const std::string& directory) = 0;  // names, sorted
  // Makes creations, removals and renames in `directory` survive power loss.
  virtual Status SyncDirectory(const std::string& directory) = 0;
  virtual Result<FileIdentity> Identify(const std::string& path) = 0;  // kNotFound if there is none
  // Absolute, symbolic links resolved; the last component need not exist.
  virtual Result<std::string> ResolvePath(const std::string& path) = 0;
  // kUnsupported if `directory` is on a network file system, whose locks cannot be trusted.
  virtual Status CheckLocal(const std::string& directory) = 0;
  // What this user may still take on the disk of `directory`.
  virtual Result<uint64_t> FreeBytes(const std::string& directory) = 0;
};

// The operating system's. Lives for ever.
FileSystem& PosixFileSystem();

std::string DirectoryOf(const std::string& path);  // "." for a bare name

}  // namespace xtdb
