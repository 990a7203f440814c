#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "engine/format/container_format.h"
#include "tests/engine/process_fixture.h"
#include "tests/support/engine_script.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {
namespace {

// The log that cannot be synced: what was written since the last sync can be read, and is perhaps
// not on the disk.
void FailNextLogSync(FaultyFileSystem& fs) {
  fs.Inject({.nth = 1,
             .status = Status::IoError("disk"),
             .kinds = MaskOf(FileOperation::kSync),
             .path_suffix = "-wal"});
}

// Of three processes the first has met a failed sync.
struct FailedLog {
  FaultyFileSystem fs{1};
  Process a{fs};
  Process b{fs};
  Process c{fs};
  void Make() {
    ASSERT_OK(a.Open());
    ASSERT_OK(b.Open());
    ASSERT_OK(c.Open());
    ASSERT_OK(a.Write("t", 1, 1));
    ASSERT_EQ(b.Sum(), 1);
    ASSERT_EQ(c.Sum(), 1);
    FailNextLogSync(fs);
    ASSERT_FALSE(a.Write("t", 2, 10).ok());
  }
};

TEST(FailedLogTest, AReaderReadsOnWhileAnotherLeavesTheLog) {
  for (uint64_t nth = 1; nth < 60; ++nth) {
    SCOPED_TRACE(testing::Message() << "before change " << nth);
    FailedLog log;
    ASSERT_NO_FATAL_FAILURE(log.Make());
    uint64_t count = 0;
    bool fired = false;
    log.fs.SetHook([&](const OperationRecord& record) {
      if (record.kind == FileOperation::kOpen || ++count != nth || fired) return;
      fired = true;
      const auto snapshot = log.c.engine->TakeSnapshot();
      EXPECT_OK(snapshot) << record.path << " kind " << static_cast<int>(record.kind);
    });
    ASSERT_OK(log.b.Write("t", 3, 100));
    log.fs.SetHook({});
    if (!fired) break;
    EXPECT_EQ(log.c.Sum(), log.b.Sum());
  }
}

// The second process dies before each change with which it leaves the log; `meanwhile` is what the
// others do then, before they die, too.
void DieWhileItIsLeft(const std::function<void(FailedLog&)>& meanwhile) {
  uint64_t nth = 1;
  for (; nth < 60; ++nth) {
    SCOPED_TRACE(testing::Message() << "before change " << nth);
    FailedLog log;
    ASSERT_NO_FATAL_FAILURE(log.Make());
    log.b.fs.KillBefore(nth);
    IgnoreStatus(log.b.Write("t", 3, 100), "killed");
    if (!log.b.fs.killed()) break;
    meanwhile(log);
    log.a.fs.Kill();
    log.c.fs.Kill();
    Process d(log.fs);
    ASSERT_OK(d.Open());
    EXPECT_EQ(d.Sum() % 10, 1);
  }
  EXPECT_GT(nth, 5u);
}

TEST(FailedLogTest, TheOneThatLeavesItMayDie) {
  DieWhileItIsLeft([](FailedLog& log) {
    EXPECT_EQ(log.c.Sum() % 10, 1);
    EXPECT_OK(log.c.Write("t", 4, 1000));
  });
}

TEST(FailedLogTest, AllMayDieWhileItIsLeft) {
  DieWhileItIsLeft([](FailedLog&) {});
}

// Between the superblock of a new epoch and the shared memory of that epoch, too.
TEST(FailedLogTest, ThatTheLogFailedIsKnownAfterADeathInRecovery) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (uint64_t nth = 1; nth < 30; ++nth) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " change " << nth);
      FaultyFileSystem fs(seed);
      Process a(fs);
      ASSERT_OK(a.Open());
      ASSERT_OK(a.Write("t", 1, 1));
      FailNextLogSync(fs);
      ASSERT_FALSE(a.Write("t", 2, 10).ok());
      a.fs.Kill();
      Process d(fs);
      d.fs.KillBefore(nth);
      IgnoreStatus(d.Open(), "killed");
      const bool killed = d.fs.killed();
      d.fs.Kill();
      Process e(fs);
      ASSERT_OK(e.Open());
      ASSERT_OK(e.Write("t", 3, 100));
      e.fs.Kill();
      fs.Crash(CrashPolicy::kDropAll, seed);
      Process f(fs);
      const Status opened = f.Open();
      EXPECT_OK(opened);
      if (opened.ok()) {
        const int64_t sum = f.Sum();
        EXPECT_TRUE(sum == 101 || sum == 111) << sum;
      }
      if (HasFailure() || !killed) break;
    }
    if (HasFailure()) break;
  }
}

