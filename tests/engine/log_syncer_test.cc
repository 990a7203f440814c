#include "engine/wal/log_syncer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
};

TEST_F(LogSyncerTest, WhatIsNotedIsOnTheDiskSoonAndAgainAfterAPause) {
  LogSyncer syncer(fs_, kLog, kSoon, failures_.Note());
  for (const char c : {'a', 'b', 'c'}) {
    Write(c);
    ASSERT_TRUE(syncer.NoteCommit());
    EXPECT_TRUE(Eventually([&] { return Durable() == std::string(1, c); })) << c;
  }
  EXPECT_THAT(failures_.failures(), testing::IsEmpty());
}

TEST_F(LogSyncerTest, WithoutACommitNothingIsSynced) {
  const uint64_t before = fs_.operation_count();
  { LogSyncer syncer(fs_, kLog, kSoon, failures_.Note()); }
  EXPECT_EQ(fs_.operation_count(), before);
}

TEST_F(LogSyncerTest, CommitsOfOneIntervalShareASync) {
  LogSyncer syncer(fs_, kLog, kNever, failures_.Note());
  for (int i = 0; i < 100; ++i) {
    Write('x');
    ASSERT_TRUE(syncer.NoteCommit());
  }
  EXPECT_EQ(Durable(), "");
  syncer.Stop();
  EXPECT_EQ(Durable(), "x");
  const auto is_sync = [](const OperationRecord& done) {
    return done.kind == FileOperation::kSync;
  };
  const std::vector<OperationRecord> done = fs_.operations();
  EXPECT_EQ(std::count_if(done.begin(), done.end(), is_sync), 1);
}

TEST_F(LogSyncerTest, AStoppedOneLeavesTheSyncToItsCaller) {
  LogSyncer syncer(fs_, kLog, kSoon, failures_.Note());
  syncer.Stop();
  syncer.Stop();
  EXPECT_FALSE(syncer.NoteCommit());
}

TEST_F(LogSyncerTest, AFileThatCannotBeOpenedLeavesTheSyncToTheCaller) {
  LogSyncer syncer(fs_, "/missing-wal", kSoon, failures_.Note());
  EXPECT_FALSE(syncer.NoteCommit());
  EXPECT_THAT(failures_.failures(), testing::IsEmpty());
}

TEST_F(LogSyncerTest, AFailedSyncIsTold) {
  LogSyncer syncer(fs_, kLog, kSoon, failures_.Note());
  fs_.FailNth(1, Status::IoError("the disk is gone"), MaskOf(FileOperation::kSync));
  Write('a');
  ASSERT_TRUE(syncer.NoteCommit());
  EXPECT_TRUE(Eventually([&] { return !failures_.failures().empty(); }));
  EXPECT_THAT(failures_.failures(), testing::ElementsAre(testing::HasSubstr("the disk is gone")));
}

TEST_F(LogSyncerTest, AChildEndsItWithoutItsThread) {
  auto syncer = std::make_unique<LogSyncer>(fs_, kLog, kNever, failures_.Note());
  ASSERT_TRUE(syncer->NoteCommit());
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
  static EngineOptions Options(microseconds interval) {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.synchronous = Synchronous::kNormal;
    options.log_sync_interval = interval;
    return options;
  }
  std::shared_ptr<StorageEngine> Open(microseconds interval) {
    auto opened = StorageEngine::Open(fs_, clock_, "/store.xtdb", Options(interval));
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
