#include "engine/base/status.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace xtdb {
namespace {

StatusCode CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return StatusCode::kResourceExhausted;
    case EROFS:
    case EACCES:
    case EPERM:
      return StatusCode::kReadOnly;
    case ENOENT:
      return StatusCode::kNotFound;
    case EEXIST:
      return StatusCode::kAlreadyExists;
    default:
      return StatusCode::kIoError;
  }
}

}  // namespace

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kAlreadyExists:
      return "already exists";
    case StatusCode::kFailedPrecondition:
      return "failed precondition";
    case StatusCode::kTypeMismatch:
      return "type mismatch";
    case StatusCode::kNotNull:
      return "not null";
    case StatusCode::kTooBig:
      return "too big";
    case StatusCode::kBusy:
      return "busy";
    case StatusCode::kReadOnly:
      return "read only";
    case StatusCode::kIoError:
      return "I/O error";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kResourceExhausted:
      return "resource exhausted";
    case StatusCode::kInterrupted:
      return "interrupted";
    case StatusCode::kRolledBack:
      return "rolled back";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kOutOfMemory:
      return "out of memory";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string message)
    : rep_(std::make_shared<const Rep>(Rep{code, std::move(message)})) {}

Status Status::InvalidArgument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}
Status Status::NotFound(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
Status Status::AlreadyExists(std::string message) {
  return {StatusCode::kAlreadyExists, std::move(message)};
}
Status Status::FailedPrecondition(std::string message) {
  return {StatusCode::kFailedPrecondition, std::move(message)};
}
Status Status::TypeMismatch(std::string message) {
  return {StatusCode::kTypeMismatch, std::move(message)};
}
Status Status::NotNull(std::string message) { return {StatusCode::kNotNull, std::move(message)}; }
Status Status::TooBig(std::string message) { return {StatusCode::kTooBig, std::move(message)}; }
Status Status::Busy(std::string message) { return {StatusCode::kBusy, std::move(message)}; }
Status Status::ReadOnly(std::string message) { return {StatusCode::kReadOnly, std::move(message)}; }
Status Status::IoError(std::string message) { return {StatusCode::kIoError, std::move(message)}; }
Status Status::Corruption(std::string message) {
  return {StatusCode::kCorruption, std::move(message)};
}
Status Status::ResourceExhausted(std::string message) {
  return {StatusCode::kResourceExhausted, std::move(message)};
}
Status Status::Interrupted(std::string message) {
  return {StatusCode::kInterrupted, std::move(message)};
}
Status Status::RolledBack(std::string message) {
  return {StatusCode::kRolledBack, std::move(message)};
}
Status Status::Unsupported(std::string message) {
  return {StatusCode::kUnsupported, std::move(message)};
}

Status Status::OutOfMemory() noexcept {
  static const Status& status = *new Status(StatusCode::kOutOfMemory, "out of memory");
  return status;
}

namespace {
// Made while there is memory.
[[maybe_unused]] const Status kOutOfMemoryMade = Status::OutOfMemory();
}  // namespace

Status Status::FromErrno(std::string_view what, int error_number) {
  // generic_category, not strerror: it may be called from any thread.
  return {CodeOfErrno(error_number), std::string(what) + ": " +
                                         std::generic_category().message(error_number) +
                                         " (errno " + std::to_string(error_number) + ")"};
}

Status Status::WithContext(std::string_view where) const {
  if (ok()) return *this;
  return {rep_->code, std::string(where) + ": " + rep_->message};
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return std::string(StatusCodeName(rep_->code)) + ": " + rep_->message;
}

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace xtdb
