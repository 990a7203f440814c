#include "shell/export/output_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <utility>

#include "engine/format/container_format.h"
#include "engine/io/file_system.h"

namespace xtdb {
namespace {

constexpr mode_t kPermissions = 0777;

Status CheckIsNoContainer(const std::string& path) {
  std::array<char, kContainerMagic.size()> begin = {};
  std::ifstream(path, std::ios::binary).read(begin.data(), begin.size());
  if (begin != kContainerMagic) return {};
  return Status::AlreadyExists(path + " is a container; write to another name");
}

bool StandsAt(int fd, const std::string& path) {
  struct stat opened = {};
  struct stat there = {};
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

}  // namespace

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& path) {
  if (path.empty()) return Status::InvalidArgument("the file to write has no name");
  auto file = std::unique_ptr<OutputFile>(new OutputFile(nullptr, path));
  struct stat there = {};
  const bool exists = ::stat(path.c_str(), &there) == 0;
  if (exists && !S_ISREG(there.st_mode)) {
    file->stream_ = std::fopen(path.c_str(), "we");
    if (file->stream_ == nullptr) return file->Failure();
    file->is_ours_ = true;
    return file;
  }
  if (exists) XTDB_RETURN_IF_ERROR(CheckIsNoContainer(path));
  XTDB_ASSIGN_OR_RETURN(file->target_, PosixFileSystem().ResolvePath(path));
  XTDB_RETURN_IF_ERROR(file->OpenPartial());
  const bool is_kept =
      !exists || ::fchmod(::fileno(file->stream_), there.st_mode & kPermissions) == 0;
  if (!is_kept) return file->Failure();
  return file;
}

Status OutputFile::OpenPartial() {
  const std::string partial = target_ + ".partial";
  const int fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) return Failure();
  // Another one may have finished the file between the two calls.
  const bool is_locked = ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (is_locked || !StandsAt(fd, partial)) {
    ::close(fd);
    return Status::Busy(name_ + ": another program is writing it; wait, or write another file");
  }
  stream_ = ::fdopen(fd, "w");
  if (stream_ == nullptr) {
    const Status failure = Failure();
    ::close(fd);
    return failure;
  }
  is_ours_ = true;
  partial_ = partial;
  return ::ftruncate(fd, 0) == 0 ? Status() : Failure();
}

OutputFile::~OutputFile() {
  if (!is_ours_) return;
  if (!partial_.empty()) ::unlink(partial_.c_str());
  std::fclose(stream_);
}

Status OutputFile::Failure() const { return Status::FromErrno("write " + name_, errno); }

Status OutputFile::Write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) return Failure();
  return {};
}

Status OutputFile::Close() {
  is_ours_ = false;
  return std::fclose(stream_) == 0 ? Status() : Failure();
}

Status OutputFile::Finish() {
  if (std::fflush(stream_) != 0) return Failure();
  if (!is_ours_) return {};
  if (partial_.empty()) return Close();
  if (::fdatasync(::fileno(stream_)) != 0 && errno != EINVAL) return Failure();
  if (std::rename(partial_.c_str(), target_.c_str()) != 0) return Failure();
  return Close();
}

}  // namespace xtdb
