#include "engine/transaction/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"
#include "tests/support/watched_file_system.h"

namespace xtdb {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr const char* kPath = "/plant.xtdb";
constexpr int kCallers = 8;

PointWrite Point(std::string_view tag, int64_t ts, int64_t value) {
  return {tag, ts, Value::Integer(value), kQualityGood};
}

// Lets syncs of the log be counted, held and failed.
class GroupCommitTest : public testing::Test {
 protected:
  void SetUp() override {
    watched_.before_sync = [this](const std::string& path) {
      return path == std::string(kPath) + "-wal" ? BeforeLogSync() : Status();
    };
    Open();
  }
  void Open(const EngineOptions& options = Options()) {
    auto opened = StorageEngine::Open(watched_, clock_, kPath, options);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = std::move(opened).value();
  }
  static EngineOptions Options() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.wal.segment_size_bytes = 64 * kKiB;
    return options;
  }
  Status BeforeLogSync() {
    std::unique_lock lock(gate_mutex_);
    ++syncs_;
    gate_.notify_all();
    gate_.wait(lock, [this] { return !is_gate_shut_; });
    return sync_status_;
  }
  void ShutGate(bool shut) {
    const std::lock_guard lock(gate_mutex_);
    is_gate_shut_ = shut;
    gate_.notify_all();
  }
  int syncs() {
    const std::lock_guard lock(gate_mutex_);
    return syncs_;
  }
  void AwaitSyncs(int count) {
    std::unique_lock lock(gate_mutex_);
    gate_.wait(lock, [&] { return syncs_ >= count; });
  }
  void AwaitWaiting(uint64_t count) {
    while (engine_->Stats().waiting_commits != count) std::this_thread::yield();
  }

  // Starts a caller, and returns when it is in the queue of those who wait.
  void Start(std::function<Status()> call) {
    const uint64_t waiting = engine_->Stats().waiting_commits;
    const size_t caller = threads_.size();
    statuses_[caller] = Status::Unsupported("has not returned");
    threads_.emplace_back([this, caller, call = std::move(call)] { statuses_[caller] = call(); });
    AwaitWaiting(waiting + 1);
  }
  void StartPoint(std::string tag, int64_t ts, int64_t value) {
    Start([this, tag = std::move(tag), ts, value] {
      return engine_->WritePoint(tag, ts, Value::Integer(value), kQualityGood);
    });
  }
  std::vector<Status> Join() {
    for (std::thread& thread : threads_) thread.join();
    std::vector<Status> statuses(statuses_.begin(), statuses_.begin() + threads_.size());
    threads_.clear();
    return statuses;
  }
  std::unique_ptr<Transaction> HoldWriter() {
    auto begun = engine_->Begin(0);
    EXPECT_TRUE(begun.ok()) << begun.status().ToString();
    return std::move(begun).value();
  }
  TestPoints Points() {
    auto points = ReadAll(*engine_);
    EXPECT_TRUE(points.ok()) << points.status().ToString();
    return points.ok() ? points.value() : TestPoints{};
  }

  FaultyFileSystem fs_{1};
  WatchedFileSystem watched_{fs_};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  std::vector<std::thread> threads_;
  std::array<Status, 64> statuses_;

  std::mutex gate_mutex_;
  std::condition_variable gate_;
  bool is_gate_shut_ = false;
  int syncs_ = 0;
  Status sync_status_;
};

TEST_F(GroupCommitTest, OneSyncServesAllWhoWait) {
  auto writer = HoldWriter();
  for (int i = 0; i < kCallers; ++i) StartPoint("tag" + std::to_string(i % 3), i, i);
  const int before = syncs();
  writer->Commit();
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(syncs() - before, 1);
  EXPECT_EQ(Points().size(), static_cast<size_t>(kCallers));
  EXPECT_EQ(engine_->Stats().commits, static_cast<uint64_t>(kCallers));
  EXPECT_EQ(engine_->Stats().joined_commits, static_cast<uint64_t>(kCallers - 1));
  const auto crashed = fs_.Clone();
  crashed->Crash(CrashPolicy::kDropAll);
  auto reopened = StorageEngine::Open(*crashed, clock_, kPath, Options());
  ASSERT_OK(reopened);
  EXPECT_EQ(ReadAll(*reopened.value()).value().size(), static_cast<size_t>(kCallers));
}

