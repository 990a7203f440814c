// Compaction as its callers see it: the same points before, while and after, in less room.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <utility>

#include "tests/engine/compaction_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::Each;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto kRaw = CompactionScope::kRaw;
constexpr auto kAll = CompactionScope::kAll;

TEST_F(CompactionTest, ChunksBecomeOneOfWhichEachPointIsTheLastVersion) {
  WriteChunk("a", 0, 1000, 1);
  WriteChunk("b", 500, 1000, 2);
  WriteChunk("a", 900, 300, 3);
  WriteChunk("a", 100, 10, 4);
  const auto report = CompactAndCompare();
  EXPECT_EQ(report.chunks_in, 4u);
  EXPECT_EQ(report.chunks_out, 1u);
  EXPECT_EQ(report.counts.points_in, 2310u);
  EXPECT_EQ(report.counts.points_out, 2200u);
  EXPECT_THAT(Kinds(), testing::ElementsAre(ChunkKind::kCompact));
  EXPECT_EQ(StoredPoints(), 2200u);
}

TEST_F(CompactionTest, NothingIsLeftToDoTheSecondTime) {
  WriteChunk("a", 0, 100, 1);
  EXPECT_EQ(Compact().runs, 1u);
  EXPECT_EQ(Compact().runs, 0u);
  EXPECT_EQ(Compact(kAll).runs, 0u);
}

TEST_F(CompactionTest, WhatIsOnlyBufferedIsCompactedToo) {
  WriteRows("a", 0, 100, 1);
  EXPECT_EQ(CompactAndCompare().chunks_in, 1u);
}

TEST_F(CompactionTest, AnEmptyContainerHasNothingToCompact) { EXPECT_EQ(Compact().runs, 0u); }

TEST_F(CompactionTest, DeletedPointsAreGoneAndTheirTombstonesToo) {
  WriteChunk("a", 0, 100, 1);
  DeleteChunk("a", 10, 50);
  CompactAndCompare();
  EXPECT_EQ(StoredPoints(), 50u);
}

TEST_F(CompactionTest, WhereEverythingIsDeletedNoChunkIsLeft) {
  WriteChunk("a", 0, 100, 1);
  DeleteChunk("a", 0, 100);
  CompactAndCompare();
  EXPECT_THAT(Chunks(), IsEmpty());
}

TEST_F(CompactionTest, TombstonesStayWhileAnOlderChunkMayHoldWhatTheyHide) {
  WriteChunk("a", 0, 100, 1);
  CompactAndCompare();
  DeleteChunk("a", 0, 10);
  CompactAndCompare();
  EXPECT_EQ(StoredPoints(), 110u);
  CompactAndCompare(kAll);
  EXPECT_EQ(StoredPoints(), 90u);
}

TEST_F(CompactionTest, LatePointsReplaceThoseOfCompactedChunks) {
  for (int64_t i = 0; i < 3; ++i) WriteChunk("a", i * 100, 100, i);
  CompactAndCompare();
  WriteChunk("a", 50, 100, 7);
  WriteChunk("b", 0, 10, 8);
  CompactAndCompare();
  EXPECT_THAT(Kinds(), SizeIs(2));
  CompactAndCompare(kAll);
  EXPECT_THAT(Kinds(), SizeIs(1));
  EXPECT_EQ(StoredPoints(), 310u);
}

// A MIXED block has one place in the order of flushes, and its tags may have been flushed at
// different times.
TEST_F(CompactionTest, ManyShortTagsKeepTheOrderOfTheirFlushes) {
  for (int64_t round = 0; round < 12; ++round) {
    for (int64_t tag = 0; tag < 60; ++tag) {
      if ((tag + round) % 3 != 0) WriteRows("t" + std::to_string(tag), tag, 5, round);
    }
    if (round % 2 == 0) {
      ASSERT_OK(engine().Flush(kNoWait));
    } else {
      ASSERT_OK(engine().Seal(kNoWait));
    }
    if (round == 5 || round == 9) CompactAndCompare();
  }
  CompactAndCompare(kAll);
  EXPECT_EQ(StoredPoints(), 300u);
}

