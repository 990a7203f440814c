#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>

#include "engine/io/file_system.h"
#include "engine/io/posix_file.h"

namespace xtdb {
namespace {

struct NetworkFileSystem {
  uint32_t magic;
  const char* name;
};
constexpr std::array kNetworkFileSystems = {
    NetworkFileSystem{NFS_SUPER_MAGIC, "NFS"},   NetworkFileSystem{SMB_SUPER_MAGIC, "SMB"},
    NetworkFileSystem{SMB2_SUPER_MAGIC, "SMB2"}, NetworkFileSystem{CIFS_SUPER_MAGIC, "CIFS"},
    NetworkFileSystem{V9FS_MAGIC, "9P"},         NetworkFileSystem{AFS_SUPER_MAGIC, "AFS"},
    NetworkFileSystem{CODA_SUPER_MAGIC, "Coda"}, NetworkFileSystem{CEPH_SUPER_MAGIC, "Ceph"},
};

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kReadOnly:
      return O_RDONLY;
    // Paths of containers are resolved before they are opened, and beside them a link would lead
    // the log or the shared memory into somebody else's file.
    case OpenMode::kReadWrite:
      return O_RDWR | O_NOFOLLOW;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kOpenOrCreate:
      return O_RDWR | O_CREAT | O_NOFOLLOW;
  }
  return O_RDONLY;
}

constexpr mode_t kNewFilePermissions = 0644;

// Of a log or shared memory: those of its container, whose points pass through them.
std::optional<mode_t> PermissionsBeside(const std::string& path) {
  for (const std::string_view suffix : {"-wal", "-shm"}) {
    if (!path.ends_with(suffix)) continue;
    struct stat info {};
    const std::string container = path.substr(0, path.size() - suffix.size());
    if (::stat(container.c_str(), &info) == 0) return info.st_mode & 0666;
  }
  return std::nullopt;
}

// Of a file that is new, whatever the umask has left of them.
void SetPermissions(int fd, mode_t permissions) {
  struct stat info {};
  const bool is_new = ::fstat(fd, &info) == 0 && info.st_size == 0 && info.st_uid == ::geteuid();
  if (is_new && (info.st_mode & 0777) != permissions) ::fchmod(fd, permissions);
}

// A descriptor, or -1 and errno. Not waiting, since a path may lead to a pipe, whose open() would
// wait for a writer; of files it changes nothing.
int OpenDescriptor(const char* path, int flags, mode_t permissions = kNewFilePermissions) {
  int fd = -1;
  do {
    fd = ::open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, permissions);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  // A host that closed its standard streams would print into the store.
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  ::close(fd);
  errno = error;
  return moved;
}

Status NotAFile(const std::string& path) {
  return Status::InvalidArgument("open " + path +
                                 ": not a regular file; a container is a file, write "
                                 "a name such as plant.xtdb");
}

Status CheckIsFile(const std::string& path, int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return Status::FromErrno("stat " + path, errno);
  return S_ISREG(info.st_mode) ? Status() : NotAFile(path);
}

// Before it is opened, which already does something to some devices.
Status CheckIsNoDevice(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode) ? Status() : NotAFile(path);
}

Status OpenError(const std::string& path, int error) {
  if (error == EISDIR) return NotAFile(path);
  if (error != ELOOP) return Status::FromErrno("open " + path, error);
  return Status::InvalidArgument("open " + path +
                                 ": it is a symbolic link, which may lead anywhere; remove it");
}

Result<std::unique_ptr<PosixFile>> OpenFile(const std::string& path, OpenMode mode) {
  XTDB_RETURN_IF_ERROR(CheckIsNoDevice(path));
  const std::optional<mode_t> permissions = PermissionsBeside(path);
  std::unique_ptr<PosixFile> file = PosixFile::Make(path, [&] {
    return OpenDescriptor(path.c_str(), FlagsOf(mode), permissions.value_or(kNewFilePermissions));
  });
  if (file == nullptr) return OpenError(path, errno);
  XTDB_RETURN_IF_ERROR(CheckIsFile(path, file->descriptor()));
  const bool may_be_new = (FlagsOf(mode) & O_CREAT) != 0;
  if (permissions && may_be_new) SetPermissions(file->descriptor(), *permissions);
  return file;
}