TEST_F(GroupCommitTest, ThoseWhoComeDuringASyncShareTheNext) {
  ASSERT_OK(engine_->WritePoint("a", 0, Value::Integer(0), kQualityGood));
  const int before = syncs();
  ShutGate(true);
  threads_.emplace_back(
      [this] { statuses_[0] = engine_->WritePoint("a", 1, Value::Integer(1), kQualityGood); });
  AwaitSyncs(before + 1);
  for (int i = 0; i < kCallers; ++i) StartPoint("a", 2 + i, i);
  EXPECT_EQ(Points().size(), 1u) << "nobody's point is seen before it is durable";
  ShutGate(false);
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(syncs() - before, 2);
  EXPECT_EQ(Points().size(), static_cast<size_t>(kCallers + 2));
}

TEST_F(GroupCommitTest, AloneItCommitsAsBefore) {
  const PointWrite batch[] = {Point("a", 1, 1), Point("b", 1, 2), Point("a", 1, 3)};
  ASSERT_OK(engine_->BatchAppend(batch));
  ASSERT_OK(engine_->BatchAppend({}));
  EXPECT_EQ(engine_->Stats().commits, 1u);
  EXPECT_EQ(engine_->Stats().joined_commits, 0u);
  const TestPoints points = Points();
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(AsInt64(points.at({"a", 1}).bits), 3) << "the last one counts";
}

TEST_F(GroupCommitTest, ABadCallFailsAloneAndWhole) {
  ASSERT_OK(engine_->WritePoint("text", 0, Value::Text("x"), kQualityGood));
  const PointWrite half[] = {Point("half", 1, 1), Point("text", 2, 2)};
  auto writer = HoldWriter();
  StartPoint("a", 1, 1);
  StartPoint("text", 1, 1);
  Start([&] { return engine_->BatchAppend(half); });
  Start([&] { return engine_->WritePoint("a", kTsMax + 1, Value::Integer(1), kQualityGood); });
  Start([&] { return engine_->WritePoint("", 1, Value::Integer(1), kQualityGood); });
  StartPoint("a", 2, 2);
  writer->Commit();
  const std::vector<Status> statuses = Join();
  EXPECT_OK(statuses[0]);
  EXPECT_THAT(statuses[1], StatusIs(StatusCode::kTypeMismatch, HasSubstr("text")));
  EXPECT_THAT(statuses[2], HasCode(StatusCode::kTypeMismatch));
  EXPECT_THAT(statuses[3], StatusIs(StatusCode::kInvalidArgument, HasSubstr("out of range")));
  EXPECT_THAT(statuses[4], HasCode(StatusCode::kInvalidArgument));
  EXPECT_OK(statuses[5]);
  const TestPoints points = Points();
  EXPECT_EQ(points.size(), 3u);
  EXPECT_TRUE(points.contains({"a", 2}));
  EXPECT_EQ(engine_->tags()->Find("half"), nullptr) << "what defined it has failed";
}

TEST_F(GroupCommitTest, AGroupOfBadCallsWritesNothing) {
  auto writer = HoldWriter();
  StartPoint("", 1, 1);
  StartPoint("", 2, 1);
  const int before = syncs();
  writer->Commit();
  EXPECT_THAT(Join(), Each(HasCode(StatusCode::kInvalidArgument)));
  EXPECT_EQ(syncs(), before);
  EXPECT_EQ(engine_->Stats().commits, 0u);
}

TEST_F(GroupCommitTest, AFailedSyncFailsTheWholeGroupAndAllThatFollows) {
  ASSERT_OK(engine_->WritePoint("a", 0, Value::Integer(0), kQualityGood));
  auto writer = HoldWriter();
  for (int i = 0; i < kCallers; ++i) StartPoint("a", i + 1, i);
  sync_status_ = Status::IoError("the disk is gone");
  writer->Commit();
  EXPECT_THAT(Join(), Each(StatusIs(StatusCode::kIoError, HasSubstr("the disk is gone"))));
  sync_status_ = Status();
  EXPECT_THAT(engine_->WritePoint("a", 9, Value::Integer(1), kQualityGood),
              StatusIs(StatusCode::kIoError, HasSubstr("writes have stopped")));
  EXPECT_EQ(Points().size(), 1u) << "nothing is shown that was not acknowledged";
}

