#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// Where a command writes its result: a stream that is open already, or a file. A regular file is
// written beside its name and gets it by Finish, so that nobody finds half of it there; it keeps
// the permissions of the one that it replaces. A pipe or a device is written as it stands.
//
// Ownership: borrows the stream; a file without Finish is removed.
// Threads:   one at a time.
// Errors:    name the file and the reason.
class OutputFile {
 public:
  explicit OutputFile(std::FILE* stream) : stream_(stream), name_("standard output") {}
  // kAlreadyExists: a container has that name, which no text is to replace. kBusy: another program
  // is writing the same file.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Status Write(std::string_view text);
  // Syncs the file and gives it its name, which may replace another file.
  Status Finish();

 private:
  OutputFile(std::FILE* stream, std::string name) : stream_(stream), name_(std::move(name)) {}
  // Makes `partial_` and locks it.
  Status OpenPartial();
  Status Close();
  Status Failure() const;

  std::FILE* stream_ = nullptr;
  const std::string name_;
  bool is_ours_ = false;  // to close
  std::string target_;    // without symbolic links
  std::string partial_;   // empty: what is written stands where it is wanted
};

}  // namespace xtdb