// The opener that finds the failed log cannot leave it and refuses to write; the next one joins.
TEST(FailedLogTest, WhoJoinsDoesNotWriteBehindTheFailedRange) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (const bool full : {false, true}) {
      for (uint64_t nth = 1; nth < 30; ++nth) {
        SCOPED_TRACE(testing::Message()
                     << "seed " << seed << " change " << nth << " full " << full);
        FaultyFileSystem fs(seed);
        Process a(fs);
        Process b(fs);
        Process c(fs);
        ASSERT_OK(a.Open());
        ASSERT_OK(a.Write("t", 1, 1));
        FailNextLogSync(fs);
        ASSERT_FALSE(a.Write("t", 2, 10).ok());
        a.fs.Kill();
        if (full) {
          fs.Inject({.nth = nth,
                     .status = Status::ResourceExhausted("full"),
                     .kinds = MaskOf(FileOperation::kAllocate)});
        } else {
          b.fs.FailChange(nth, true);
        }
        const Status opened = b.Open();
        fs.ClearFaults();
        if (!opened.ok()) continue;
        const Status refused = b.Write("t", 5, 10'000);
        if (refused.ok()) break;  // nothing failed any more
        ASSERT_OK(c.Open());
        const Status written = c.Write("t", 3, 100);
        EXPECT_OK(written) << "one process whose disk fails costs the others nothing";
        const Status again = c.Write("t", 4, 1000);
        fs.Crash(CrashPolicy::kDropAll, seed);
        Process d(fs);
        const Status reopened = d.Open();
        EXPECT_OK(reopened) << refused.ToString();
        if (reopened.ok()) {
          const auto points = d.Read();
          EXPECT_TRUE(points.contains({"t", 1}));
          if (written.ok()) {
            EXPECT_TRUE(points.contains({"t", 3})) << refused.ToString();
          }
          if (again.ok()) {
            EXPECT_TRUE(points.contains({"t", 4}));
          }
        }
        if (HasFailure()) return;
      }
    }
  }
}

