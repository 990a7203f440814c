#pragma once

#include <array>
#include <string_view>

#include "engine/chunk/layout_calculator.h"
#include "engine/format/chunk_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

std::string_view ChunkStateName(ChunkState state);  // "SEALED"

// The only writer of chunk state words. A step clears one word, active-low and one way; an illegal
// step is kFailedPrecondition and writes nothing. The caller syncs.
//
// Ownership: borrows `file`.
// Threads:   one at a time.
class StateMutator {
 public:
  explicit StateMutator(File& file) : file_(file) {}

  // kCorruption if a word is neither all ones nor all zeros, or a later word is cleared before an
  // earlier one: the chunk stays readable, the log decides.
  Result<ChunkState> Read(const ChunkLayout& layout);
  // Writes four words of ones: the first step of a new tenant of the slot. Only over a slot that is
  // kFree (all zeros, as a punched or never used one) or kErased.
  Status Erase(const ChunkLayout& layout);
  // For recovery: finishes a step whose write a crash has torn. kCorruption if the words are not
  // those of one torn step.
  Status CompleteTornStep(const ChunkLayout& layout);
  Status MarkAllocated(const ChunkLayout& layout);   // from kErased
  Status MarkSealed(const ChunkLayout& layout);      // from kAllocated
  Status RepeatSealed(const ChunkLayout& layout);    // kSealed stays; the word is written again
  Status MarkDeprecated(const ChunkLayout& layout);  // from kSealed
  Status MarkFree(const ChunkLayout& layout);        // from kDeprecated
  // For a copy of a chunk that was sealed when what names it was copied, and has been deprecated
  // since: SEALED again. Other states stay as they are.
  Status BringBackToSealed(const ChunkLayout& layout);
  // For a chunk that the log has dropped: DEPRECATED, whatever steps a crash has kept, lost or
  // torn; the word is written again if it is there. A punched slot (kFree) stays as it is.
  // kCorruption if the words are not those of a chunk.
  Status BringToDeprecated(const ChunkLayout& layout);

 private:
  Result<std::array<uint64_t, kChunkStateWords>> ReadWords(const ChunkLayout& layout);
  Status Clear(const ChunkLayout& layout, ChunkState reached);
  Status Step(const ChunkLayout& layout, ChunkState from, ChunkState to);
  File& file_;
};

}  // namespace xtdb
