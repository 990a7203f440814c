#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/engine/wal_test_support.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace wal_test;

TEST(RotatingWALRingTest, ALogThatIsReleasedInTimeDoesNotGrow) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  for (uint64_t i = 0; i < 2000; ++i) {  // some 60 times round
    ASSERT_THAT(Append(*wal, Payload(i, 4000)), IsOk());
    wal->Release(wal->end_lsn());
  }
  EXPECT_GT(wal->end_lsn(), 100 * kSegment);
  EXPECT_LE(wal->segment_count(), 3u);
  EXPECT_LE(wal->live_bytes(), kSegment + sizeof(SegmentHeader));
}

// Goal: whatever the checkpoint lets go, what stands behind it is replayed, and nothing else.
// Method: records of all sizes many times round the ring, a release that lags behind, a reopening
// now and then.
TEST(RotatingWALRingTest, RecordsBehindTheCheckpointSurviveEveryTurnOfTheRing) {
  FaultyFileSystem fs;
  auto wal = CreateLog(fs);
  std::deque<std::pair<LSN, std::string>> live;
  LSN checkpoint = kFirst;
  uint64_t epoch = 1;
  for (uint64_t i = 0; i < 3000; ++i) {
    std::string payload = Payload(i, i * 7919 % 9000);
    const auto lsn = Append(*wal, payload);
    ASSERT_THAT(lsn, IsOk());
    live.emplace_back(lsn.value(), std::move(payload));
    while (live.size() > 20 + i % 30) live.pop_front();
    checkpoint = live.front().first;
    wal->Release(checkpoint);
    if (i % 41 != 0) continue;
    auto log = OpenLog(fs, checkpoint);
    ASSERT_THAT(log, IsOk()) << i;
    ASSERT_EQ(log.value().records.size(), live.size());
    for (size_t k = 0; k < live.size(); ++k) {
      ASSERT_EQ(log.value().records[k].lsn, live[k].first);
      ASSERT_TRUE(log.value().records[k].payload == live[k].second);
    }
    EXPECT_FALSE(log.value().end.tail_was_cut);
    wal = std::move(log.value().wal);
    wal->BeginEpoch(++epoch);
    wal->Release(checkpoint);
  }
  EXPECT_GT(wal->end_lsn(), 150 * kSegment);
  EXPECT_LT(wal->segment_count(), 12u);
}

