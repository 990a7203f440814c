// What a retention lets go: whole chunks, and at the edge points.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int64_t kHour = 3'600'000'000;

class RetentionTest : public testing::Test {
 protected:
  RetentionTest() : first_(fs_), second_(fs_) {}

  static EngineOptions Options() {
    EngineOptions options = SmallOptions();
    options.storage.retention_us = 100 * kHour;
    options.auto_retention = false;
    return options;
  }
  void SetUp() override {
    ASSERT_OK(first_.Open(Options()));
    first_.clock.Advance(1000 * kHour);
    now_us_ = first_.clock.NowUs();
  }
  StorageEngine& engine() { return *first_.engine; }
  void Reopen() {
    first_.engine = nullptr;
    ASSERT_OK(first_.Open(Options()));
  }
  // A point so many hours before now.
  void Write(int64_t hours, int64_t value, const std::string& tag = "a") {
    ASSERT_OK(first_.Write(tag, now_us_ - hours * kHour, value));
  }
  void Seal() { ASSERT_OK(engine().Seal(kNoWait)); }
  uint64_t Retain() {
    const auto report = engine().Retain(kNoWait);
    EXPECT_OK(report);
    return report.ok() ? report.value().chunks : 0;
  }
  // "150=1 20=2": hours before now and value.
  std::string Points() { return Text(first_.Read()); }
  std::string Text(const TestPoints& points) const {
    std::string text;
    for (const auto& [key, point] : points) {
      text += (text.empty() ? "" : " ") + std::to_string((now_us_ - key.second) / kHour) + "=" +
              std::to_string(AsInt64(point.bits));
    }
    return text;
  }

  FaultyFileSystem fs_{1};
  Process first_;
  Process second_;
  int64_t now_us_ = 0;
};

TEST_F(RetentionTest, WhatIsOlderGoesWithItsChunk) {
  Write(150, 1);
  Write(120, 2);
  Seal();
  Write(50, 3);
  Seal();
  EXPECT_EQ(Retain(), 1u);
  EXPECT_EQ(Points(), "50=3");
  EXPECT_THAT(engine().TakeSnapshot().value()->chunks(), SizeIs(1));
  Reopen();
  EXPECT_EQ(Points(), "50=3");
}

TEST_F(RetentionTest, AtTheEdgePointsAreHiddenInTheChunkThatStays) {
  Write(150, 1);
  Write(100, 2);
  Write(99, 3);
  EXPECT_EQ(Retain(), 0u);
  EXPECT_EQ(Points(), "100=2 99=3") << "exactly as old as the retention is not older";
  Reopen();
  EXPECT_EQ(Points(), "100=2 99=3");
  EXPECT_THAT(engine().Check().value().problems, IsEmpty());
}

TEST_F(RetentionTest, ALogThatIsReplayedHidesThemToo) {
  Write(150, 1);
  Write(50, 2);
  Retain();
  fs_.Crash(CrashPolicy::kDropAll);
  Reopen();
  EXPECT_EQ(Points(), "50=2");
}

TEST_F(RetentionTest, WhatIsWrittenLaterCountsUntilTheNextRun) {
  Write(150, 1);
  Write(50, 2);
  Retain();
  Write(149, 3);
  EXPECT_EQ(Points(), "149=3 50=2");
  Seal();
  EXPECT_EQ(Points(), "149=3 50=2");
  ASSERT_OK(engine().Compact(CompactionScope::kAll, kNoWait));
  EXPECT_EQ(Points(), "149=3 50=2");
  first_.clock.Advance(1);
  Retain();
  EXPECT_EQ(Points(), "50=2");
}

TEST_F(RetentionTest, AnOlderVersionDoesNotComeBackWhenTheNewerOneGoes) {
  Write(150, 1);
  Write(10, 2);
  Seal();
  Write(150, 3);
  Seal();
  EXPECT_EQ(Retain(), 1u) << "the chunk of the newer version";
  EXPECT_EQ(Points(), "10=2");
}

TEST_F(RetentionTest, CompactionLeavesOutWhatIsHidden) {
  for (int64_t hours = 150; hours > 50; --hours) Write(hours, hours);
  Seal();
  Retain();
  const std::string before = Points();
  ASSERT_OK(engine().Compact(CompactionScope::kAll, kNoWait));
  EXPECT_EQ(Points(), before);
  EXPECT_EQ(engine().TakeSnapshot().value()->chunks().front()->summary().point_count, 50u);
}

TEST_F(RetentionTest, CompactionLeavesItOutOfASingleCompactedChunkToo) {
  for (int64_t hours = 90; hours > 0; --hours) Write(hours, hours);
  ASSERT_OK(engine().Compact(CompactionScope::kAll, kNoWait));
  first_.clock.Advance(50 * kHour);
  Retain();
  const std::string before = Points();
  EXPECT_EQ(engine().Compact(CompactionScope::kRaw, kNoWait).value().runs, 0u);
  EXPECT_EQ(engine().Compact(CompactionScope::kAll, kNoWait).value().runs, 1u);
  EXPECT_EQ(Points(), before);
  EXPECT_EQ(engine().TakeSnapshot().value()->chunks().front()->summary().point_count, 50u);
  EXPECT_EQ(engine().Compact(CompactionScope::kAll, kNoWait).value().runs, 0u);
}