TEST_F(GroupCommitTest, WhatHasNoRoomTogetherIsTriedOneByOne) {
  auto writer = HoldWriter();
  for (int i = 0; i < 3; ++i) StartPoint("a", i, i);
  fs_.FailNth(1, Status::ResourceExhausted("the disk is full"), MaskOf(FileOperation::kAllocate));
  const int before = syncs();
  writer->Commit();
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(syncs() - before, 3);
  EXPECT_EQ(Points().size(), 3u);
}

TEST_F(GroupCommitTest, OnlyWhatIsTooLargeForTheDiskFails) {
  ASSERT_OK(engine_->WritePoint("text", 0, Value::Text("x"), kQualityGood));
  const std::string text(400'000, 'x');
  auto writer = HoldWriter();
  StartPoint("a", 1, 1);
  Start([&] { return engine_->WritePoint("text", 1, Value::Text(text), kQualityGood); });
  StartPoint("a", 2, 2);
  fs_.SetCapacity(fs_.UsedBytes());
  writer->Commit();
  const std::vector<Status> statuses = Join();
  EXPECT_OK(statuses[0]);
  EXPECT_THAT(statuses[1], HasCode(StatusCode::kResourceExhausted));
  EXPECT_OK(statuses[2]);
  EXPECT_EQ(Points().size(), 3u);
}

TEST_F(GroupCommitTest, EveryoneWhoWaitsInVainIsToldThatItIsBusy) {
  auto writer = HoldWriter();
  for (int i = 0; i < kCallers; ++i) {
    threads_.emplace_back([this, i] {
      statuses_[static_cast<size_t>(i)] =
          engine_->WritePoint("a", i, Value::Integer(i), kQualityGood, /*timeout_us=*/i % 3);
    });
  }
  EXPECT_THAT(Join(), Each(HasCode(StatusCode::kBusy)));
  EXPECT_EQ(engine_->Stats().waiting_commits, 0u);
  writer->Commit();
  EXPECT_OK(engine_->WritePoint("a", 1, Value::Integer(1), kQualityGood, /*timeout_us=*/0));
}

TEST_F(GroupCommitTest, WhoHasMoreTimeThanItsLeaderWaitsOn) {
  auto writer = HoldWriter();
  const auto call = [this](size_t caller, int64_t timeout_us) {
    statuses_[caller] = engine_->WritePoint("a", static_cast<int64_t>(caller), Value::Integer(1),
                                            kQualityGood, timeout_us);
  };
  std::thread leader(call, 2, 100'000);
  while (engine_->Stats().waiting_commits == 0) std::this_thread::yield();
  threads_.emplace_back(call, 0, StorageEngine::kWriteTimeoutUs);
  std::thread impatient(call, 3, 1'000);
  threads_.emplace_back(call, 1, StorageEngine::kWriteTimeoutUs);
  leader.join();
  impatient.join();
  EXPECT_THAT(statuses_[2], HasCode(StatusCode::kBusy));
  EXPECT_THAT(statuses_[3], HasCode(StatusCode::kBusy));
  writer->Commit();
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(Points().size(), 2u);
}

TEST_F(GroupCommitTest, AClosedEngineIsAnErrorForEveryone) {
  std::vector<int64_t> acknowledged(4, 0);
  for (size_t thread = 0; thread < acknowledged.size(); ++thread) {
    threads_.emplace_back([this, thread, &acknowledged] {
      for (int64_t ts = 1; statuses_[thread].ok(); ++ts) {
        statuses_[thread] = engine_->WritePoint("tag" + std::to_string(thread), ts,
                                                Value::Integer(ts), kQualityGood);
        if (statuses_[thread].ok()) acknowledged[thread] = ts;
      }
    });
  }
  while (engine_->Stats().commits < 50) std::this_thread::yield();
  ASSERT_OK(engine_->Close());
  EXPECT_THAT(Join(), Each(HasCode(StatusCode::kFailedPrecondition)));
  Open();
  size_t total = 0;
  for (const int64_t count : acknowledged) total += static_cast<size_t>(count);
  EXPECT_EQ(Points().size(), total);
}

TEST_F(GroupCommitTest, AChildOfAForkGetsAnErrorWhileOthersWait) {
  auto writer = HoldWriter();
  for (int i = 0; i < 3; ++i) StartPoint("a", i, i);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const Status refused = engine_->WritePoint("a", 9, Value::Integer(9), kQualityGood);
    _exit(refused.code() == StatusCode::kFailedPrecondition ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  writer->Commit();
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(Points().size(), 3u);
}

TEST_F(GroupCommitTest, AGroupEndsWhereItsBytesAreMany) {
  const std::vector<PointWrite> large(20'000, Point("large", 1, 1));
  auto writer = HoldWriter();
  for (int i = 0; i < 4; ++i) Start([&] { return engine_->BatchAppend(large); });
  const int before = syncs();
  writer->Commit();
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(syncs() - before, 4);
}

// Points of one caller are seen in the order of its calls, beside others and maintenance.
TEST_F(GroupCommitTest, ManyThreadsBesideTransactionsAndFlushesLoseNothing) {
  constexpr int64_t kCalls = 150;
  for (size_t thread = 0; thread < 6; ++thread) {
    threads_.emplace_back([this, thread] {
      const std::string tag = "tag" + std::to_string(thread);
      for (int64_t ts = 0; ts < kCalls && statuses_[thread].ok(); ++ts) {
        const PointWrite pair[] = {Point(tag, 2 * ts, ts), Point(tag, 2 * ts + 1, ts)};
        statuses_[thread] = engine_->BatchAppend(pair);
      }
    });
  }
  for (int64_t round = 0; round < 20; ++round) {
    auto begun = engine_->Begin(StorageEngine::kWriteTimeoutUs);
    ASSERT_OK(begun);
    auto tag = begun.value()->FindOrDefineTag("other");
    ASSERT_OK(tag);
    ASSERT_OK(begun.value()->Write(*tag.value(), round, Value::Integer(round), kQualityGood));
    ASSERT_OK(begun.value()->Prepare());
    begun.value()->Commit();
    begun.value().reset();
    if (round % 5 == 0) {
      ASSERT_OK(engine_->Flush(StorageEngine::kWriteTimeoutUs));
    }
    std::map<std::string, int64_t> count;
    for (const auto& [key, point] : Points()) {
      EXPECT_EQ(key.second, count[key.first]++) << "a hole in " << key.first;
    }
    for (const auto& [name, points] : count) EXPECT_TRUE(name == "other" || points % 2 == 0);
  }
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_EQ(Points().size(), 6 * 2 * kCalls + 20u);
  EXPECT_EQ(engine_->Stats().commits, 6u * kCalls + 20u);
}

// Goal: whatever a power loss takes, it takes nothing that was acknowledged. Method: threads write
// and count what they were told; before changes of a file the counts are read, the file system is
// cloned, crashed and reopened.
TEST_F(GroupCommitTest, APowerLossKeepsAllThatWasAcknowledged) {
  constexpr int64_t kCalls = 60;
  std::array<std::atomic<int64_t>, 4> acknowledged = {};
  std::atomic<uint64_t> changes = 0;
  std::atomic<int> checked = 0;
  fs_.SetHook([&](const OperationRecord&) {
    const uint64_t change = changes++;
    if (change % 5 != 0) return;
    std::array<int64_t, acknowledged.size()> told;
    for (size_t i = 0; i < told.size(); ++i) told[i] = acknowledged[i];
    const auto crashed = fs_.Clone();
    crashed->Crash(change % 2 == 0 ? CrashPolicy::kDropAll : CrashPolicy::kRandom, change);
    FakeClock clock;
    auto reopened = StorageEngine::Open(*crashed, clock, kPath, Options());
    ASSERT_OK(reopened);
    const auto points = ReadAll(*reopened.value());
    ASSERT_OK(points);
    for (size_t i = 0; i < told.size(); ++i) {
      for (int64_t ts = 1; ts <= told[i]; ++ts) {
        EXPECT_TRUE(points.value().contains({"tag" + std::to_string(i), ts})) << i << "@" << ts;
      }
    }
    ++checked;
  });
  for (size_t thread = 0; thread < acknowledged.size(); ++thread) {
    threads_.emplace_back([this, thread, &acknowledged] {
      const std::string tag = "tag" + std::to_string(thread);
      for (int64_t ts = 1; ts <= kCalls && statuses_[thread].ok(); ++ts) {
        statuses_[thread] = engine_->WritePoint(tag, ts, Value::Integer(ts), kQualityGood);
        if (statuses_[thread].ok()) acknowledged[thread] = ts;
      }
    });
  }
  EXPECT_THAT(Join(), Each(IsOk()));
  EXPECT_GT(checked.load(), 10);
  fs_.SetHook({});
}

}  // namespace
}  // namespace xtdb
