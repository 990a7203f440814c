#include "tests/oom/failing_memory.h"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace xtdb {
namespace {

struct Failure {
  std::atomic<bool> armed = false;
  Memory kind = Memory::kOperatorNew;
  int64_t left = 0;
  bool sticky = false;
  bool hit = false;
};
Failure failure;

bool FailsNow(Memory kind) {
  if (!failure.armed || failure.kind != kind) return false;
  --failure.left;
  if (failure.left > 0 || (failure.left < 0 && !failure.sticky)) return false;
  failure.hit = true;
  return true;
}

sqlite3_mem_methods methods;

void* SqliteMalloc(int size) { return FailsNow(Memory::kSqlite) ? nullptr : methods.xMalloc(size); }
void* SqliteRealloc(void* old, int size) {
  return FailsNow(Memory::kSqlite) ? nullptr : methods.xRealloc(old, size);
}

// Before anything initializes SQLite.
[[maybe_unused]] const int configured = [] {
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &methods);
  static sqlite3_mem_methods failing = methods;
  failing.xMalloc = SqliteMalloc;
  failing.xRealloc = SqliteRealloc;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
}();

}  // namespace

void* AllocateOrFail(size_t size) {
  return FailsNow(Memory::kOperatorNew) ? nullptr : std::malloc(size == 0 ? 1 : size);
}

void FailMemory(Memory kind, int64_t nth, bool sticky) {
  failure.kind = kind;
  failure.left = nth;
  failure.sticky = sticky;
  failure.hit = false;
  failure.armed = true;
}

bool EndMemoryFailure() {
  failure.armed = false;
  return failure.hit;
}

}  // namespace xtdb

void* operator new(size_t size) {
  void* const allocated = xtdb::AllocateOrFail(size);
  if (allocated == nullptr) throw std::bad_alloc();
  return allocated;
}
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return xtdb::AllocateOrFail(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return xtdb::AllocateOrFail(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
