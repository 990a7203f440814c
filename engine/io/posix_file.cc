#include "engine/io/posix_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <limits>
#include <mutex>
#include <set>
#include <utility>

#include "engine/base/types.h"

namespace xtdb {
namespace {

bool IsNotSupported(int error_number) {
  return error_number == EOPNOTSUPP || error_number == ENOSYS || error_number == EINVAL;
}

struct flock ByteLock(uint64_t offset, int type, uint64_t length = 1) {
  struct flock lock {};
  lock.l_type = static_cast<short>(type);
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(offset);
  lock.l_len = static_cast<off_t>(length);
  return lock;
}

// Any number up to IOV_MAX is right; this one takes 4 KiB of the stack.
constexpr size_t kPartsOfOneCall = std::min<size_t>(256, IOV_MAX);

// As many of `parts`, but the first `done` bytes, as one call takes; returns their number, > 0
// unless nothing is left.
size_t FillVectors(std::span<const std::span<const std::byte>> parts, size_t done,
                   std::array<struct iovec, kPartsOfOneCall>& vectors) {
  size_t count = 0;
  uint64_t bytes = 0;
  for (const std::span<const std::byte> part : parts) {
    const std::span<const std::byte> rest = part.subspan(done);
    done = 0;
    if (rest.empty()) continue;
    // The kernel refuses a call whose lengths do not add up to a ssize_t.
    if (count == vectors.size() || rest.size() > static_cast<uint64_t>(SSIZE_MAX) - bytes) break;
    bytes += rest.size();
    // The kernel only reads what iov_base names; its type serves reading and writing calls alike.
    vectors[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
  }
  return count;
}

// The descriptors that a child must close. Never destroyed: files may be closed after main.
struct OpenDescriptors {
  std::mutex mutex;
  std::set<int*> all;  // guarded by mutex, which is held across fork()

  static OpenDescriptors& Instance() {
    static OpenDescriptors& instance = *new OpenDescriptors;
    return instance;
  }
  OpenDescriptors() { pthread_atfork(LockAll, UnlockAll, CloseAll); }
  static void LockAll() { Instance().mutex.lock(); }
  static void UnlockAll() { Instance().mutex.unlock(); }
  static void CloseAll() {
    for (int* const descriptor : Instance().all) {
      ::close(*descriptor);
      *descriptor = -1;
    }
    Instance().all.clear();
    Instance().mutex.unlock();
  }
};

}  // namespace

std::unique_ptr<PosixFile> PosixFile::Make(std::string path, const std::function<int()>& open) {
  std::unique_ptr<PosixFile> file(new PosixFile(std::move(path)));
  int error = 0;
  {
    const std::lock_guard guard(OpenDescriptors::Instance().mutex);
    file->fd_ = open();
    error = errno;
  }
  if (file->fd_ < 0) file.reset();
  errno = error;
  return file;
}

PosixFile::PosixFile(std::string path) : path_(std::move(path)) {
  OpenDescriptors& open = OpenDescriptors::Instance();
  const std::lock_guard guard(open.mutex);
  open.all.insert(&fd_);
}

PosixFile::~PosixFile() {
  {
    OpenDescriptors& open = OpenDescriptors::Instance();
    const std::lock_guard guard(open.mutex);
    open.all.erase(&fd_);
  }
  if (fd_ >= 0) ::close(fd_);
}

int PosixFile::access() const {
  const int flags = ::fcntl(fd_, F_GETFL);
  return flags < 0 ? -1 : flags & O_ACCMODE;
}

Status PosixFile::Error(const char* operation, uint64_t offset, int error_number) const {
  return Status::FromErrno(std::string(operation) + " " + path_ + " at " + std::to_string(offset),
                           error_number);
}

Status PosixFile::CheckRange(const char* operation, uint64_t offset, uint64_t length) const {
  constexpr auto kEndMax = static_cast<uint64_t>(std::numeric_limits<off_t>::max());
  if (offset <= kEndMax && length <= kEndMax - offset) return {};
  return Status::InvalidArgument(std::string(operation) + " " + path_ + " at " +
                                 std::to_string(offset) + ": " + std::to_string(length) +
                                 " bytes end beyond what a file can hold");
}

Status PosixFile::ReadAt(uint64_t offset, std::span<std::byte> out) {
  XTDB_RETURN_IF_ERROR(CheckRange("read", offset, out.size()));
  while (!out.empty()) {
    const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0) {
      if (errno == EINTR) continue;
      return Error("read", offset, errno);
    }
    if (got == 0) {
      return Status::Corruption("read " + path_ + ": ends at " + std::to_string(offset) + ", " +
                                std::to_string(out.size()) + " bytes short");
    }
    offset += static_cast<uint64_t>(got);
    out = out.subspan(static_cast<size_t>(got));
  }
  return {};
}

Status PosixFile::WriteAt(uint64_t offset, std::span<const std::byte> in) {
  XTDB_RETURN_IF_ERROR(CheckRange("write", offset, in.size()));
  while (!in.empty()) {
    const ssize_t put = ::pwrite(fd_, in.data(), in.size(), static_cast<off_t>(offset));
    if (put < 0) {
      if (errno == EINTR) continue;
      return Error("write", offset, errno);
    }
    if (put == 0) return Error("write", offset, EIO);  // would otherwise be tried for ever
    offset += static_cast<uint64_t>(put);
    in = in.subspan(static_cast<size_t>(put));
  }
  return {};
}

Status PosixFile::WriteVAt(uint64_t offset, std::span<const std::span<const std::byte>> parts) {
  uint64_t length = 0;
  for (const std::span<const std::byte> part : parts) length += part.size();
  XTDB_RETURN_IF_ERROR(CheckRange("write", offset, length));
  size_t done = 0;  // bytes of parts.front() that are written
  while (length > 0) {
    std::array<struct iovec, kPartsOfOneCall> vectors;
    const size_t count = FillVectors(parts, done, vectors);
    const ssize_t put =
        ::pwritev(fd_, vectors.data(), static_cast<int>(count), static_cast<off_t>(offset));
    if (put < 0) {
      if (errno == EINTR) continue;
      return Error("write", offset, errno);
    }
    if (put == 0) return Error("write", offset, EIO);  // would otherwise be tried for ever
    const auto written = static_cast<uint64_t>(put);
    offset += written;
    length -= written;
    for (done += written; !parts.empty() && done >= parts.front().size();) {
      done -= parts.front().size();
      parts = parts.subspan(1);
    }
  }
  return {};
}

Status PosixFile::Sync() {
  int result = 0;
  do {
    result = ::fdatasync(fd_);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return Status();
  // Whatever the reason, pages may be lost: a full disk that shows only here is no passing state
  // either.
  return Status::IoError(std::string(Status::FromErrno("sync " + path_, errno).message()));
}

Status PosixFile::WriteZeros(uint64_t offset, uint64_t length) {
  static constexpr std::array<std::byte, 64 * kKiB> kZeros{};
  while (length > 0) {
    const uint64_t step = std::min<uint64_t>(length, kZeros.size());
    XTDB_RETURN_IF_ERROR(WriteAt(offset, std::span(kZeros).first(step)));
    offset += step;
    length -= step;
  }
  return {};
}

Status PosixFile::AllocateByWriting(uint64_t offset, uint64_t length) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, Size());
  const uint64_t end = offset + length;
  // Bytes below the old end may hold data, so they are left alone, holes included.
  const uint64_t begin = std::max(offset, size);
  return begin < end ? WriteZeros(begin, end - begin) : Status();
}

