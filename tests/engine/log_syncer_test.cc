#include "engine/wal/log_syncer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "engine/storage_engine.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using std::chrono::microseconds;

constexpr microseconds kSoon{1'000};
constexpr microseconds kNever{std::chrono::hours(10)};
constexpr const char* kLog = "/store.xtdb-wal";

bool Eventually(const std::function<bool()>& is_true) {
  for (int i = 0; i < 20'000; ++i) {
    if (is_true()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class Failures {
 public:
  LogSyncer::OnFailureFn Note() {
    return [this](const Status& failed) {
      const std::lock_guard guard(mutex_);
      failures_.push_back(std::string(failed.message()));
    };
  }
  std::vector<std::string> failures() const {
    const std::lock_guard guard(mutex_);
    return failures_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> failures_;
};

class LogSyncerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = fs_.Open(kLog, OpenMode::kCreateNew);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    file_ = std::move(opened).value();
    ASSERT_OK(fs_.SyncDirectory("/"));
  }
  void Write(char c) { ASSERT_OK(file_->WriteAt(0, std::as_bytes(std::span(&c, 1)))); }
  // A commit of so many bytes; whether a thread takes care of it.
  bool Note(LogSyncer& syncer, uint64_t bytes) {
    end_lsn_ += bytes;
    const Result<bool> noted = syncer.NoteCommit(durable_lsn_, end_lsn_);
    EXPECT_THAT(noted, IsOk());
    return noted.ok() && noted.value();
  }
  uint64_t Syncs() const {
    const std::vector<OperationRecord> done = fs_.operations();
    return static_cast<uint64_t>(
        std::ranges::count(done, FileOperation::kSync, &OperationRecord::kind));
  }
  // What a power loss now would leave.
  std::string Durable() const {
    const auto copy = fs_.Clone();
    copy->Crash(CrashPolicy::kDropAll);
    std::string text;
    for (const std::byte b : copy->ReadWhole(kLog)) text += static_cast<char>(b);
    return text;
  }

  FaultyFileSystem fs_;
  std::unique_ptr<File> file_;
  Failures failures_;
  LSN durable_lsn_ = 1000;  // what the log began with
  LSN end_lsn_ = 1000;
};

TEST_F(LogSyncerTest, WhatIsNotedIsOnTheDiskSoonAndAgainAfterAPause) {
  LogSyncer syncer(fs_, kLog, {.interval = kSoon}, failures_.Note());
  for (const char c : {'a', 'b', 'c'}) {
    Write(c);
    ASSERT_TRUE(Note(syncer, 1));
    EXPECT_TRUE(Eventually([&] { return Durable() == std::string(1, c); })) << c;
  }
  EXPECT_THAT(failures_.failures(), testing::IsEmpty());
}

TEST_F(LogSyncerTest, WithoutACommitNothingIsSynced) {
  const uint64_t before = fs_.operation_count();
  { LogSyncer syncer(fs_, kLog, {.interval = kSoon}, failures_.Note()); }
  EXPECT_EQ(fs_.operation_count(), before);
}

TEST_F(LogSyncerTest, CommitsOfOneIntervalShareASync) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever}, failures_.Note());
  for (int i = 0; i < 100; ++i) {
    Write('x');
    ASSERT_TRUE(Note(syncer, 1));
  }
  EXPECT_EQ(Durable(), "");
  syncer.Stop();
  EXPECT_EQ(Durable(), "x");
  EXPECT_EQ(Syncs(), 1u);
}

TEST_F(LogSyncerTest, AStoppedOneLeavesTheSyncToItsCaller) {
  LogSyncer syncer(fs_, kLog, {.interval = kSoon}, failures_.Note());
  syncer.Stop();
  syncer.Stop();
  EXPECT_FALSE(Note(syncer, 1));
}

TEST_F(LogSyncerTest, AFileThatCannotBeOpenedLeavesTheSyncToTheCaller) {
  LogSyncer syncer(fs_, "/missing-wal", {.interval = kSoon}, failures_.Note());
  EXPECT_FALSE(Note(syncer, 1));
  EXPECT_THAT(failures_.failures(), testing::IsEmpty());
}

TEST_F(LogSyncerTest, AtHalfOfTheLimitItSyncsAtOnceAndNotBefore) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  for (const uint64_t round : {1u, 2u, 3u}) {
    Write('x');
    ASSERT_TRUE(Note(syncer, 49));
    EXPECT_EQ(Syncs(), round - 1);
    ASSERT_TRUE(Note(syncer, 1));
    EXPECT_TRUE(Eventually([&] { return syncer.synced_lsn() == end_lsn_; }));
    EXPECT_EQ(Syncs(), round);
    EXPECT_EQ(syncer.sync_count(), round);
  }
  EXPECT_EQ(Durable(), "x");
}