TEST(RotatingWALRingTest, ALateReleaseMakesTheLogGrowAndItsPlacesAreUsedAgain) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  for (uint64_t i = 0; i < 100; ++i) ASSERT_THAT(Append(*wal, Payload(i, 10'000)), IsOk());
  const uint32_t grown = wal->segment_count();
  EXPECT_GE(grown, 100 * 10'000 / kSegment);
  wal->Release(wal->end_lsn());
  for (uint64_t i = 0; i < 80; ++i) ASSERT_THAT(Append(*wal, Payload(i, 10'000)), IsOk());
  EXPECT_EQ(wal->segment_count(), grown);
}

TEST(RotatingWALRingTest, ReleaseNeverGoesBackOrBeyondTheEnd) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  for (uint64_t i = 0; i < 30; ++i) ASSERT_THAT(Append(*wal, Payload(i, 10'000)), IsOk());
  wal->Release(kMaxLsn);
  const uint64_t live = wal->live_bytes();
  EXPECT_LE(live, kSegment);
  wal->Release(kFirst);
  EXPECT_EQ(wal->live_bytes(), live);
  ASSERT_THAT(Append(*wal, "more"), IsOk());
}

TEST(RotatingWALRingTest, ALogEndsExactlyAtASegmentsEndAndGoesOn) {
  FaultyFileSystem fs;
  auto wal = CreateLog(fs);
  const std::string full = Payload(1, PayloadFor(kSegment - sizeof(SegmentHeader)));
  ASSERT_THAT(Append(*wal, full), IsOk());
  const LSN end = wal->end_lsn();
  EXPECT_EQ(end, kFirst + kSegment);
  wal->Release(end);
  auto log = OpenLog(fs, end);  // a segment that was never written yet
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log.value().end.end_lsn, end);
  log.value().wal->BeginEpoch(2);
  ASSERT_THAT(Append(*log.value().wal, full), IsOk());
  ASSERT_THAT(Append(*log.value().wal, "next"), IsOk());
  const auto again = OpenLog(fs, end);
  ASSERT_THAT(again, IsOk());
  EXPECT_TRUE(again.value().Payloads() == (std::vector<std::string>{full, "next"}));
}

TEST(RotatingWALRingTest, ACheckpointThatTheLogNoLongerHoldsIsRefused) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  const LSN middle = Append(*wal, "one").value() + 64;
  for (uint64_t i = 0; i < 60; ++i) {
    ASSERT_THAT(Append(*wal, Payload(i, 10'000)), IsOk());
    wal->Release(wal->end_lsn());
  }
  const auto reused = OpenLog(fs, middle);
  EXPECT_THAT(reused, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(reused.status().message(), HasSubstr("begins after the checkpoint"));
  const auto before = OpenLog(fs, kSegment / 2);
  EXPECT_THAT(before, HasCode(StatusCode::kCorruption));
  const auto ahead = OpenLog(fs, wal->end_lsn() + 9 * kSegment + 4096);
  EXPECT_THAT(ahead, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(ahead.status().message(), HasSubstr("ends before the checkpoint"));
}

class WALFullTest : public testing::Test {
 protected:
  void SetUp() override {
    wal_ = CreateLog(fs_);
    fs_.SetCapacity(kExtentSizeBytes + 4 * kSegment);  // two places more than the new log's
  }
  // Appends until the log is full; returns the number of records that went in.
  uint64_t Fill() {
    for (uint64_t count = 0;; ++count) {
      const LSN before = wal_->end_lsn();
      const auto lsn = Append(*wal_, Payload(count, 5000));
      if (lsn.ok()) continue;
      EXPECT_THAT(lsn, HasCode(StatusCode::kResourceExhausted));
      EXPECT_EQ(wal_->end_lsn(), before);
      return count;
    }
  }
  FaultyFileSystem fs_;
  std::unique_ptr<RotatingWAL> wal_;
};

TEST_F(WALFullTest, WALFullRefusesTheAppendAndWritesNothing) {
  const uint64_t count = Fill();
  EXPECT_EQ(count, 3 * kSegment / 5056);
  const std::vector<std::byte> before = fs_.ReadWhole(kPath);
  EXPECT_THAT(Append(*wal_, Payload(1, 5000)), HasCode(StatusCode::kResourceExhausted));
  EXPECT_TRUE(fs_.ReadWhole(kPath) == before);
  EXPECT_THAT(wal_->failure(), IsOk()) << "not sticky";
  EXPECT_THAT(wal_->Sync(), IsOk());
  const auto log = OpenLog(fs_);
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log.value().records.size(), count);
}

TEST_F(WALFullTest, WALFullTakesASmallerRecordThatNeedsNoNewPlace) {
  Fill();
  EXPECT_THAT(Append(*wal_, "small"), IsOk());
}

TEST_F(WALFullTest, WALFullEndsWithARelease) {
  Fill();
  wal_->Release(wal_->end_lsn());
  const LSN checkpoint = wal_->end_lsn();
  for (uint64_t i = 0; i < 10; ++i) ASSERT_THAT(Append(*wal_, Payload(i, 5000)), IsOk());
  EXPECT_EQ(OpenLog(fs_, checkpoint).value().records.size(), 10u);
}

TEST_F(WALFullTest, WALFullEndsWithMoreRoom) {
  const uint64_t count = Fill();
  fs_.SetCapacity(100 * kSegment);
  for (uint64_t i = 0; i < 50; ++i) ASSERT_THAT(Append(*wal_, Payload(i, 5000)), IsOk());
  EXPECT_EQ(OpenLog(fs_).value().records.size(), count + 50);
}

TEST_F(WALFullTest, WALFullKeepsTheReserveForAbortAndFlush) {
  const uint64_t count = Fill();
  const std::string flush = Payload(7, 40'000);
  ASSERT_THAT(Append(*wal_, flush, FrameType::kFlush, kNoLsn), IsOk());
  ASSERT_THAT(Append(*wal_, "", FrameType::kAbort, kFirst), IsOk());
  ASSERT_THAT(Append(*wal_, "drop", FrameType::kDrop, kNoLsn), IsOk());
  EXPECT_THAT(Append(*wal_, flush, FrameType::kFlush, kNoLsn),
              HasCode(StatusCode::kResourceExhausted));
  const auto log = OpenLog(fs_);
  ASSERT_THAT(log, IsOk());
  EXPECT_EQ(log.value().records.size(), count + 3);
  EXPECT_TRUE(log.value().records[count].payload == flush);
}

TEST_F(WALFullTest, WALFullDoesNotLetABatchWithPointsTakeTheReserve) {
  Fill();
  const std::string points = Payload(1, 5000);
  const RotatingWAL::Entry batch[] = {{FrameType::kAbort, {}}, {FrameType::kPoints, Bytes(points)}};
  EXPECT_THAT(wal_->BatchAppend(batch, kNoLsn), HasCode(StatusCode::kResourceExhausted));
}

TEST_F(WALFullTest, WALFullIsFoundByReserve) {
  EXPECT_THAT(wal_->Reserve(2 * kSegment, 1), IsOk());
  const uint32_t places = wal_->segment_count();
  EXPECT_THAT(wal_->Reserve(4 * kSegment, 1), HasCode(StatusCode::kResourceExhausted));
  EXPECT_THAT(wal_->Reserve(kMaxLsn, 1), HasCode(StatusCode::kResourceExhausted));
  EXPECT_EQ(wal_->segment_count(), places);
}

// Goal: what was reserved needs no space. Method: reserve, then let the disk be full.
TEST(RotatingWALRingTest, WhatWasReservedFitsOnAFullDisk) {
  for (uint64_t i = 0; i < 60; ++i) {
    SCOPED_TRACE(i);
    FaultyFileSystem fs;
    const auto wal = CreateLog(fs);
    ASSERT_THAT(Append(*wal, Payload(i, i * 1103 % kSegment)), IsOk());
    const uint32_t records = static_cast<uint32_t>(1 + i * i % 300);
    const size_t size = i * 977 % 9000;
    ASSERT_THAT(wal->Reserve(records * size, records), IsOk());
    fs.SetCapacity(0);
    const std::string payload = Payload(i, size);
    const std::vector<RotatingWAL::Entry> batch(records, {FrameType::kPoints, Bytes(payload)});
    ASSERT_THAT(wal->BatchAppend(batch, RotatingWAL::kNewTransaction), IsOk());
  }
}

}  // namespace
}  // namespace xtdb
