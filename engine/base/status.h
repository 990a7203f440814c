#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace xtdb {

// Each code is a different action of the caller.
enum class StatusCode : uint8_t {
  kOk,
  // The caller must change the call.
  kInvalidArgument,     // malformed or out of range input
  kNotFound,            // no such tag, file, option
  kAlreadyExists,       // the name or key is taken
  kFailedPrecondition,  // right call, wrong state (sealed twice, used after fork)
  kTypeMismatch,        // a value that the tag's type cannot hold exactly
  kNotNull,             // a NULL where a value is required
  kTooBig,              // one value larger than the store takes
  // The world must change.
  kBusy,               // another process or connection holds a lock; try again
  kReadOnly,           // the container cannot be written by this handle
  kIoError,            // the operating system refused; errno text in the message
  kCorruption,         // bytes that we wrote are not what we read
  kResourceExhausted,  // disk full, quota, memory budget
  kInterrupted,        // the caller has asked for its end
  kRolledBack,         // the transaction that it reads is gone
  kUnsupported,        // a known thing that this build does not do
  kOutOfMemory,        // there was no memory; nothing is wrong with any file
};

std::string_view StatusCodeName(StatusCode code);

// The result of an operation that can fail: OK, or a code and a message that says what and where,
// once. Threads: immutable after construction; copies may be used from different threads.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;  // OK: one null pointer, no allocation

  static Status InvalidArgument(std::string message);
  static Status NotFound(std::string message);
  static Status AlreadyExists(std::string message);
  static Status FailedPrecondition(std::string message);
  static Status TypeMismatch(std::string message);
  static Status NotNull(std::string message);
  static Status TooBig(std::string message);
  static Status Busy(std::string message);
  static Status ReadOnly(std::string message);
  static Status IoError(std::string message);
  // "write plant.xtdb at 16384: No space left on device (errno 28)". ENOSPC and EDQUOT become
  // kResourceExhausted, EROFS, EACCES and EPERM kReadOnly, ENOENT kNotFound, EEXIST kAlreadyExists,
  // everything else kIoError.
  static Status FromErrno(std::string_view what, int error_number);
  static Status Corruption(std::string message);
  static Status ResourceExhausted(std::string message);
  static Status Interrupted(std::string message);
  static Status RolledBack(std::string message);
  static Status Unsupported(std::string message);
  static Status OutOfMemory() noexcept;  // allocates nothing

  bool ok() const noexcept { return rep_ == nullptr; }
  StatusCode code() const noexcept { return rep_ ? rep_->code : StatusCode::kOk; }
  std::string_view message() const noexcept {
    return rep_ ? std::string_view(rep_->message) : std::string_view();
  }
  // Prepends "where: " to the message; OK stays OK.
  Status WithContext(std::string_view where) const;
  // "corruption: container 3, chunk 7: header checksum", "ok".
  std::string ToString() const;

 private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  Status(StatusCode code, std::string message);

  std::shared_ptr<const Rep> rep_;
};

// A deliberate drop, with its reason.
inline void IgnoreStatus(const Status&, std::string_view /*why*/) {}

// A value, or the Status that says why there is none. Never holds an OK status.
template <typename T>
class [[nodiscard]] Result {
 public:
  // Implicit by design: a function returns its value, or the Status that it was handed.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}        // NOLINT
  Result(Status status) : state_(std::in_place_index<1>, std::move(status)) {  // NOLINT
    assert(!std::get<1>(state_).ok());
  }

  bool ok() const noexcept { return state_.index() == 0; }
  Status status() const { return ok() ? Status() : std::get<1>(state_); }
  T& value() & {
    assert(ok());
    return std::get<0>(state_);
  }
  const T& value() const& {
    assert(ok());
    return std::get<0>(state_);
  }
  T&& value() && {
    assert(ok());
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, Status> state_;
};

}  // namespace xtdb

#define XTDB_CONCAT_INNER(a, b) a##b
#define XTDB_CONCAT(a, b) XTDB_CONCAT_INNER(a, b)

#define XTDB_RETURN_IF_ERROR(expression)       \
  do {                                         \
    ::xtdb::Status xtdb_status = (expression); \
    if (!xtdb_status.ok()) [[unlikely]]        \
      return xtdb_status;                      \
  } while (false)

#define XTDB_ASSIGN_OR_RETURN(declaration, expression) \
  XTDB_ASSIGN_OR_RETURN_IMPL(XTDB_CONCAT(xtdb_result_, __LINE__), declaration, expression)
#define XTDB_ASSIGN_OR_RETURN_IMPL(result, declaration, expression) \
  auto result = (expression);                                       \
  if (!result.ok()) [[unlikely]]                                    \
    return result.status();                                         \
  declaration = std::move(result).value()

// Stays on in Release: where going on would write wrong bytes.
#define XTDB_CHECK(condition) \
  ((condition) ? (void)0 : ::xtdb::CheckFailed(#condition, __FILE__, __LINE__))

namespace xtdb {
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);
}  // namespace xtdb
