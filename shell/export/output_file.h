#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// Where a command writes its result: a stream that is open already, or a file, which is written
// beside its name and gets it by Finish, so that nobody finds half of it there.
//
// Ownership: borrows the stream; a file without Finish is removed.
// Threads:   one at a time.
// Errors:    name the file and the reason.
class OutputFile {
 public:
  explicit OutputFile(std::FILE* stream) : stream_(stream), name_("standard output") {}
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Status Write(std::string_view text);
  // Syncs the file and gives it its name, which may replace another file.
  Status Finish();

 private:
  Status Failure() const;

  std::FILE* stream_ = nullptr;  // null: it could not be made
  const std::string name_;
  std::string partial_;  // empty: the stream is not ours
  int open_errno_ = 0;
};

}  // namespace xtdb
