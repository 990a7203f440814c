#include "engine/chunk/directory_budget.h"

#include "engine/chunk/chunk.h"

namespace xtdb {

void DirectoryBudget::NoteUse(Chunk& chunk, size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto known = by_chunk_.find(&chunk);
  if (known != by_chunk_.end()) {
    uses_.splice(uses_.begin(), uses_, known->second);
    bytes_ += bytes - uses_.front().bytes;
    uses_.front().bytes = bytes;
  } else {
    uses_.push_front({&chunk, bytes});
    by_chunk_.emplace(&chunk, uses_.begin());
    bytes_ += bytes;
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
