#include "engine/wal/log_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class LogReplayTest : public testing::Test {
 protected:
  LogReplayTest()
      : container_(std::move(Container::Create(
                                 fs_, fs_.Open("/plant.xtdb", OpenMode::kOpenOrCreate).value(),
                                 {.chunk_size_bytes = 4 * kMiB, .options = {}}))
                       .value()),
        chunks_(*container_, events_),
        replay_(dictionary_, buffer_, chunks_) {}

  Status Apply(FrameType type, LSN transaction, const std::vector<std::byte>& payload) {
    LogRecord record;
    record.lsn = lsn_;
    record.end_lsn = lsn_ += 100;
    record.type = type;
    record.transaction = transaction;
    record.payload = payload;
    return replay_.Apply(record);
  }
  Status Define(LSN transaction, TagId id, const std::string& name) {
    std::vector<std::byte> payload;
    AppendTagDefinition({id, ValueType::kInt64, name, "", ""}, payload);
    return Apply(FrameType::kDefineTag, transaction, payload);
  }
  Status Points(LSN transaction, TagId id, size_t count) {
    PointColumns rows;
    rows.type = ValueType::kInt64;
    for (size_t i = 0; i < count; ++i) {
      rows.Append({static_cast<int64_t>(i), 0, kQualityGood, 0, {}});
    }
    std::vector<std::byte> payload;
    AppendPointsGroup(id, rows, 0, rows.size(), payload);
    return Apply(FrameType::kPoints, transaction, payload);
  }
  Status Prepare(LSN transaction, uint64_t points, uint64_t records) {
    std::vector<std::byte> payload;
    AppendPrepare({.point_count = points, .record_count = records, .time_us = 0}, payload);
    return Apply(FrameType::kPrepare, transaction, payload);
  }
  // A flush that begins a chunk and puts nothing into it.
  Status BeginChunk(uint32_t slot, uint64_t sequence) {
    std::vector<std::byte> payload;
    AppendFlush({.chunks = {{slot, ChunkKind::kRaw, sequence, 0}}, .entries = {}}, payload);
    return Apply(FrameType::kFlush, kNoLsn, payload);
  }
  Status Drop(uint32_t slot, uint64_t sequence) {
    std::vector<std::byte> payload;
    AppendDrop({.before_us = 0, .chunks = {{slot, sequence}}}, payload);
    return Apply(FrameType::kDrop, kNoLsn, payload);
  }

  FaultyFileSystem fs_{1};
  EventLog events_;
  TagDictionary dictionary_;
  MemBuffer buffer_;
  std::unique_ptr<Container> container_;
  ChunkStore chunks_;
  LogReplay replay_;
  LSN lsn_ = 1000;
};

TEST_F(LogReplayTest, APreparedTransactionAtTheEndCounts) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  ASSERT_OK(Prepare(1000, 3, 2));
  EXPECT_EQ(dictionary_.Find("a"), nullptr) << "a later frame may still withdraw it";
  ASSERT_OK(replay_.Finish());
  EXPECT_NE(dictionary_.Find("a"), nullptr);
  EXPECT_EQ(buffer_.point_count(), 3u);
  EXPECT_EQ(buffer_.oldest_frame_lsn(), 1000u);
  EXPECT_EQ(replay_.last_lsn(), 1200u);
  EXPECT_EQ(replay_.transactions(), 1u);
  EXPECT_EQ(replay_.points(), 3u);
  EXPECT_EQ(replay_.withdrawn(), 0u);
}

TEST_F(LogReplayTest, WhatIsUndecidedCanBeTakenOutAndCommittedLater) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  ASSERT_OK(Prepare(1000, 3, 2));
  const PendingTransaction undecided = replay_.TakeUndecided();
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(dictionary_.Find("a"), nullptr);
  EXPECT_EQ(buffer_.point_count(), 0u);
  EXPECT_EQ(replay_.last_lsn(), kNoLsn);
  EXPECT_EQ(undecided.transaction, 1000u);
  EXPECT_EQ(undecided.prepare_lsn, 1200u);
  ASSERT_OK(undecided.Commit(dictionary_, buffer_, chunks_));
  EXPECT_NE(dictionary_.Find("a"), nullptr);
  EXPECT_EQ(buffer_.point_count(), 3u);
}

TEST_F(LogReplayTest, OnlyAWholePrepareAtTheVeryEndIsUndecided) {
  EXPECT_FALSE(replay_.TakeUndecided().prepared()) << "an empty log";
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  EXPECT_FALSE(replay_.TakeUndecided().prepared()) << "not prepared";
  ASSERT_OK(Prepare(1000, 3, 2));
  ASSERT_OK(Apply(FrameType::kAbort, 1300, {}));
  EXPECT_FALSE(replay_.TakeUndecided().prepared()) << "a frame alone confirms what is before it";
  EXPECT_EQ(buffer_.point_count(), 3u);
  EXPECT_EQ(replay_.withdrawn(), 0u);
  ASSERT_OK(Points(1400, 1, 1));
  ASSERT_OK(Prepare(1400, 1, 1));
  ASSERT_OK(Points(1400, 1, 1));
  EXPECT_FALSE(replay_.TakeUndecided().prepared()) << "withdrawn by a frame of its own";
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(buffer_.point_count(), 3u);
}

TEST_F(LogReplayTest, AnEmptyLogIsNothing) {
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(replay_.last_lsn(), kNoLsn);
  EXPECT_EQ(replay_.transactions() + replay_.withdrawn(), 0u);
}

TEST_F(LogReplayTest, AnUnfinishedTransactionIsDropped) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(dictionary_.Find("a"), nullptr);
  EXPECT_EQ(buffer_.point_count(), 0u);
  EXPECT_EQ(replay_.withdrawn(), 1u);
  EXPECT_GT(dictionary_.AllocateId(), 1u) << "its number is not given out again";
}