TEST_F(LogSyncerTest, AtTheLimitTheCommitWaitsForTheSync) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  Write('a');
  ASSERT_TRUE(Note(syncer, 100));
  EXPECT_EQ(syncer.synced_lsn(), end_lsn_);
  EXPECT_EQ(Durable(), "a");
  Write('b');
  ASSERT_TRUE(Note(syncer, 1'000'000));
  EXPECT_EQ(Durable(), "b");
}

// What is written while the thread syncs is bounded by the limit, however slow the disk.
TEST_F(LogSyncerTest, OneWhoComesDuringASyncWaitsOnlyBeyondTheLimit) {
  std::mutex gate;
  fs_.SetHook([&](const OperationRecord&) { const std::lock_guard pass(gate); },
              MaskOf(FileOperation::kSync));
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  std::unique_lock shut(gate);
  ASSERT_TRUE(Note(syncer, 50));
  ASSERT_TRUE(Note(syncer, 49));
  std::atomic<bool> returned = false;
  std::thread one_more([&] {
    EXPECT_TRUE(Note(syncer, 1));
    returned = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(returned.load());
  EXPECT_EQ(syncer.sync_count(), 0u);
  shut.unlock();
  one_more.join();
  EXPECT_LT(end_lsn_ - syncer.synced_lsn(), 100u);
}

TEST_F(LogSyncerTest, WhatIsSyncedAlreadyDoesNotCount) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  for (int i = 0; i < 10; ++i) {
    durable_lsn_ = end_lsn_;
    ASSERT_TRUE(Note(syncer, 49));
  }
  EXPECT_EQ(Syncs(), 0u);
}

TEST_F(LogSyncerTest, ALogThatARecoveryHasCutIsCountedAnew) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  ASSERT_TRUE(Note(syncer, 100));
  end_lsn_ = durable_lsn_;
  ASSERT_TRUE(Note(syncer, 49));
  EXPECT_EQ(Syncs(), 1u);
  ASSERT_TRUE(Note(syncer, 1));
  EXPECT_TRUE(Eventually([&] { return Syncs() == 2; }));
}

TEST_F(LogSyncerTest, WhoWaitsForASyncThatFailsGetsItsError) {
  LogSyncer syncer(fs_, kLog, {.interval = kNever, .unsynced_bytes_max = 100}, failures_.Note());
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kSync));
  for (int i = 0; i < 2; ++i) {
    end_lsn_ += 100;
    EXPECT_THAT(syncer.NoteCommit(durable_lsn_, end_lsn_),
                StatusIs(StatusCode::kIoError, testing::HasSubstr("the disk is gone")));
  }
  EXPECT_EQ(failures_.failures().size(), 1u);
  EXPECT_EQ(Syncs(), 1u);
}

TEST_F(LogSyncerTest, AFailedSyncIsTold) {
  LogSyncer syncer(fs_, kLog, {.interval = kSoon}, failures_.Note());
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kSync));
  Write('a');
  ASSERT_TRUE(Note(syncer, 1));
  EXPECT_TRUE(Eventually([&] { return !failures_.failures().empty(); }));
  EXPECT_THAT(failures_.failures(), testing::ElementsAre(testing::HasSubstr("the disk is gone")));
}