TEST_F(CompactionTest, IntegersAreWidenedWhereTheTagHasBeen) {
  WriteChunk("a", 0, 10, 1);
  ASSERT_OK(engine().WritePoint("a", 5, Value::Real(0.5), kQualityGood));
  ASSERT_OK(engine().Seal(kNoWait));
  ASSERT_OK(engine().WritePoint("b", 5, Value::Text("off"), kQualityBad));
  ASSERT_OK(engine().WritePoint("b", 6, Value::Null(), kQualityBad));
  CompactAndCompare();
  EXPECT_EQ(first_.Read().at({"a", 4}).bits, FromDouble(1.0));
}

TEST_F(CompactionTest, ATagLargerThanASliceAndAChunkIsSplit) {
  // Of full precision, so that they take their 8 bytes each.
  uint64_t state = 1;
  for (int chunk = 0; chunk < 3; ++chunk) {
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine().Begin(kNoWait));
    ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag("a"));
    for (int64_t i = 0; i < 500'000; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const auto value = static_cast<double>(state >> 11);
      ASSERT_OK(transaction->Write(*staged, chunk * 500'000 + i, Value::Real(value / 3), 0));
    }
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  const auto report = Compact();
  EXPECT_EQ(report.counts.points_out, 1'500'000u);
  EXPECT_GT(report.chunks_out, 2u);
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_EQ(StoredPoints(), 1'500'000u);
}

// Statistics answer for a block that nothing overlaps.
TEST_F(CompactionTest, TheBlocksOfALongTagDoNotOverlap) {
  std::mt19937_64 random(1);
  constexpr int64_t kRows = 2'300'000;
  ASSERT_OK_AND_ASSIGN(const auto transaction, engine().Begin(kNoWait));
  ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag("long"));
  for (int64_t ts_us = 0; ts_us < kRows; ++ts_us) {
    const Value value = Value::Integer(static_cast<int64_t>(random() % 1000));
    ASSERT_OK(transaction->Write(*staged, ts_us, value, kQualityGood));
  }
  ASSERT_OK(transaction->Prepare());
  transaction->Commit();
  ASSERT_OK(engine().Seal(kNoWait));
  EXPECT_EQ(Compact().counts.points_out, static_cast<uint64_t>(kRows));
  ReadView view;
  ASSERT_OK_AND_ASSIGN(view.snapshot, engine().TakeSnapshot());
  ReadView::Sources sources;
  ASSERT_OK(view.FindSources(view.FindTag("long")->id, kTsMin, kTsMax, sources));
  ASSERT_GT(sources.blocks.size(), 3u);
  int64_t next_us = 0;
  for (const BlockRef& block : sources.blocks) {
    EXPECT_EQ(block.entry->ts_min_us, next_us);
    next_us = block.entry->ts_max_us + 1;
  }
}

TEST_F(CompactionTest, ASnapshotFromBeforeReadsOn) {
  WriteChunk("a", 0, 100, 1);
  WriteChunk("a", 50, 100, 2);
  auto snapshot = engine().TakeSnapshot().value();
  const TestPoints before = ReadAll(ReadView{snapshot}).value();
  Compact();
  WriteChunk("a", 0, 10, 3);
  EXPECT_EQ(ReadAll(ReadView{snapshot}).value(), before);
  EXPECT_THAT(engine().DroppedChunks(), SizeIs(2)) << "their slots are not free yet";
  snapshot = nullptr;
  ASSERT_OK(engine().Flush(kNoWait));
  EXPECT_THAT(engine().DroppedChunks(), IsEmpty());
}

