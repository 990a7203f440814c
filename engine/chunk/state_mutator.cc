#include "engine/chunk/state_mutator.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace xtdb {
namespace {

constexpr uint64_t kNotYet = ~uint64_t{0};
constexpr uint64_t kReached = 0;
using StateWords = std::array<uint64_t, kChunkStateWords>;

std::string Where(const ChunkLayout& layout) { return "chunk slot " + std::to_string(layout.slot); }

}  // namespace

std::string_view ChunkStateName(ChunkState state) {
  switch (state) {
    case ChunkState::kErased:
      return "ERASED";
    case ChunkState::kAllocated:
      return "ALLOCATED";
    case ChunkState::kSealed:
      return "SEALED";
    case ChunkState::kDeprecated:
      return "DEPRECATED";
    case ChunkState::kFree:
      return "FREE";
  }
  return "?";
}

Result<StateWords> StateMutator::ReadWords(const ChunkLayout& layout) {
  StateWords words{};
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout.chunk_offset + kChunkStateOffset,
                                    std::as_writable_bytes(std::span(words))));
  return words;
}

Result<ChunkState> StateMutator::Read(const ChunkLayout& layout) {
  XTDB_ASSIGN_OR_RETURN(const StateWords words, ReadWords(layout));
  size_t reached = 0;
  while (reached < words.size() && words[reached] == kReached) ++reached;
  for (size_t i = reached; i < words.size(); ++i) {
    if (words[i] == kNotYet) continue;
    return Status::Corruption(Where(layout) + ": state word " + std::to_string(i) +
                              (words[i] == kReached ? " is cleared before an earlier one"
                                                    : " is neither all ones nor all zeros"));
  }
  return static_cast<ChunkState>(reached);
}

Status StateMutator::Erase(const ChunkLayout& layout) {
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, Read(layout));
  if (state != ChunkState::kFree && state != ChunkState::kErased) {
    return Status::FailedPrecondition(Where(layout) + " is " + std::string(ChunkStateName(state)) +
                                      ": only a FREE slot can be erased");
  }
  StateWords words;
  words.fill(kNotYet);
  return file_.WriteAt(layout.chunk_offset + kChunkStateOffset, std::as_bytes(std::span(words)));
}

Status StateMutator::MarkAllocated(const ChunkLayout& layout) {
  return Step(layout, ChunkState::kErased, ChunkState::kAllocated);
}

Status StateMutator::MarkSealed(const ChunkLayout& layout) {
  return Step(layout, ChunkState::kAllocated, ChunkState::kSealed);
}

Status StateMutator::CompleteTornStep(const ChunkLayout& layout) {
  XTDB_ASSIGN_OR_RETURN(const StateWords words, ReadWords(layout));
  size_t torn = 0;
  while (torn < words.size() && words[torn] == kReached) ++torn;
  for (size_t i = torn + 1; i < words.size(); ++i) {
    if (words[i] == kNotYet) continue;
    return Status::Corruption(Where(layout) + ": state word " + std::to_string(i) +
                              " is damaged, too");
  }
  if (torn == words.size()) return Status();
  return Clear(layout, static_cast<ChunkState>(torn + 1));
}

Status StateMutator::RepeatSealed(const ChunkLayout& layout) {
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, Read(layout));
  if (state != ChunkState::kSealed) {
    return Status::FailedPrecondition(Where(layout) + " is " + std::string(ChunkStateName(state)) +
                                      ", not SEALED");
  }
  return Clear(layout, ChunkState::kSealed);
}

Status StateMutator::BringBackToSealed(const ChunkLayout& layout) {
  XTDB_ASSIGN_OR_RETURN(const StateWords words, ReadWords(layout));
  // The step may be under way, and its word torn.
  constexpr auto kSealedWords = static_cast<size_t>(ChunkState::kSealed);
  const bool is_sealed = std::all_of(words.begin(), words.begin() + kSealedWords,
                                     [](uint64_t word) { return word == kReached; });
  if (!is_sealed || words.back() != kNotYet) return Status();
  return file_.WriteAt(layout.chunk_offset + kChunkStateOffset + kSealedWords * sizeof(uint64_t),
                       std::as_bytes(std::span(&kNotYet, 1)));
}

Status StateMutator::MarkDeprecated(const ChunkLayout& layout) {
  return Step(layout, ChunkState::kSealed, ChunkState::kDeprecated);
}

Status StateMutator::MarkFree(const ChunkLayout& layout) {
  return Step(layout, ChunkState::kDeprecated, ChunkState::kFree);
}

Status StateMutator::BringToDeprecated(const ChunkLayout& layout) {
  if (!Read(layout).ok()) XTDB_RETURN_IF_ERROR(CompleteTornStep(layout));
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, Read(layout));
  if (state == ChunkState::kFree) return Status();
  if (state < ChunkState::kAllocated) XTDB_RETURN_IF_ERROR(MarkAllocated(layout));
  if (state < ChunkState::kSealed) XTDB_RETURN_IF_ERROR(MarkSealed(layout));
  return Clear(layout, ChunkState::kDeprecated);
}

Status StateMutator::Step(const ChunkLayout& layout, ChunkState from, ChunkState to) {
  XTDB_ASSIGN_OR_RETURN(const ChunkState state, Read(layout));
  if (state != from) {
    return Status::FailedPrecondition(Where(layout) + " is " + std::string(ChunkStateName(state)) +
                                      ": a step to " + std::string(ChunkStateName(to)) + " needs " +
                                      std::string(ChunkStateName(from)));
  }
  return Clear(layout, to);
}

Status StateMutator::Clear(const ChunkLayout& layout, ChunkState reached) {
  const uint64_t word = kReached;
  const uint64_t index = static_cast<uint64_t>(reached) - 1;
  return file_.WriteAt(layout.chunk_offset + kChunkStateOffset + index * sizeof(word),
                       std::as_bytes(std::span(&word, 1)));
}

}  // namespace xtdb
