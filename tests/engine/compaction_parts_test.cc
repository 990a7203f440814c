// What compaction is made of: which chunks go together, the record that commits it, and free slots
// side by side.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/chunk/slot_map.h"
#include "engine/compaction/compaction_selection.h"
#include "engine/wal/compact_record.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SlotMapTest, SlotsSideBySideAreTakenWhereTheyAreFree) {
  SlotMap slots;
  EXPECT_EQ(slots.NextFreeRange(3), (SlotRange{0, 3}));
  for (const uint32_t slot : {1u, 4u}) slots.Take(slot);
  EXPECT_EQ(slots.NextFreeRange(1), (SlotRange{0, 1}));
  EXPECT_EQ(slots.NextFreeRange(2), (SlotRange{2, 2}));
  EXPECT_EQ(slots.NextFreeRange(3), (SlotRange{5, 3}));
}

TEST(SlotMapTest, LeasedSlotsAreNotFree) {
  SlotMap slots;
  slots.Take(0);
  slots.SetLeased({1, 2});
  EXPECT_EQ(slots.NextFree(), 3u);
  EXPECT_EQ(slots.NextFree(2), 3u);
  EXPECT_EQ(slots.NextFreeRange(2), (SlotRange{3, 2}));
  EXPECT_FALSE(slots.IsTaken(1));
  slots.SetLeased({});
  EXPECT_EQ(slots.NextFree(), 1u);
}

class SelectionTest : public testing::Test {
 protected:
  void Add(uint64_t sequence, ChunkKind kind, SourceRange sources,
           ChunkState state = ChunkState::kSealed) {
    ChunkHeader header;
    header.chunk_sequence = sequence;
    header.kind = kind;
    header.sources = sources;
    chunks_.push_back(
        std::make_shared<Chunk>(*file_, ChunkLayout{}, header, state, ChunkSummary{}));
  }
  void AddRaw(uint64_t sequence, ChunkState state = ChunkState::kSealed) {
    Add(sequence, ChunkKind::kRaw, {}, state);
  }
  void AddCompact(uint64_t sequence, uint64_t first, uint64_t last) {
    Add(sequence, ChunkKind::kCompact, {first, last});
  }
  static std::vector<uint64_t> Numbers(const ChunkList& chunks) {
    std::vector<uint64_t> numbers;
    for (const auto& chunk : chunks) numbers.push_back(chunk->header().chunk_sequence);
    return numbers;
  }
  std::vector<uint64_t> Select(const CompactionNeed& need) {
    return Numbers(SelectForCompaction(chunks_, need));
  }

  FaultyFileSystem fs_{1};
  std::unique_ptr<File> file_ = fs_.Open("/file", OpenMode::kOpenOrCreate).value();
  ChunkList chunks_;
};

TEST_F(SelectionTest, OfNothingNothing) {
  EXPECT_THAT(Select({.scope = CompactionScope::kAll}), IsEmpty());
}

TEST_F(SelectionTest, DueAreEnoughRawChunksSideBySide) {
  for (const uint64_t number : {1, 2, 3}) AddRaw(number);
  AddCompact(9, 4, 5);
  for (const uint64_t number : {6, 7, 8}) AddRaw(number);
  AddRaw(10, ChunkState::kAllocated);
  EXPECT_THAT(Select({.due_chunks = 4}), IsEmpty());
  EXPECT_THAT(Select({.due_chunks = 3}), ElementsAre(1, 2, 3));
  EXPECT_THAT(Select({.due_chunks = 3, .after_sequence = 3}), ElementsAre(6, 7, 8));
}

