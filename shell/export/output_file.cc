#include "shell/export/output_file.h"

#include <unistd.h>

#include <cerrno>

namespace xtdb {

OutputFile::OutputFile(const std::string& path) : name_(path), partial_(path + ".partial") {
  stream_ = std::fopen(partial_.c_str(), "we");
  if (stream_ == nullptr) open_errno_ = errno;
}

OutputFile::~OutputFile() {
  if (partial_.empty() || stream_ == nullptr) return;
  std::fclose(stream_);
  ::unlink(partial_.c_str());
}

Status OutputFile::Failure() const { return Status::FromErrno("write " + name_, errno); }

Status OutputFile::Write(std::string_view text) {
  if (stream_ == nullptr) return Status::FromErrno("write " + name_, open_errno_);
  if (std::fwrite(text.data(), 1, text.size(), stream_) != text.size()) return Failure();
  return {};
}

Status OutputFile::Finish() {
  if (stream_ == nullptr) return Status::FromErrno("write " + name_, open_errno_);
  if (std::fflush(stream_) != 0) return Failure();
  if (partial_.empty()) return {};
  if (::fdatasync(::fileno(stream_)) != 0 && errno != EINVAL) return Failure();
  if (std::rename(partial_.c_str(), name_.c_str()) != 0) return Failure();
  std::fclose(stream_);
  stream_ = nullptr;
  return {};
}

}  // namespace xtdb
