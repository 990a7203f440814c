#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kPath = "/plant.xtdb";

// A log of 64 KiB segments and the smallest budget: the log is long after 4 MiB.
EngineOptions SmallLog() {
  EngineOptions options;
  options.storage.chunk_size_bytes = 4 * kMiB;
  options.buffer_bytes = 1 * kMiB;
  options.wal.segment_size_bytes = 64 * kKiB;
  return options;
}

class WALFullEngineTest : public testing::Test {
 protected:
  void Open(const EngineOptions& options = SmallLog()) {
    engine_ = nullptr;
    auto opened = StorageEngine::Open(fs_, clock_, kPath, options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = opened.value();
  }
  // One transaction of `rows` texts that do not compress.
  Status WriteTexts(int rows, size_t text_bytes) {
    XTDB_ASSIGN_OR_RETURN(const auto transaction, engine_->Begin(0));
    XTDB_ASSIGN_OR_RETURN(StagedTag * tag, transaction->FindOrDefineTag("text"));
    for (int row = 0; row < rows; ++row) {
      std::string text(text_bytes, ' ');
      for (char& c : text) {
        seed_ = seed_ * 6364136223846793005ULL + 1442695040888963407ULL;
        c = static_cast<char>(33 + (seed_ >> 33) % 94);
      }
      XTDB_RETURN_IF_ERROR(
          transaction->Write(*tag, next_ts_ + row, Value::Text(text), kQualityGood));
    }
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    next_ts_ += rows;
    return Status();
  }
  void ExpectEverything() {
    const auto points = ReadAll(*engine_);
    ASSERT_TRUE(points.ok()) << points.status().ToString();
    EXPECT_EQ(points.value().size(), static_cast<size_t>(next_ts_));
    EXPECT_THAT(engine_->Check().value().problems, IsEmpty());
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  int64_t next_ts_ = 0;
  uint64_t seed_ = 1;
};

TEST_F(WALFullEngineTest, ManyCommitsCheckpointAndReuseSegments) {
  Open();
  uint64_t segments_max = 0;
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(WriteTexts(10, 10'000));  // 30 MiB in all
    segments_max = std::max(segments_max, engine_->Stats().log_segments);
  }
  const EngineStats stats = engine_->Stats();
  EXPECT_GT(stats.checkpoints, 2u);
  EXPECT_GT(stats.flushes, 10u);
  // 4 budgets, what one commit adds, and the reserve.
  EXPECT_LE(segments_max, 4 * kMiB / (64 * kKiB) + 8);
  ExpectEverything();
}

TEST_F(WALFullEngineTest, TheLogStaysBoundedOverManyTurns) {
  Open();
  uint64_t after_first = 0;
  for (int turn = 0; turn < 6; ++turn) {
    for (int i = 0; i < 100; ++i) ASSERT_OK(WriteTexts(10, 10'000));
    if (turn == 0) after_first = engine_->Stats().log_bytes;
  }
  EXPECT_LE(engine_->Stats().log_bytes, after_first + 64 * kKiB);
  ExpectEverything();
}

TEST_F(WALFullEngineTest, ATransactionLongerThanTheWholeLogSurvivesAKill) {
  Open();
  ASSERT_OK(WriteTexts(2000, 10'000));  // 20 MB, five times what makes the log long
  ASSERT_OK(WriteTexts(1, 10));
  ExpectEverything();
  const auto killed = fs_.Clone();
  killed->Crash(CrashPolicy::kDropAll);
  auto opened = StorageEngine::Open(*killed, clock_, kPath, SmallLog());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  EXPECT_EQ(ReadAll(*opened.value()).value().size(), static_cast<size_t>(next_ts_));
}

TEST_F(WALFullEngineTest, ATagThatIsWrittenOnceDoesNotHoldTheLog) {
  Open();
  ASSERT_OK(engine_->WritePoint("slow", 1, Value::Integer(1), kQualityGood));
  for (int i = 0; i < 300; ++i) ASSERT_OK(WriteTexts(10, 10'000));
  EXPECT_LE(engine_->Stats().log_segments, 4 * kMiB / (64 * kKiB) + 8);
  EXPECT_TRUE(ReadAll(*engine_).value().contains({"slow", 1}));
}

TEST_F(WALFullEngineTest, AFullDiskFailsCommitsReadsGoOnAndWritesResume) {
  Open();
  ASSERT_OK(WriteTexts(50, 1000));
  fs_.SetCapacity(fs_.UsedBytes() + 256 * kKiB);
  Status written;
  for (int i = 0; i < 2000 && written.ok(); ++i) written = WriteTexts(5, 5000);
  EXPECT_THAT(written, StatusIs(StatusCode::kResourceExhausted, HasSubstr("")));
  ExpectEverything();
  // Again and again: a refused commit takes nothing.
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(WriteTexts(50, 20'000), HasCode(StatusCode::kResourceExhausted));
  }
  ExpectEverything();
  fs_.SetCapacity(kGiB);
  ASSERT_OK(WriteTexts(50, 20'000));
  ExpectEverything();
  ASSERT_OK(engine_->Close());
  Open();
  ExpectEverything();
}

TEST_F(WALFullEngineTest, AStoreOnAFullDiskClosesOrRecovers) {
  Open();
  ASSERT_OK(WriteTexts(50, 1000));
  fs_.SetCapacity(fs_.UsedBytes());
  while (WriteTexts(3, 1000).ok()) {
  }
  // Room to flush was taken with each commit, so the close needs no more.
  EXPECT_OK(engine_->Close());
  Open();
  ExpectEverything();
}

TEST_F(WALFullEngineTest, ACrashOnAFullDiskLosesNothing) {
  Open();
  ASSERT_OK(WriteTexts(50, 1000));
  fs_.SetCapacity(fs_.UsedBytes() + 100 * kKiB);
  while (WriteTexts(3, 1000).ok()) {
  }
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto crashed = fs_.Clone();
    crashed->Crash(CrashPolicy::kRandom, seed);
    auto opened = StorageEngine::Open(*crashed, clock_, kPath, SmallLog());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(ReadAll(*opened.value()).value().size(), static_cast<size_t>(next_ts_));
  }
}

}  // namespace
}  // namespace xtdb
