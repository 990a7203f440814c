#pragma once

#include <cstdint>
#include <string>

#include "engine/base/status.h"

namespace xtdb {

// A file that is not ours, open to be read from its beginning; closed at the end.
//
// Threads: any; what is read through the descriptor is one stream.
class InputFile {
 public:
  // "-": standard input, which stays open.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Whether it could be opened: kNotFound, kReadOnly (no permission) or kIoError if not.
  const Status& status() const { return status_; }
  int fd() const { return fd_; }
  // 0: not known, as of a pipe.
  uint64_t size_bytes() const { return size_bytes_; }

 private:
  int fd_ = -1;
  bool is_ours_ = false;
  uint64_t size_bytes_ = 0;
  Status status_;
};

// kNotFound if nothing stands there, kInvalidArgument if it is a folder, a pipe or a device, which
// could keep a reader waiting for ever.
Status CheckIsRegularFile(const std::string& path);

}  // namespace xtdb