class PosixMapping final : public SharedMapping {
 public:
  explicit PosixMapping(std::span<std::byte> bytes) : bytes_(bytes) {}
  ~PosixMapping() override { ::munmap(bytes_.data(), bytes_.size()); }
  PosixMapping(const PosixMapping&) = delete;
  PosixMapping& operator=(const PosixMapping&) = delete;
  std::span<std::byte> bytes() override { return bytes_; }

 private:
  const std::span<std::byte> bytes_;
};

Result<std::unique_ptr<SharedMapping>> MapFile(PosixFile& file, size_t size_bytes, bool read_only) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  if (size < size_bytes && read_only) {
    return Status::Corruption("map " + file.path() + ": it has " + std::to_string(size) +
                              " bytes of " + std::to_string(size_bytes));
  }
  if (!read_only) XTDB_RETURN_IF_ERROR(file.Allocate(0, size_bytes));
  void* const mapped = ::mmap(nullptr, size_bytes, PROT_READ | (read_only ? 0 : PROT_WRITE),
                              MAP_SHARED, file.descriptor(), 0);
  if (mapped == MAP_FAILED) return Status::FromErrno("map " + file.path(), errno);
  return std::unique_ptr<SharedMapping>(
      std::make_unique<PosixMapping>(std::span(static_cast<std::byte*>(mapped), size_bytes)));
}

// Those of KeepOpen. Never destroyed, since files may be opened while static objects go. A child
// after fork() begins with none: another thread may have had the mutex of its parent's.
struct KeptFiles {
  std::mutex mutex;
  std::vector<std::unique_ptr<File>> files;  // guarded by mutex

  static KeptFiles& OfProcess();
};
std::atomic<KeptFiles*> kept_of_process = nullptr;

KeptFiles& KeptFiles::OfProcess() {
  static const int registered = [] {
    constexpr auto kMake = [] { kept_of_process = new KeptFiles; };
    kMake();
    return pthread_atfork(nullptr, nullptr, kMake);
  }();
  static_cast<void>(registered);
  return *kept_of_process;
}

// The kept file at that path, if it is open for that; else null.
std::unique_ptr<File> TakeKept(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kCreateNew) return nullptr;
  KeptFiles& kept = KeptFiles::OfProcess();
  const std::lock_guard lock(kept.mutex);
  struct stat info {};
  if (kept.files.empty() || ::stat(path.c_str(), &info) != 0) return nullptr;
  const FileIdentity wanted{info.st_dev, info.st_ino, info.st_nlink};
  const int access = mode == OpenMode::kReadOnly ? O_RDONLY : O_RDWR;
  const auto found = std::ranges::find_if(kept.files, [&](const std::unique_ptr<File>& file) {
    const Result<FileIdentity> identity = file->Identity();
    return identity.ok() && identity.value().IsSameFile(wanted) && file->path() == path &&
           static_cast<const PosixFile&>(*file).access() == access;
  });
  if (found == kept.files.end()) return nullptr;
  std::unique_ptr<File> taken = std::move(*found);
  kept.files.erase(found);
  return taken;
}

class OperatingSystemFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    if (std::unique_ptr<File> kept = TakeKept(path, mode)) return kept;
    XTDB_ASSIGN_OR_RETURN(std::unique_ptr<PosixFile> file, OpenFile(path, mode));
    return std::unique_ptr<File>(std::move(file));
  }

  void KeepOpen(std::unique_ptr<File> file) override {
    KeptFiles& kept = KeptFiles::OfProcess();
    const std::lock_guard lock(kept.mutex);
    // Nobody else will open one that is deleted, and its space should be free.
    std::erase_if(kept.files, [](const std::unique_ptr<File>& old) {
      const Result<FileIdentity> identity = old->Identity();
      return identity.ok() && identity.value().hard_links == 0;
    });
    // A schema could name more files than the process may have open.
    constexpr size_t kKeptMax = 32;
    if (kept.files.size() == kKeptMax) kept.files.erase(kept.files.begin());
    kept.files.push_back(std::move(file));
  }

  Result<std::unique_ptr<SharedMapping>> MapShared(const std::string& path, size_t size_bytes,
                                                   OpenMode mode) override {
    XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<PosixFile> file, OpenFile(path, mode));
    return MapFile(*file, size_bytes, mode == OpenMode::kReadOnly);
  }

  Status Remove(const std::string& path) override {
    return ::unlink(path.c_str()) == 0 ? Status() : Status::FromErrno("remove " + path, errno);
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (std::rename(from.c_str(), to.c_str()) == 0) return {};
    return Status::FromErrno("rename " + from + " to " + to, errno);
  }

  bool Exists(const std::string& path) override {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0;
  }

  Result<std::vector<std::string>> List(const std::string& directory) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator it(directory, error);
    for (; !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    if (error) return Status::FromErrno("list " + directory, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  Status SyncDirectory(const std::string& directory) override {
    const int fd = OpenDescriptor(directory.c_str(), O_RDONLY | O_DIRECTORY);
    if (fd < 0) return Status::FromErrno("open directory " + directory, errno);
    int result = 0;
    do {
      result = ::fsync(fd);
    } while (result != 0 && errno == EINTR);
    const int error = errno;
    ::close(fd);
    return result == 0 ? Status() : Status::FromErrno("sync directory " + directory, error);
  }

  Result<FileIdentity> Identify(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return Status::FromErrno("stat " + path, errno);
    return FileIdentity{info.st_dev, info.st_ino, info.st_nlink};
  }

  Result<std::string> ResolvePath(const std::string& path) override;
  Status CheckLocal(const std::string& directory) override;
  Result<uint64_t> FreeBytes(const std::string& directory) override;
};

struct Free {
  void operator()(char* text) const { std::free(text); }
};

// The real path of something that exists; an empty string and errno if it does not.
std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, Free> resolved(::realpath(path.c_str(), nullptr));
  return resolved == nullptr ? std::string() : std::string(resolved.get());
}

// Where the symbolic link `path` points, relative targets made relative to its own directory; an
// empty string if it is no link.
std::string LinkTarget(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  if (length <= 0) return {};
  std::string text(target.data(), static_cast<size_t>(length));
  return text.front() == '/' ? text : DirectoryOf(path) + "/" + text;
}

Result<std::string> OperatingSystemFileSystem::ResolvePath(const std::string& path) {
  if (path.empty()) return Status::InvalidArgument("resolve path: it is empty");
  std::string current = path;
  // A link to a file that is yet to be created names the place where Open would create it.
  constexpr int kLinksMax = 40;  // as the kernel
  for (int links = 0; links < kLinksMax; ++links) {
    std::string resolved = RealPath(current);
    if (!resolved.empty()) return resolved;
    if (errno != ENOENT) return Status::FromErrno("resolve " + path, errno);
    std::string target = LinkTarget(current);
    if (target.empty()) {
      const std::string directory = RealPath(DirectoryOf(current));
      if (directory.empty()) {
        if (errno != ENOENT) return Status::FromErrno("resolve " + path, errno);
        return Status::NotFound("there is no folder " + DirectoryOf(current) + " for " + path +
                                "; make it first, or write another path");
      }
      const std::string name = current.substr(current.find_last_of('/') + 1);
      if (name.empty()) return Status::FromErrno("resolve " + path, ENOENT);
      return (directory == "/" ? "" : directory) + "/" + name;
    }
    current = std::move(target);
  }
  return Status::FromErrno("resolve " + path, ELOOP);
}

Status OperatingSystemFileSystem::CheckLocal(const std::string& directory) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) {
    return Status::FromErrno("statfs " + directory, errno);
  }
  for (const NetworkFileSystem& network : kNetworkFileSystems) {
    if (static_cast<uint32_t>(info.f_type) == network.magic) {
      return Status::Unsupported(directory + " is on a network file system (" + network.name +
                                 "), whose locks cannot be trusted");
    }
  }
  return {};
}

Result<uint64_t> OperatingSystemFileSystem::FreeBytes(const std::string& directory) {
  struct statvfs info {};
  if (::statvfs(directory.c_str(), &info) != 0) {
    return Status::FromErrno("statvfs " + directory, errno);
  }
  return uint64_t{info.f_bavail} * info.f_frsize;
}

}  // namespace

FileSystem& PosixFileSystem() {
  // Never destroyed: files may be closed after main has returned.
  static FileSystem& file_system = *new OperatingSystemFileSystem;
  return file_system;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace xtdb