TEST_F(CompactionTest, OtherProcessesReadAndWriteOn) {
  WriteChunk("a", 0, 100, 1);
  WriteChunk("a", 50, 100, 2);
  ASSERT_OK(second_.Open());
  const TestPoints before = second_.Read();
  const auto snapshot = second_.engine->TakeSnapshot().value();
  Compact();
  EXPECT_EQ(second_.Read(), before);
  EXPECT_EQ(ReadAll(ReadView{snapshot}).value(), before);
  ASSERT_OK(second_.Write("a", 1000, 5));
  EXPECT_EQ(first_.Read().size(), before.size() + 1);
  ASSERT_OK(second_.engine->Compact(kAll, kNoWait));
  EXPECT_EQ(first_.Read().size(), before.size() + 1);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(CompactionTest, OneProcessCompactsAtATime) {
  WriteChunk("a", 0, 100, 1);
  ASSERT_OK(second_.Open());
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Open(kProcessesPath, OpenMode::kReadWrite));
  ASSERT_OK(file->TryLock(kLockCompaction, File::LockKind::kExclusive));
  EXPECT_THAT(engine().Compact(kRaw, kNoWait), HasCode(StatusCode::kBusy));
  file->Unlock(kLockCompaction);
  EXPECT_EQ(Compact().runs, 1u);
}

// Its checkpoint seals what others have filled, and passes none of the frames behind the oldest
// point that is still buffered: they name a chunk that the catalogue knows as sealed.
class FilledMeanwhileTest : public CompactionTest {
 protected:
  void SetUp() override {
    CompactionTest::SetUp();
    WriteChunk("a", 0, 100, 1);
    WriteChunk("a", 50, 100, 2);
    EngineOptions options = SmallOptions();
    options.buffer_bytes = 5 * kMiB / 2;
    ASSERT_OK(second_.Open(options));
    bool is_filled = false;
    const auto fill = [&](const OperationRecord&) {
      if (std::exchange(is_filled, true)) return;  // or its own write is what we are called for
      is_filled = second_.Write("small", 1, 1).ok();
      if (is_filled) FillAChunk(*second_.engine);
    };
    fs_.SetHook(fill, MaskOf(FileOperation::kWrite));
    Compact();
    fs_.SetHook(nullptr);
    ASSERT_TRUE(is_filled);
    points_ = second_.Read();
    // It was compacted, too, in a second run.
    for (const DroppedChunk& dropped : engine().DroppedChunks()) {
      if (dropped.chunk->summary().block_count > 2) filled_ = dropped.chunk;
    }
    ASSERT_NE(filled_, nullptr);
    ASSERT_EQ(filled_->state(), ChunkState::kSealed);
    const Superblock& superblock = second_.engine->container().superblock();
    ASSERT_LT(superblock.checkpoint_lsn, filled_->summary().last_flush_lsn);
  }
  void KillAll() {
    first_.fs.Kill();
    second_.fs.Kill();
  }

  TestPoints points_;
  std::shared_ptr<Chunk> filled_;
};

TEST_F(FilledMeanwhileTest, WhoOpensLaterReadsItAll) {
  EXPECT_EQ(first_.Read(), points_);
  Process joining(fs_);
  ASSERT_OK(joining.Open());
  EXPECT_EQ(joining.Read(), points_);
  joining.fs.Kill();
  KillAll();
  Process recovering(fs_);
  ASSERT_OK(recovering.Open());
  EXPECT_EQ(recovering.Read(), points_);
  EXPECT_THAT(recovering.engine->Check().value().problems, IsEmpty());
}

TEST_F(FilledMeanwhileTest, ItsDamageDoesNotKeepTheRestFromBeingServed) {
  KillAll();
  fs_.FlipBits(kProcessesPath, filled_->layout().EntryOffset(0) + 8, std::byte{1});
  fs_.FlipBits(kProcessesPath, filled_->layout().ExtentOffset(0) + 8, std::byte{1});
  Process recovering(fs_);
  ASSERT_OK(recovering.Open());
  EXPECT_EQ(recovering.Read(), points_) << "the compacted chunk has its points";
}

