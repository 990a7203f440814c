#include "engine/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace xtdb {

InputFile::InputFile(const std::string& path) : is_ours_(path != "-") {
  fd_ = is_ours_ ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (fd_ < 0) {
    status_ = Status::FromErrno("open", errno);
    return;
  }
  struct stat about = {};
  if (::fstat(fd_, &about) == 0 && S_ISREG(about.st_mode)) {
    size_bytes_ = static_cast<uint64_t>(about.st_size);
  }
}

InputFile::~InputFile() {
  if (fd_ >= 0 && is_ours_) ::close(fd_);
}

Status CheckIsRegularFile(const std::string& path) {
  struct stat about = {};
  if (::stat(path.c_str(), &about) != 0) return Status::FromErrno("look at " + path, errno);
  if (S_ISREG(about.st_mode)) return Status();
  return Status::InvalidArgument(path + " is no file");
}

}  // namespace xtdb