TEST_F(LogSyncerTest, AChildEndsItWithoutItsThread) {
  auto syncer = std::make_unique<LogSyncer>(fs_, kLog, LogSyncer::Options{.interval = kNever},
                                            failures_.Note());
  ASSERT_TRUE(Note(*syncer, 1));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    syncer.reset();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

class NormalSynchronousTest : public testing::Test {
 protected:
  static EngineOptions Options(microseconds interval, uint64_t unsynced_bytes_max = 8 * kMiB) {
    EngineOptions options;
    options.wal.unsynced_bytes_max = unsynced_bytes_max;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.synchronous = Synchronous::kNormal;
    options.log_sync_interval = interval;
    return options;
  }
  std::shared_ptr<StorageEngine> Open(microseconds interval) { return Open(Options(interval)); }
  std::shared_ptr<StorageEngine> Open(const EngineOptions& options) {
    auto opened = StorageEngine::Open(fs_, clock_, "/store.xtdb", options);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    return opened.ok() ? std::move(opened).value() : nullptr;
  }
  // How many of the tag's points a power loss now would leave.
  size_t DurablePoints() {
    const auto copy = fs_.Clone();
    copy->Crash(CrashPolicy::kDropAll);
    auto opened = StorageEngine::Open(*copy, clock_, "/store.xtdb", Options(kNever));
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    if (!opened.ok()) return 0;
    return opened.value()->Stats().recovered_points;
  }
  static Status Write(StorageEngine& engine, int64_t ts) {
    return engine.WritePoint("t", ts, Value::Integer(ts), kQualityGood);
  }

  FaultyFileSystem fs_;
  FakeClock clock_;
};

TEST_F(NormalSynchronousTest, TheLastCommitBeforeAPauseReachesTheDisk) {
  const auto engine = Open(kSoon);
  ASSERT_OK(Write(*engine, 1));
  EXPECT_TRUE(Eventually([&] { return DurablePoints() == 1; }));
}

TEST_F(NormalSynchronousTest, ACommitDoesNotWaitForTheDisk) {
  const auto engine = Open(kNever);
  ASSERT_OK(Write(*engine, 1));
  ASSERT_OK(Write(*engine, 2));
  EXPECT_EQ(DurablePoints(), 0u);
}

TEST_F(NormalSynchronousTest, WhoClosesBesideOthersHasSynced) {
  const auto other = Open(kNever);
  auto engine = Open(kNever);
  ASSERT_OK(Write(*engine, 1));
  ASSERT_OK(engine->Close());
  EXPECT_EQ(DurablePoints(), 1u);
}

TEST_F(NormalSynchronousTest, UnsyncedBytesAreBounded) {
  const auto engine = Open(Options(kNever, 64 * kKiB));
  for (int64_t ts = 1; ts <= 2000; ++ts) {
    ASSERT_OK(Write(*engine, ts));
    ASSERT_LT(engine->Stats().log_unsynced_bytes, 64 * kKiB);
  }
  EXPECT_GE(engine->Stats().log_syncs, 2u);
  EXPECT_LT(engine->Stats().log_syncs, 200u);
  EXPECT_GT(DurablePoints(), 1000u);
  // One that is larger than the limit waits.
  ASSERT_OK(engine->WritePoint("text", 1, Value::Text(std::string(200'000, 'x')), kQualityGood));
  EXPECT_EQ(engine->Stats().log_unsynced_bytes, 0u);
}

TEST_F(NormalSynchronousTest, OffNeverWaitsForTheDiskNorStartsASync) {
  EngineOptions options = Options(kSoon, 1);
  options.synchronous = Synchronous::kOff;
  const auto engine = Open(options);
  const uint64_t before = engine->Stats().log_syncs;
  for (int64_t ts = 1; ts <= 100; ++ts) ASSERT_OK(Write(*engine, ts));
  EXPECT_EQ(engine->Stats().log_syncs, before);
  EXPECT_GT(engine->Stats().log_unsynced_bytes, 100u * 100u);
}

TEST_F(NormalSynchronousTest, ACommitThatWaitsForAFailedSyncFails) {
  const auto engine = Open(Options(kNever, 1));
  ASSERT_OK(Write(*engine, 1));
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kSync));
  EXPECT_THAT(Write(*engine, 2).ToString(), testing::HasSubstr("the disk is gone"));
  EXPECT_THAT(engine->WritePoint("t", 3, Value::Integer(3), kQualityGood).ToString(),
              testing::HasSubstr("writes have stopped"));
}

// The points may be gone from the disk, so nothing may be built upon them; the next process writes
// them again from what it reads.
TEST_F(NormalSynchronousTest, AfterAFailedSyncWritesStopAndReopeningMends) {
  auto engine = Open(kSoon);
  ASSERT_OK(Write(*engine, 1));
  EXPECT_TRUE(Eventually([&] { return DurablePoints() == 1; }));
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kSync));
  ASSERT_OK(Write(*engine, 2));
  ASSERT_TRUE(Eventually([&] { return !engine->Begin(0).ok(); }));
  EXPECT_THAT(Write(*engine, 3).ToString(), testing::HasSubstr("the disk is gone"));
  EXPECT_FALSE(engine->Close().ok());
  engine = nullptr;
  engine = Open(kNever);
  ASSERT_NE(engine, nullptr);
  ASSERT_OK(Write(*engine, 4));
  ASSERT_OK(engine->Close());
  const auto again = Open(kNever);
  EXPECT_EQ(again->Check().value().points, 3u);
}

}  // namespace
}  // namespace xtdb