TEST_F(SelectionTest, ALongRunIsCutIntoPieces) {
  for (uint64_t number = 1; number <= 20; ++number) AddRaw(number);
  EXPECT_THAT(Select({}), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(Select({.after_sequence = 16}), ElementsAre(17, 18, 19, 20));
}

TEST_F(SelectionTest, EveryRawChunkGoesWhereThatIsAskedFor) {
  AddRaw(1);
  AddCompact(9, 2, 5);
  AddRaw(6);
  EXPECT_THAT(Select({.scope = CompactionScope::kRaw}), ElementsAre(1));
  EXPECT_THAT(Select({.scope = CompactionScope::kRaw, .after_sequence = 1}), ElementsAre(6));
  EXPECT_THAT(Select({.scope = CompactionScope::kAll}), ElementsAre(1, 9, 6));
}

TEST_F(SelectionTest, AnUnsealedChunkPartsItsNeighbours) {
  AddRaw(1);
  AddRaw(2, ChunkState::kAllocated);
  AddRaw(3);
  EXPECT_THAT(Select({.scope = CompactionScope::kAll}), ElementsAre(1));
}

TEST_F(SelectionTest, ChunksOfOnePlaceAreNeverParted) {
  for (const uint64_t number : {20, 21, 22, 23, 24, 25}) AddCompact(number, 1, 6);
  for (const uint64_t number : {7, 8, 9}) AddRaw(number);
  EXPECT_THAT(Select({.scope = CompactionScope::kAll}), ElementsAre(20, 21, 22, 23, 24, 25, 7, 8));
  for (const uint64_t number : {26, 27, 28}) AddCompact(number, 1, 6);
  EXPECT_THAT(Select({.scope = CompactionScope::kAll}), ElementsAre(7, 8, 9))
      << "alone they are what they would become";
}

TEST_F(SelectionTest, OlderIsWhatStandsBeforeThemInTheOrderOfFlushes) {
  AddCompact(9, 1, 3);
  AddCompact(10, 1, 3);
  for (const uint64_t number : {4, 5, 6}) AddRaw(number);
  EXPECT_THAT(Numbers(OlderThan({chunks_[3]}, chunks_)), ElementsAre(9, 10, 4));
  EXPECT_THAT(Numbers(OlderThan({chunks_[0], chunks_[1]}, chunks_)), IsEmpty());
  EXPECT_EQ(PlaceOfAll({chunks_[1], chunks_[2]}), (SourceRange{1, 4}));
}

CompactRecord SomeRecord() {
  CompactRecord record;
  record.inputs = {{3, 7}, {1, 9}};
  CompactedChunk chunk;
  chunk.slot = 5;
  chunk.chunk_sequence = 12;
  chunk.created_at_us = 1'700'000'000'000'000;
  chunk.sources = {7, 9};
  chunk.summary = {10, 20, 1, 4, 100, 77, 2, 3};
  record.outputs.push_back(chunk);
  chunk.slot = 6;
  chunk.chunk_sequence = 13;
  record.outputs.push_back(chunk);
  return record;
}

std::vector<std::byte> Encoded(const CompactRecord& record) {
  std::vector<std::byte> bytes;
  AppendCompact(record, bytes);
  return bytes;
}

TEST(CompactRecordTest, IsReadAsItWasWritten) {
  const CompactRecord record = SomeRecord();
  EXPECT_EQ(DecodeCompact(Encoded(record)).value(), record);
  const CompactRecord nothing_left{{{3, 7}}, {}};
  EXPECT_EQ(DecodeCompact(Encoded(nothing_left)).value(), nothing_left);
}

TEST(CompactRecordTest, AnyCutIsCorruptionOrAnotherRecord) {
  const std::vector<std::byte> whole = Encoded(SomeRecord());
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = DecodeCompact(std::span(whole).first(size));
    if (decoded.ok()) {
      EXPECT_NE(decoded.value(), SomeRecord());
    } else {
      EXPECT_THAT(decoded, HasCode(StatusCode::kCorruption));
    }
  }
}

TEST(CompactRecordTest, WhatNoWriterWritesIsCorruption) {
  const auto expect_refused = [](const std::function<void(CompactRecord&)>& change) {
    CompactRecord record = SomeRecord();
    change(record);
    EXPECT_THAT(DecodeCompact(Encoded(record)), HasCode(StatusCode::kCorruption));
  };
  expect_refused([](CompactRecord& r) { r.inputs[1].chunk_sequence = 7; });
  expect_refused([](CompactRecord& r) { r.inputs[0].chunk_sequence = 0; });
  expect_refused([](CompactRecord& r) { r.inputs[0].slot = UINT32_MAX; });
  expect_refused([](CompactRecord& r) { r.outputs[0].chunk_sequence = 9; });
  expect_refused([](CompactRecord& r) { r.outputs[1].chunk_sequence = 12; });
  expect_refused([](CompactRecord& r) { r.outputs[0].sources = {}; });
  expect_refused([](CompactRecord& r) { r.outputs[0].sources = {9, 7}; });
  expect_refused([](CompactRecord& r) { r.outputs[0].sources = {7, 12}; });
  expect_refused([](CompactRecord& r) { r.outputs[0].summary = {}; });
  expect_refused([](CompactRecord& r) { r.outputs[0].summary.ts_max_us = 9; });
}

}  // namespace
}  // namespace xtdb
