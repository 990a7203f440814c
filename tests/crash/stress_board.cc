#include "tests/crash/stress_board.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xtdb {

void StressBoard::TellError(const std::string& what) {
  std::fprintf(stderr, "process %d: %s\n", ::getpid(), what.c_str());
  if (errors++ == 0) std::strncpy(first_error, what.c_str(), sizeof(first_error) - 1);
}

BoardMemory::BoardMemory() : fd_(::memfd_create("stress-board", MFD_CLOEXEC)) {
  if (fd_ < 0 || ::ftruncate(fd_, sizeof(StressBoard)) != 0) std::abort();
  Map();
}

BoardMemory::BoardMemory(int fd) : fd_(fd) { Map(); }

BoardMemory::~BoardMemory() {
  ::munmap(board_, sizeof(StressBoard));
  ::close(fd_);
}

void BoardMemory::Map() {
  void* const mapped =
      ::mmap(nullptr, sizeof(StressBoard), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) std::abort();
  board_ = static_cast<StressBoard*>(mapped);
}

}  // namespace xtdb
