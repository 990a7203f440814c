#include "engine/chunk/directory_budget.h"

#include <new>

#include "engine/chunk/chunk.h"

namespace xtdb {

void DirectoryBudget::Enter(Chunk& chunk, size_t bytes) {
  std::list<Use> use;
  use.push_back({&chunk, bytes});
  by_chunk_.emplace(&chunk, use.begin());
  uses_.splice(uses_.begin(), use);
  bytes_ += bytes;
}

void DirectoryBudget::NoteUse(Chunk& chunk, size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  const auto known = by_chunk_.find(&chunk);
  if (known == by_chunk_.end()) {
    try {
      Enter(chunk, bytes);
    } catch (const std::bad_alloc&) {
      chunk.Unload();
    }
  } else {
    uses_.splice(uses_.begin(), uses_, known->second);
    bytes_ += bytes - uses_.front().bytes;
    uses_.front().bytes = bytes;
  }
  while (bytes_ > bytes_max_ && uses_.size() > 1) {
    const Use last = uses_.back();
    last.chunk->Unload();
    bytes_ -= last.bytes;
    by_chunk_.erase(last.chunk);
    uses_.pop_back();
  }
}

void DirectoryBudget::Forget(const Chunk& chunk) noexcept {
  const std::lock_guard lock(mutex_);
  const auto known = by_chunk_.find(&chunk);
  if (known == by_chunk_.end()) return;
  bytes_ -= known->second->bytes;
  uses_.erase(known->second);
  by_chunk_.erase(known);
}

size_t DirectoryBudget::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace xtdb