// Both write where the other does not: a process that dies at any point of its compaction, and one
// that goes on.
TEST_F(CompactionTest, AProcessThatDiesAnywhereInItCostsNothing) {
  int rounds_with_lease = 0;
  for (uint64_t nth = 1;; ++nth) {
    FaultyFileSystem fs(nth);
    Process dying(fs);
    Process living(fs);
    ASSERT_OK(dying.Open());
    ASSERT_OK(living.Open());
    for (int64_t i = 0; i < 3; ++i) {
      ASSERT_OK(living.Write("a", i, i));
      ASSERT_OK(living.Write("b", i, i));
      ASSERT_OK(living.engine->Seal(kNoWait));
    }
    const TestPoints before = living.Read();
    dying.fs.KillBefore(nth);
    const auto compacted = dying.engine->Compact(kRaw, kNoWait);
    const bool is_done = !dying.fs.killed();
    dying.fs.Kill();
    SCOPED_TRACE(nth);
    EXPECT_EQ(living.Read(), before);
    const uint64_t lease = living.engine->container().file().AllocatedBytes().value();
    ASSERT_OK(living.Write("a", 100, 1));
    ASSERT_OK(living.engine->Seal(kNoWait));
    rounds_with_lease += living.engine->container().file().AllocatedBytes().value() < lease ? 1 : 0;
    ASSERT_OK(living.engine->Compact(kAll, kNoWait));
    EXPECT_EQ(living.Read().size(), before.size() + 1);
    EXPECT_THAT(living.engine->Check().value().problems, IsEmpty());
    ASSERT_OK(living.engine->Close());
    Process later(fs);
    ASSERT_OK(later.Open());
    EXPECT_EQ(later.Read().size(), before.size() + 1);
    EXPECT_THAT(later.engine->Check().value().problems, IsEmpty());
    if (is_done || HasFailure()) break;
  }
  EXPECT_GT(rounds_with_lease, 0) << "no space was ever given back";
}

TEST_F(CompactionTest, AFullDiskLeavesEverythingAsItWas) {
  for (int64_t i = 0; i < 3; ++i) WriteChunk("a", i * 100, 100, i);
  for (uint64_t nth = 1;; ++nth) {
    const TestPoints before = first_.Read();
    fs_.Inject({.nth = nth,
                .status = Status::ResourceExhausted("the disk is full"),
                .kinds = MaskOf(FileOperation::kAllocate)});
    const auto report = engine().Compact(kRaw, kNoWait);
    fs_.ClearFaults();
    if (report.ok()) break;
    EXPECT_THAT(report, HasCode(StatusCode::kResourceExhausted));
    EXPECT_EQ(first_.Read(), before);
    EXPECT_THAT(Problems(), IsEmpty());
    ASSERT_OK(first_.Write("b", static_cast<int64_t>(nth), 1)) << "writes go on";
    ASSERT_LT(nth, 100u);
  }
  EXPECT_THAT(Kinds(), Each(Eq(ChunkKind::kCompact)));
}

TEST_F(CompactionTest, AChunkWithADamagedBlockStaysAndIsNamed) {
  WriteChunk("a", 0, 100, 1);
  const std::shared_ptr<Chunk> chunk = Chunks().front();
  fs_.FlipBits(kProcessesPath, chunk->layout().ExtentOffset(0) + 140, std::byte{1});
  const auto report = engine().Compact(kRaw, kNoWait);
  EXPECT_THAT(report, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("chunk 1"));
  EXPECT_THAT(Kinds(), testing::ElementsAre(ChunkKind::kRaw));
  ASSERT_OK(first_.Write("b", 1, 1)) << "writes go on";
}

TEST_F(CompactionTest, SpaceIsGivenBack) {
  for (int64_t i = 0; i < 8; ++i) WriteChunk("a", 0, 1000, i);
  ASSERT_OK(engine().Close());
  Reopen();
  const uint64_t before = AllocatedBytes();
  Compact();
  ASSERT_OK(engine().Close());
  Reopen();
  EXPECT_LT(AllocatedBytes(), before);
}

TEST_F(CompactionTest, AReadOnlyEngineDoesNotCompact) {
  WriteChunk("a", 0, 100, 1);
  EngineOptions options = SmallOptions();
  options.read_only = true;
  ASSERT_OK(second_.Open(options));
  EXPECT_THAT(second_.engine->Compact(kRaw, kNoWait), HasCode(StatusCode::kReadOnly));
}

}  // namespace
}  // namespace xtdb
