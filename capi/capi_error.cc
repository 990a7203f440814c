#include "capi/capi_error.h"

#include <algorithm>
#include <array>
#include <string>

#include "capi/xtdb.h"

namespace xtdb {
namespace {

// Of fixed size, so that it can be written without memory.
thread_local std::array<char, 1024> last_error = {};

}  // namespace

xtdb_code CodeOf(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return XTDB_OK;
    case StatusCode::kInvalidArgument:
    case StatusCode::kAlreadyExists:
    case StatusCode::kNotNull:
      return XTDB_INVALID_ARGUMENT;
    case StatusCode::kNotFound:
      return XTDB_NOT_FOUND;
    case StatusCode::kFailedPrecondition:
    case StatusCode::kInterrupted:
    case StatusCode::kRolledBack:
      return XTDB_MISUSE;
    case StatusCode::kTypeMismatch:
      return XTDB_TYPE_MISMATCH;
    case StatusCode::kTooBig:
      return XTDB_TOO_BIG;
    case StatusCode::kBusy:
      return XTDB_BUSY;
    case StatusCode::kReadOnly:
      return XTDB_READ_ONLY;
    case StatusCode::kIoError:
      return XTDB_IO_ERROR;
    case StatusCode::kCorruption:
      return XTDB_CORRUPTION;
    case StatusCode::kResourceExhausted:
      return XTDB_FULL;
    case StatusCode::kUnsupported:
      return XTDB_UNSUPPORTED;
    case StatusCode::kOutOfMemory:
      return XTDB_OUT_OF_MEMORY;
  }
  return XTDB_IO_ERROR;
}

xtdb_code NoteError(xtdb_code code, std::string_view message) noexcept {
  const size_t size = std::min(message.size(), last_error.size() - 1);
  std::copy_n(message.begin(), size, last_error.begin());
  last_error[size] = '\0';
  return code;
}

Status CheckGiven(const void* argument, std::string_view name) {
  if (argument != nullptr) return {};
  return Status::InvalidArgument(std::string(name) + " is NULL");
}

}  // namespace xtdb

const char* xtdb_error_message(void) { return xtdb::last_error.data(); }