// It fails while nobody writes, and before the next writer opens the file: no descriptor of his
// gets the error from the kernel.
TEST(FailedLogTest, AFailedBackgroundSyncIsHeededByTheNextWriter) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    FaultyFileSystem fs(seed);
    EngineOptions normal = SmallOptions();
    normal.synchronous = Synchronous::kNormal;
    normal.log_sync_interval = std::chrono::microseconds(1000);
    Process a(fs);
    ASSERT_OK(a.Open(normal));
    ASSERT_OK(a.Write("t", 1, 1));
    ASSERT_OK(a.engine->Flush(kNoWait));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    FailNextLogSync(fs);
    ASSERT_OK(a.Write("t", 2, 10));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ASSERT_FALSE(a.Write("t", 2, 10).ok());
    Process b(fs);
    ASSERT_OK(b.Open());
    ASSERT_OK(b.Write("t", 3, 100));  // full
    ASSERT_OK(b.Write("t", 4, 1000));
    fs.Crash(CrashPolicy::kDropAll, seed);
    Process c(fs);
    const Status opened = c.Open();
    ASSERT_OK(opened);
    EXPECT_TRUE(c.Read().contains({"t", 3}));
    EXPECT_TRUE(c.Read().contains({"t", 4}));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FailedLogTest, AReaderDoesNotTurnInCirclesWhileTheLogIsLeft) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  Process c(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(b.Open());
  ASSERT_OK(c.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_EQ(c.Sum(), 1);
  FailNextLogSync(fs);
  ASSERT_FALSE(a.engine->Flush(kNoWait).ok());
  std::thread reader;
  std::atomic<bool> finished = false;
  bool fired = false;
  bool in_time = false;
  int pins = 0;
  const auto writer = std::this_thread::get_id();
  fs.SetHook(
      [&](const OperationRecord& record) {
        if (fired || std::this_thread::get_id() != writer || record.offset != kLockPin) return;
        if (++pins == 1) {
          EXPECT_OK(c.engine->TakeSnapshot());  // it has followed what is recovered
          return;
        }
        fired = true;
        reader = std::thread([&] {
          EXPECT_OK(c.engine->TakeSnapshot());
          finished = true;
        });
        for (int i = 0; i < 200 && !finished; ++i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        in_time = finished;
      },
      MaskOf(FileOperation::kLock));
  EXPECT_OK(b.Write("t", 3, 100));
  fs.SetHook({});
  if (reader.joinable()) reader.join();
  EXPECT_TRUE(fired);
  EXPECT_TRUE(in_time) << "a reader waits for no writer";
}

// The other has what the flush relies on in the page cache only.
TEST(FailedLogTest, AFlushWithSynchronousOffSyncsWhatOthersHaveCommitted) {
  FaultyFileSystem fs(1);
  EngineOptions off = SmallOptions();
  off.synchronous = Synchronous::kOff;
  off.buffer_bytes = 1 * kMiB;
  Process a(fs);
  Process b(fs);
  ASSERT_OK(b.Open());
  ASSERT_OK(b.Write("t", 1, 1));
  ASSERT_OK(b.engine->Flush(kNoWait));
  ASSERT_OK(a.Open(off));
  ASSERT_OK(b.engine->WritePoint("fill", 1, Value::Text(std::string(700'000, 'b')), kQualityGood));
  ASSERT_OK(a.engine->WritePoint("fill", 2, Value::Text(std::string(700'000, 'a')), kQualityGood));
  ASSERT_GT(a.engine->Stats().flushes, 0u);
  ASSERT_OK(b.Write("t", 3, 100));
  fs.Crash(CrashPolicy::kDropAll);
  Process c(fs);
  ASSERT_OK(c.Open());
  const auto points = ReadAll(*c.engine);
  ASSERT_OK(points);
  EXPECT_TRUE(points.value().contains({"fill", 1})) << "acknowledged with full";
  EXPECT_TRUE(points.value().contains({"t", 3})) << "acknowledged with full";
}

// The next process recovers from what the one before has left, fails for good at its `stop`th
// change, and then the power fails. Returns what is wrong then; empty: nothing.
std::string RecoverAndLosePower(const FaultyFileSystem& left, const EngineScript& script,
                                uint64_t stop, uint64_t seed) {
  const auto recovering = left.Clone();
  recovering->Inject({.nth = stop, .sticky = true, .kinds = kMutations, .partial = true});
  {
    FakeClock clock;
    auto opened =
        StorageEngine::Open(*recovering, clock, EngineScript::kPath, EngineScript::OpenOptions());
    if (opened.ok()) IgnoreStatus(opened.value()->Close(), "it is meant to fail");
  }
  for (const CrashPolicy policy : {CrashPolicy::kDropAll, CrashPolicy::kRandom}) {
    const auto crashed = recovering->Clone();
    crashed->Crash(policy, seed);
    if (!crashed->Exists(EngineScript::kPath)) continue;
    const std::string wrong = CheckReopened(*crashed, script);
    if (!wrong.empty()) return wrong;
  }
  return {};
}

struct FailingSync {
  const char* of;  // the end of the file's name
  bool with_drops;
};
class PowerLossAfterFailedSyncTest : public testing::TestWithParam<FailingSync> {};
INSTANTIATE_TEST_SUITE_P(Files, PowerLossAfterFailedSyncTest,
                         testing::Values(FailingSync{"-wal", false}, FailingSync{"-wal", true},
                                         FailingSync{".xtdb", false}, FailingSync{".xtdb", true}),
                         [](const auto& sync) {
                           return std::string(sync.param.of[0] == '-' ? "Log" : "Container") +
                                  (sync.param.with_drops ? "WithDrops" : "");
                         });

TEST_P(PowerLossAfterFailedSyncTest, NothingAcknowledgedIsLostAndNoCommitIsTorn) {
  uint64_t failed_scripts = 0;
  for (uint64_t nth = 1; nth < 60; ++nth) {
    FaultyFileSystem fs(nth);
    EngineScript script(fs, {.seed = 1, .steps = 40, .with_drops = GetParam().with_drops});
    fs.Inject({.nth = nth, .kinds = MaskOf(FileOperation::kSync), .path_suffix = GetParam().of});
    script.Run();
    fs.ClearFaults();
    if (script.errors().empty()) continue;
    ++failed_scripts;
    for (uint64_t stop = 1; stop < 40; ++stop) {
      const std::string wrong = RecoverAndLosePower(fs, script, stop, nth * 1000 + stop);
      ASSERT_EQ(wrong, "") << "sync " << nth << ", stop " << stop << ", "
                           << script.errors().front().ToString();
    }
  }
  EXPECT_GT(failed_scripts, 10u);
}

// The next opener dies before its `first`th change, and the one after it before its `second`th.
// False: it lived.
bool TwoDie(FaultyFileSystem& fs, uint64_t first, uint64_t second) {
  Process a(fs);
  EXPECT_OK(a.Open());
  EXPECT_OK(a.Write("t", 1, 1));
  FailNextLogSync(fs);
  EXPECT_FALSE(a.Write("t", 2, 10).ok());
  a.fs.Kill();
  bool killed = false;
  for (const uint64_t nth : {first, second}) {
    Process opener(fs);
    opener.fs.KillBefore(nth);
    IgnoreStatus(opener.Open(), "killed");
    killed = opener.fs.killed();
    opener.fs.Kill();
  }
  return killed;
}

TEST(FailedLogTest, TwoMayDieOverIt) {
  for (const bool power_fails : {false, true}) {
    for (uint64_t first = 1; first < 30; ++first) {
      for (uint64_t second = 1; second < 60; ++second) {
        SCOPED_TRACE(testing::Message() << first << ", " << second << ", " << power_fails);
        FaultyFileSystem fs(1);
        const bool killed = TwoDie(fs, first, second);
        if (power_fails) fs.Crash(CrashPolicy::kDropAll, 1);
        Process next(fs);
        ASSERT_OK(next.Open());
        ASSERT_EQ(next.Sum() % 10, 1);
        if (!killed) break;
      }
    }
  }
}

TEST(FailedLogTest, AHealthyProcessLosesOneTransactionByIt) {
  FaultyFileSystem fs(1);
  Process a(fs);
  Process b(fs);
  ASSERT_OK(a.Open());
  ASSERT_OK(b.Open());
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(b.Stage("t", 3, 100));
  // As the thread of `a` that syncs in the background does.
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Open(kProcessesPath, OpenMode::kReadWrite));
  ASSERT_OK_AND_ASSIGN(const auto shared,
                       SharedMemory::Open(fs, std::string(kProcessesPath) + "-shm", *file, false));
  shared->SetLogFailed(true);
  EXPECT_THAT(b.transaction->Prepare(), HasCode(StatusCode::kIoError));
  EXPECT_OK(b.transaction->Rollback());
  b.transaction.reset();
  EXPECT_OK(b.Write("t", 4, 1000));
  EXPECT_EQ(a.Sum(), 1001);
  EXPECT_FALSE(shared->log_failed());
}

TEST(FailedLogTest, WritesGoOnWhenThereIsRoomToLeaveIt) {
  for (uint64_t nth = 1; nth < 4; ++nth) {
    SCOPED_TRACE(nth);
    FaultyFileSystem fs(1);
    Process a(fs);
    ASSERT_OK(a.Open());
    ASSERT_OK(a.Write("t", 1, 1));
    FailNextLogSync(fs);
    ASSERT_FALSE(a.Write("t", 2, 10).ok());
    a.fs.Kill();
    fs.Inject({.nth = nth,
               .status = Status::ResourceExhausted("full"),
               .kinds = MaskOf(FileOperation::kAllocate)});
    Process next(fs);
    const Status opened = next.Open();
    fs.ClearFaults();
    if (opened.ok()) {
      EXPECT_OK(next.Write("t", 3, 100));
    }
  }
}

}  // namespace
}  // namespace xtdb
