#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>

namespace xtdb {

class Chunk;

// How much memory the directories of a container's sealed chunks take: those that were not used for
// the longest go first. Threads: any.
class DirectoryBudget {
 public:
  static constexpr size_t kDefaultBytes = size_t{64} << 20;
  explicit DirectoryBudget(size_t bytes = kDefaultBytes) : bytes_max_(bytes) {}
  DirectoryBudget(const DirectoryBudget&) = delete;
  DirectoryBudget& operator=(const DirectoryBudget&) = delete;

  // The chunk uses its directory of so many bytes, which stays until others are used; those may be
  // let go of here. Not under a chunk's lock.
  void NoteUse(Chunk& chunk, size_t bytes) noexcept;
  // The chunk's end.
  void Forget(const Chunk& chunk) noexcept;
  size_t bytes() const;

 private:
  struct Use {
    Chunk* chunk = nullptr;
    size_t bytes = 0;
  };
  void Enter(Chunk& chunk, size_t bytes);

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::list<Use> uses_;  // the last one first
  std::map<const Chunk*, std::list<Use>::iterator> by_chunk_;
  size_t bytes_ = 0;
};

}  // namespace xtdb
