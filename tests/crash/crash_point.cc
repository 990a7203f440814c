#include "tests/crash/crash_point.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

namespace xtdb {
namespace {

std::atomic<uint64_t> calls_left{0};

void CountCall() {
  if (calls_left.load(std::memory_order_relaxed) == 0) return;
  if (calls_left.fetch_sub(1) == 1) ::_exit(kCrashExitCode);
}

// The C library's own function behind the one of that name here.
template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

void ArmCrashPoint(uint64_t call) { calls_left = call; }

}  // namespace xtdb

#define XTDB_IN_FRONT extern "C" __attribute__((visibility("default")))

XTDB_IN_FRONT ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  static auto* const next = xtdb::Next<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  xtdb::CountCall();
  return next(file, bytes, size, offset);
}

XTDB_IN_FRONT ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
  static auto* const next = xtdb::Next<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  xtdb::CountCall();
  return next(file, bytes, size, offset);
}

XTDB_IN_FRONT int fdatasync(int file) {
  static auto* const next = xtdb::Next<int(int)>("fdatasync");
  xtdb::CountCall();
  return next(file);
}

XTDB_IN_FRONT int fsync(int file) {
  static auto* const next = xtdb::Next<int(int)>("fsync");
  xtdb::CountCall();
  return next(file);
}

XTDB_IN_FRONT int ftruncate(int file, off_t size) noexcept {
  static auto* const next = xtdb::Next<int(int, off_t)>("ftruncate");
  xtdb::CountCall();
  return next(file, size);
}

XTDB_IN_FRONT int ftruncate64(int file, off64_t size) noexcept {
  static auto* const next = xtdb::Next<int(int, off64_t)>("ftruncate64");
  xtdb::CountCall();
  return next(file, size);
}

XTDB_IN_FRONT int fallocate(int file, int mode, off_t offset, off_t size) {
  static auto* const next = xtdb::Next<int(int, int, off_t, off_t)>("fallocate");
  xtdb::CountCall();
  return next(file, mode, offset, size);
}

XTDB_IN_FRONT int unlink(const char* path) noexcept {
  static auto* const next = xtdb::Next<int(const char*)>("unlink");
  xtdb::CountCall();
  return next(path);
}

XTDB_IN_FRONT int rename(const char* from, const char* to) noexcept {
  static auto* const next = xtdb::Next<int(const char*, const char*)>("rename");
  xtdb::CountCall();
  return next(from, to);
}