TEST_F(LogReplayTest, AnAbortedTransactionIsDroppedAndTheNextCounts) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  ASSERT_OK(Prepare(1000, 3, 2));
  ASSERT_OK(Apply(FrameType::kAbort, 1000, {}));
  ASSERT_OK(Define(1400, 2, "b"));
  ASSERT_OK(Prepare(1400, 0, 1));
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(dictionary_.Find("a"), nullptr);
  EXPECT_NE(dictionary_.Find("b"), nullptr);
  EXPECT_EQ(replay_.withdrawn(), 1u);
  EXPECT_EQ(replay_.transactions(), 1u);
}

TEST_F(LogReplayTest, AnyLaterFrameOfTheTransactionWithdrawsItsPrepare) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Prepare(1000, 0, 1));
  ASSERT_OK(Points(1000, 1, 2));
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(dictionary_.Find("a"), nullptr);
  EXPECT_EQ(replay_.withdrawn(), 1u);
}

TEST_F(LogReplayTest, ASecondPrepareCounts) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Prepare(1000, 0, 1));
  ASSERT_OK(Points(1000, 1, 2));
  ASSERT_OK(Prepare(1000, 2, 2));
  ASSERT_OK(replay_.Finish());
  EXPECT_EQ(buffer_.point_count(), 2u);
  EXPECT_EQ(replay_.last_lsn(), 1300u);
}

TEST_F(LogReplayTest, CountsThatDoNotFitAreCorruption) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  EXPECT_THAT(Prepare(1000, 2, 2), StatusIs(StatusCode::kCorruption, HasSubstr("LSN 1200")));
  LogReplay other(dictionary_, buffer_, chunks_);
  EXPECT_THAT(Prepare(1300, 0, 1), HasCode(StatusCode::kCorruption));
}

TEST_F(LogReplayTest, PointsOfATagThatNothingDefinesAreCorruption) {
  ASSERT_OK(Points(1000, 7, 1));
  ASSERT_OK(Prepare(1000, 1, 1));
  EXPECT_THAT(replay_.Finish(), StatusIs(StatusCode::kCorruption, HasSubstr("tag number 7")));
}

TEST_F(LogReplayTest, ATypeOfANewerBuildIsUnsupported) {
  EXPECT_THAT(Apply(static_cast<FrameType>(200), 1000, {}),
              StatusIs(StatusCode::kUnsupported, HasSubstr("200")));
  EXPECT_THAT(Apply(FrameType::kDelete, 1000, {}), HasCode(StatusCode::kUnsupported));
}

TEST_F(LogReplayTest, AFrameOfNoTransactionIsCorruption) {
  EXPECT_THAT(Points(kNoLsn, 1, 1), HasCode(StatusCode::kCorruption));
}

TEST_F(LogReplayTest, PayloadsThatAreNoneAreCorruption) {
  const std::vector<std::byte> rubbish(5, std::byte{0xAB});
  for (const FrameType type : {FrameType::kDefineTag, FrameType::kPoints, FrameType::kPrepare}) {
    EXPECT_THAT(Apply(type, 1000, rubbish), HasCode(StatusCode::kCorruption));
  }
  EXPECT_THAT(Apply(FrameType::kFlush, kNoLsn, rubbish), HasCode(StatusCode::kCorruption));
  EXPECT_THAT(Apply(FrameType::kDrop, kNoLsn, rubbish), HasCode(StatusCode::kCorruption));
}

TEST_F(LogReplayTest, ADropTakesAChunkOutAndALaterOneMayHaveItsSlot) {
  ASSERT_OK(BeginChunk(3, 7));
  ASSERT_OK(Drop(3, 7));
  EXPECT_EQ(replay_.last_lsn(), 1100u);
  EXPECT_TRUE(chunks_.chunks()->empty());
  ASSERT_EQ(chunks_.dropped().size(), 1u);
  EXPECT_EQ(chunks_.dropped()[0].drop_lsn, 1100u);
  ASSERT_OK(Drop(3, 7)) << "once more is nothing";
  ASSERT_OK(BeginChunk(3, 7)) << "neither is a flush that a catalogue is ahead of";
  EXPECT_TRUE(chunks_.chunks()->empty());
  ASSERT_OK(BeginChunk(3, 8));
  EXPECT_EQ(chunks_.chunks()->size(), 1u);
  EXPECT_TRUE(chunks_.dropped().empty()) << "the slot is in use: it must not be punched";
}

TEST_F(LogReplayTest, TwoChunksInOneSlotAreCorruption) {
  ASSERT_OK(BeginChunk(3, 7));
  EXPECT_THAT(BeginChunk(3, 8), HasCode(StatusCode::kCorruption));
}

TEST_F(LogReplayTest, ADropInAnotherSlotIsCorruption) {
  ASSERT_OK(BeginChunk(3, 7));
  EXPECT_THAT(Drop(2, 7), StatusIs(StatusCode::kCorruption, HasSubstr("slot 3")));
}

TEST_F(LogReplayTest, AFlushRetiresWhatItsBlocksHold) {
  ASSERT_OK(Define(1000, 1, "a"));
  ASSERT_OK(Points(1000, 1, 3));
  ASSERT_OK(Prepare(1000, 3, 2));
  std::vector<std::byte> payload;
  AppendFlush({}, payload);
  ASSERT_OK(Apply(FrameType::kFlush, kNoLsn, payload));
  EXPECT_EQ(buffer_.point_count(), 3u) << "a flush of no blocks takes nothing";
  EXPECT_EQ(replay_.last_lsn(), 1300u);
}

}  // namespace
}  // namespace xtdb
