#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace xtdb {

// What the processes of a stress run tell each other beside the container: memory that outlives
// whoever is killed. All words only grow. Zero-filled memory is a fresh board.
struct StressBoard {
  using Count = std::atomic<uint64_t>;

  std::atomic<int64_t> acknowledged;  // the largest commit whose COMMIT has returned
  std::atomic<int64_t> drop_limit;    // chunks that end before it may be gone, or going
  Count commits, points, rollbacks, busy, busy_wait_us_max;
  Count reads, rows, reader_opens, writer_opens;
  Count drops, chunks_dropped, flushes, seals, compactions, checks;
  Count recoveries;  // as xtdb_events tells of
  Count log_bytes_max, container_bytes_max;
  Count errors;
  char first_error[2000];

  void TellError(const std::string& what);
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

template <typename T>
void RaiseTo(std::atomic<T>& word, T value) {
  T seen = word.load();
  while (seen < value && !word.compare_exchange_weak(seen, value)) {
  }
}

// The descriptor by which a child process finds the board.
inline constexpr int kBoardFd = 3;

// A board in anonymous shared memory, closed at exec but where a child is given it.
class BoardMemory {
 public:
  BoardMemory();                 // a fresh one
  explicit BoardMemory(int fd);  // that of the parent
  ~BoardMemory();
  BoardMemory(const BoardMemory&) = delete;
  BoardMemory& operator=(const BoardMemory&) = delete;

  StressBoard& board() const { return *board_; }
  int fd() const { return fd_; }

 private:
  void Map();

  int fd_ = -1;
  StressBoard* board_ = nullptr;
};

}  // namespace xtdb