Status PosixFile::Allocate(uint64_t offset, uint64_t length) {
  XTDB_RETURN_IF_ERROR(CheckRange("allocate", offset, length));
  if (length == 0) return {};
  int error = 0;
  do {
    error = ::fallocate(fd_, 0, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0
                ? 0
                : errno;
  } while (error == EINTR);
  if (IsNotSupported(error)) return AllocateByWriting(offset, length);
  return error == 0 ? Status() : Error("allocate", offset, error);
}

Status PosixFile::Punch(uint64_t offset, uint64_t length) {
  XTDB_RETURN_IF_ERROR(CheckRange("punch", offset, length));
  if (length == 0) return {};
  int error = 0;
  do {
    error = ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                        static_cast<off_t>(length)) == 0
                ? 0
                : errno;
  } while (error == EINTR);
  if (error == 0) return {};
  if (!IsNotSupported(error)) return Error("punch", offset, error);
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, Size());
  // A punch never grows the file, so the zeros stop at its end.
  const uint64_t end = std::min(offset + length, size);
  return offset < end ? WriteZeros(offset, end - offset) : Status();
}

Status PosixFile::Truncate(uint64_t size_bytes) {
  XTDB_RETURN_IF_ERROR(CheckRange("truncate", size_bytes, 0));
  int result = 0;
  do {
    result = ::ftruncate(fd_, static_cast<off_t>(size_bytes));
  } while (result != 0 && errno == EINTR);
  return result == 0 ? Status() : Error("truncate", size_bytes, errno);
}

Result<uint64_t> PosixFile::Size() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return Status::FromErrno("stat " + path_, errno);
  return static_cast<uint64_t>(info.st_size);
}

Result<uint64_t> PosixFile::AllocatedBytes() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return Status::FromErrno("stat " + path_, errno);
  return static_cast<uint64_t>(info.st_blocks) *
         512;  // st_blocks counts these, whatever st_blksize
}

Status PosixFile::TryLock(uint64_t offset, LockKind kind) {
  XTDB_RETURN_IF_ERROR(CheckRange("lock", offset, 1));
  struct flock lock = ByteLock(offset, kind == LockKind::kShared ? F_RDLCK : F_WRLCK);
  int result = 0;
  do {
    result = ::fcntl(fd_, F_OFD_SETLK, &lock);
  } while (result != 0 && errno == EINTR);
  if (result == 0) return {};
  if (errno == EAGAIN || errno == EACCES) {
    return Status::Busy("lock " + path_ + " at " + std::to_string(offset) +
                        ": held through another open file");
  }
  // What the kernel says to an exclusive lock on a descriptor that cannot write.
  if (errno == EBADF && kind == LockKind::kExclusive) {
    return Status::ReadOnly("lock " + path_ + " at " + std::to_string(offset) +
                            ": an exclusive lock needs a file opened for writing");
  }
  return Error("lock", offset, errno);
}

void PosixFile::Unlock(uint64_t offset) {
  struct flock lock = ByteLock(offset, F_UNLCK);
  while (::fcntl(fd_, F_OFD_SETLK, &lock) != 0 && errno == EINTR) {
  }
}

Result<bool> PosixFile::IsLockedElsewhere(uint64_t offset, uint64_t length) {
  XTDB_RETURN_IF_ERROR(CheckRange("lock", offset, length));
  // Only an exclusive lock stands in the way of a shared one.
  struct flock lock = ByteLock(offset, F_RDLCK, length);
  if (::fcntl(fd_, F_OFD_GETLK, &lock) != 0) return Error("lock", offset, errno);
  return lock.l_type != F_UNLCK;
}

Result<FileIdentity> PosixFile::Identity() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0) return Status::FromErrno("stat " + path_, errno);
  return FileIdentity{static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino),
                      static_cast<uint64_t>(info.st_nlink)};
}

}  // namespace xtdb
