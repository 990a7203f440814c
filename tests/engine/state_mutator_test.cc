#include "engine/chunk/state_mutator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "tests/engine/chunk_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using Words = std::array<uint64_t, 4>;
constexpr uint64_t kOnes = ~uint64_t{0};
constexpr ChunkState kStates[] = {ChunkState::kErased, ChunkState::kAllocated, ChunkState::kSealed,
                                  ChunkState::kDeprecated, ChunkState::kFree};

class StateMutatorTest : public testing::Test {
 protected:
  void Set(const Words& words) {
    ASSERT_OK(fixture_.file().WriteAt(place_.chunk_offset + kChunkStateOffset,
                                      std::as_bytes(std::span(words))));
  }
  void SetState(ChunkState state) {
    Words words;
    for (size_t i = 0; i < words.size(); ++i) words[i] = i < static_cast<size_t>(state) ? 0 : kOnes;
    Set(words);
  }
  Words Get() {
    Words words{};
    EXPECT_OK(fixture_.file().ReadAt(place_.chunk_offset + kChunkStateOffset,
                                     std::as_writable_bytes(std::span(words))));
    return words;
  }

  ChunkFixture fixture_;
  StateMutator& mutator_ = fixture_.mutator();
  const ChunkLayout place_ = fixture_.layout().Layout(1);
};

TEST_F(StateMutatorTest, NeverUsedSlotIsFree) {
  ASSERT_OK_AND_ASSIGN(const ChunkState state, mutator_.Read(place_));
  EXPECT_EQ(state, ChunkState::kFree);
}

TEST_F(StateMutatorTest, WordsAreClearedOneAfterTheOther) {
  ASSERT_OK(mutator_.Erase(place_));
  EXPECT_EQ(Get(), (Words{kOnes, kOnes, kOnes, kOnes}));
  ASSERT_OK(mutator_.MarkAllocated(place_));
  EXPECT_EQ(Get(), (Words{0, kOnes, kOnes, kOnes}));
  ASSERT_OK(mutator_.MarkSealed(place_));
  EXPECT_EQ(Get(), (Words{0, 0, kOnes, kOnes}));
  ASSERT_OK(mutator_.MarkDeprecated(place_));
  EXPECT_EQ(Get(), (Words{0, 0, 0, kOnes}));
  ASSERT_OK(mutator_.MarkFree(place_));
  EXPECT_EQ(Get(), (Words{0, 0, 0, 0}));
  EXPECT_OK(mutator_.Erase(place_));
}

TEST_F(StateMutatorTest, AStepIsOneWriteOfOneWord) {
  SetState(ChunkState::kAllocated);
  const uint64_t before = fixture_.fs().operation_count();
  ASSERT_OK(mutator_.MarkSealed(place_));
  size_t writes = 0;
  for (const OperationRecord& operation : fixture_.fs().operations()) {
    if (operation.number <= before || operation.kind != FileOperation::kWrite) continue;
    ++writes;
    EXPECT_EQ(operation.offset, place_.chunk_offset + kChunkStateOffset + 8);
    EXPECT_EQ(operation.length, 8U);
  }
  EXPECT_EQ(writes, 1U);
}

TEST_F(StateMutatorTest, IllegalStateStepIsRefusedAndWritesNothing) {
  struct Step {
    std::function<Status()> take;
    std::vector<ChunkState> legal_from;
  };
  const std::vector<Step> steps = {
      {[&] { return mutator_.Erase(place_); }, {ChunkState::kErased, ChunkState::kFree}},
      {[&] { return mutator_.MarkAllocated(place_); }, {ChunkState::kErased}},
      {[&] { return mutator_.MarkSealed(place_); }, {ChunkState::kAllocated}},
      {[&] { return mutator_.RepeatSealed(place_); }, {ChunkState::kSealed}},
      {[&] { return mutator_.MarkDeprecated(place_); }, {ChunkState::kSealed}},
      {[&] { return mutator_.MarkFree(place_); }, {ChunkState::kDeprecated}},
  };
  for (const Step& step : steps) {
    for (const ChunkState from : kStates) {
      SetState(from);
      const Words before = Get();
      const Status status = step.take();
      if (std::find(step.legal_from.begin(), step.legal_from.end(), from) !=
          step.legal_from.end()) {
        EXPECT_OK(status);
        continue;
      }
      EXPECT_THAT(status, HasCode(StatusCode::kFailedPrecondition));
      EXPECT_THAT(status, HasMessage(HasSubstr(std::string(ChunkStateName(from)))));
      EXPECT_EQ(Get(), before);
    }
  }
}

TEST_F(StateMutatorTest, TornWordIsCorruptionAndNoStepIsTaken) {
  for (size_t word = 0; word < 4; ++word) {
    for (const uint64_t torn : {uint64_t{1}, kOnes - 1, uint64_t{0xFFFFFFFF}, kOnes << 32}) {
      Words words = {kOnes, kOnes, kOnes, kOnes};
      for (size_t i = 0; i < word; ++i) words[i] = 0;
      words[word] = torn;
      Set(words);
      EXPECT_THAT(mutator_.Read(place_), HasCode(StatusCode::kCorruption));
      EXPECT_THAT(mutator_.Erase(place_), HasCode(StatusCode::kCorruption));
      EXPECT_THAT(mutator_.MarkSealed(place_), HasCode(StatusCode::kCorruption));
      EXPECT_EQ(Get(), words);
    }
  }
}

TEST_F(StateMutatorTest, WordClearedBeforeAnEarlierOneIsCorruption) {
  for (const Words& words :
       {Words{kOnes, 0, kOnes, kOnes}, Words{0, kOnes, 0, kOnes}, Words{kOnes, kOnes, kOnes, 0}}) {
    Set(words);
    EXPECT_THAT(mutator_.Read(place_), HasCode(StatusCode::kCorruption));
  }
}

TEST_F(StateMutatorTest, FailedWriteIsReported) {
  SetState(ChunkState::kAllocated);
  fixture_.fs().FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kWrite));
  EXPECT_THAT(mutator_.MarkSealed(place_), HasCode(StatusCode::kIoError));
}

}  // namespace
}  // namespace xtdb