TEST_F(RetentionTest, ASnapshotFromBeforeReadsOnAndOthersFollow) {
  Write(150, 1);
  Write(50, 2);
  ASSERT_OK(second_.Open(Options()));
  const auto snapshot = second_.engine->TakeSnapshot().value();
  Retain();
  EXPECT_EQ(Text(ReadAll(ReadView{snapshot}).value()), "150=1 50=2");
  EXPECT_EQ(Text(second_.Read()), "50=2");
}

TEST_F(RetentionTest, AClockThatGoesBackChangesNothing) {
  Write(150, 1);
  Write(50, 2);
  Retain();
  first_.clock.Advance(-500 * kHour);
  EXPECT_EQ(Retain(), 0u);
  EXPECT_EQ(Points(), "50=2");
}

TEST_F(RetentionTest, WithoutOptionsItSaysSo) {
  EngineOptions options = SmallOptions();
  FaultyFileSystem fs(2);
  Process other(fs);
  ASSERT_OK(other.Open(options));
  const auto report = other.engine->Retain(kNoWait);
  EXPECT_THAT(report, HasCode(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(report.status().message()), HasSubstr("for ever"));
}

TEST_F(RetentionTest, OptionsThatDifferFromTheContainersAreRefused) {
  first_.engine = nullptr;
  EngineOptions options = Options();
  options.storage.retention_us = kHour;
  EXPECT_THAT(first_.Open(options), HasCode(StatusCode::kInvalidArgument));
  options = Options();
  options.storage.max_bytes = kMiB;
  EXPECT_THAT(first_.Open(options), HasCode(StatusCode::kInvalidArgument));
}

class RetentionBytesTest : public testing::Test {
 protected:
  RetentionBytesTest() : process_(fs_) {}

  void Open(uint64_t max_bytes) {
    EngineOptions options = SmallOptions();
    options.storage.max_bytes = max_bytes;
    options.auto_retention = false;
    ASSERT_OK(process_.Open(options));
  }
  void WriteChunk(int64_t ts_us, int64_t value) {
    ASSERT_OK(process_.Write("a", ts_us, value));
    ASSERT_OK(process_.engine->Seal(kNoWait));
  }
  // How many chunks went.
  uint64_t Retain() {
    const auto report = process_.engine->Retain(kNoWait);
    EXPECT_OK(report);
    return report.ok() ? report.value().chunks : 0;
  }

  FaultyFileSystem fs_{1};
  Process process_;
};

TEST_F(RetentionBytesTest, BeyondMaxBytesTheOldestChunksGo) {
  Open(3 * kExtentSizeBytes);
  for (int64_t i = 0; i < 5; ++i) {
    WriteChunk(i * 10, i);
  }
  EXPECT_EQ(Retain(), 2u);
  EXPECT_EQ(process_.Sum(), 2 + 3 + 4);
  EXPECT_EQ(Retain(), 0u);
}

// Those of one run could only leave together.
TEST_F(RetentionBytesTest, CompactionLeavesStepsThatMaxBytesCanTake) {
  Open(1);
  for (int64_t i = 0; i < 3; ++i) {
    WriteChunk(i * 10, i);
  }
  ASSERT_OK(process_.engine->Compact(CompactionScope::kRaw, kNoWait));
  EXPECT_EQ(Retain(), 2u);
  EXPECT_EQ(process_.Sum(), 2) << "the newest stay, however little is allowed";
}

// An archive of older points is imported, ten times the limit.
TEST_F(RetentionBytesTest, ItHoldsAlsoWhenOlderPointsComeLater) {
  Open(3 * kExtentSizeBytes);
  for (int64_t i = 0; i < 6; ++i) {
    WriteChunk(1'000'000 + i * 10, i);
  }
  EXPECT_EQ(Retain(), 3u);
  for (int64_t i = 0; i < 30; ++i) {
    WriteChunk(i * 10, i);
  }
  EXPECT_EQ(Retain(), 30u);
  EXPECT_EQ(process_.Sum(), 3 + 4 + 5);
}

TEST_F(RetentionBytesTest, APointOfTheFutureDoesNotEndIt) {
  Open(2 * kExtentSizeBytes);
  for (int64_t i = 0; i < 4; ++i) {
    WriteChunk(4'000'000'000'000'000 + i, 0);
  }
  EXPECT_EQ(Retain(), 2u);
  for (int64_t i = 0; i < 20; ++i) {
    ASSERT_OK(process_.Write("a", i * 10, 1));
    EXPECT_EQ(process_.Sum(), 1) << "what is written now is seen";
    ASSERT_OK(process_.engine->Seal(kNoWait));
    EXPECT_EQ(Retain(), 1u);
  }
}

TEST(BackgroundRetentionTest, ItRunsByItselfOnceAChunkCanGo) {
  FaultyFileSystem fs(1);
  Process process(fs);
  EngineOptions options = SmallOptions();
  options.storage.retention_us = 100 * kHour;
  ASSERT_OK(process.Open(options));
  process.clock.Advance(1000 * kHour);
  const int64_t now_us = process.clock.NowUs();
  ASSERT_OK(process.Write("a", now_us, 1));
  ASSERT_OK(process.engine->Seal(kNoWait));
  EXPECT_EQ(process.engine->Stats().retentions, 0u);
  process.clock.Advance(101 * kHour);
  ASSERT_OK(process.Write("a", now_us + 101 * kHour, 2));
  ASSERT_OK(process.engine->Flush(kNoWait));
  for (int i = 0; i < 10'000 && process.engine->Stats().chunks_dropped == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(process.engine->Stats().chunks_dropped, 1u);
  EXPECT_EQ(process.Sum(), 2);
}

}  // namespace
}  // namespace xtdb
