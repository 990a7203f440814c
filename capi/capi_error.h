#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "capi/xtdb.h"
#include "engine/base/status.h"

namespace xtdb {

xtdb_code CodeOf(StatusCode code);
// Keeps the message for xtdb_error_message of this thread.
xtdb_code NoteError(xtdb_code code, std::string_view message) noexcept;

// Every function of xtdb.h is one such call: nothing is thrown into C.
//   Body: a Result<xtdb_code>()
template <typename Body>
xtdb_code CallFromC(Body&& body) noexcept try {
  const Result<xtdb_code> done = std::forward<Body>(body)();
  if (done.ok()) return done.value();
  return NoteError(CodeOf(done.status().code()), done.status().message());
} catch (const std::bad_alloc&) {
  return NoteError(XTDB_OUT_OF_MEMORY, "out of memory");
} catch (...) {
  return NoteError(XTDB_IO_ERROR, "an unexpected exception");
}

// kInvalidArgument for NULL.
Status CheckGiven(const void* argument, std::string_view name);

// kInvalidArgument for NULL, and for a struct whose size the caller has not set.
template <typename Struct>
Status CheckStruct(const Struct* given, std::string_view name) {
  XTDB_RETURN_IF_ERROR(CheckGiven(given, name));
  if (given->struct_size >= sizeof(given->struct_size)) return {};
  return Status::InvalidArgument("struct_size of the " + std::string(name) + " is not set");
}

// The bytes of a struct that the caller knows, in front of what `value` has.
template <typename Struct>
void GiveStruct(const Struct& value, Struct* out) {
  Struct copy = value;
  copy.struct_size = out->struct_size;
  const size_t known = out->struct_size < sizeof(Struct) ? out->struct_size : sizeof(Struct);
  std::copy_n(reinterpret_cast<const char*>(&copy), known, reinterpret_cast<char*>(out));
}

}  // namespace xtdb
