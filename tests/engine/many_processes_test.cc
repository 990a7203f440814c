#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <thread>

#include "engine/format/container_format.h"
#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class ManyProcessesTest : public testing::Test {
 protected:
  Process& Start(const EngineOptions& options = SmallOptions()) {
    processes_.push_back(std::make_unique<Process>(fs_));
    EXPECT_OK(processes_.back()->Open(options));
    return *processes_.back();
  }
  static EngineOptions ReadOnly() {
    EngineOptions options;
    options.read_only = true;
    return options;
  }
  // So many commits that the log goes round several times.
  static void FillLog(Process& writer, int64_t from_ts) {
    for (int64_t i = 0; i < 40; ++i) {
      ASSERT_OK(writer.engine->WritePoint("fill", from_ts + i,
                                          Value::Text(std::string(20'000, 'x')), kQualityGood));
      if (i % 10 == 9) {
        ASSERT_OK(writer.engine->Flush(kNoWait));
      }
    }
  }

  FaultyFileSystem fs_{1};
  std::vector<std::unique_ptr<Process>> processes_;  // killed ones, too, until everything is over
};

TEST_F(ManyProcessesTest, EachSeesAndContinuesWhatTheOtherHasCommitted) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Write("from a", 1, 1));
  EXPECT_EQ(b.Sum(), 1);
  ASSERT_OK(b.Write("from a", 2, 10)) << "a tag that the other has defined";
  ASSERT_OK(b.Write("from b", 1, 100));
  EXPECT_EQ(a.Sum(), 111);
  ASSERT_OK(a.Write("from b", 1, 200)) << "replaces the other's point";
  EXPECT_EQ(b.Sum(), 211);
  EXPECT_EQ(a.engine->tags()->Find("from b")->id, b.engine->tags()->Find("from b")->id);
}

TEST_F(ManyProcessesTest, OneThatOpensLateSeesEverything) {
  Process& a = Start();
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.engine->Flush(kNoWait));
  ASSERT_OK(a.Write("t", 2, 10));
  ASSERT_OK(a.Stage("t", 3, 100));
  ASSERT_OK(a.transaction->Prepare());
  Process& b = Start();
  EXPECT_EQ(b.Sum(), 11) << "what is only prepared is not seen";
  a.transaction->Commit();
  EXPECT_EQ(b.Sum(), 111);
}

TEST_F(ManyProcessesTest, OneWritesAtATimeAndTheOtherWaitsAsLongAsItSays) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Stage("t", 1, 1));
  EXPECT_EQ(b.Sum(), 0) << "reading waits for nobody";
  const auto refused = b.engine->Begin(kNoWait);
  EXPECT_THAT(refused, HasCode(StatusCode::kBusy));
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("is writing"));
  const int64_t before = b.clock.MonotonicUs();
  EXPECT_THAT(b.engine->Begin(100'000), HasCode(StatusCode::kBusy));
  EXPECT_EQ(b.clock.MonotonicUs() - before, 100'000);
  ASSERT_OK(a.transaction->Rollback());
  EXPECT_OK(b.Write("t", 1, 5));
  EXPECT_EQ(a.Sum(), 5);
}

TEST_F(ManyProcessesTest, ASnapshotOutlivesTheOthersFlushesSealsAndLogReuse) {
  Process& writer = Start();
  Process& reader = Start();
  ASSERT_OK(writer.Write("t", 1, 1));
  ReadView view;
  view.snapshot = reader.engine->TakeSnapshot().value();
  const TestPoints before = ReadAll(view).value();
  ASSERT_NO_FATAL_FAILURE(FillLog(writer, 0));
  ASSERT_OK(writer.engine->Seal(kNoWait));
  ASSERT_NO_FATAL_FAILURE(FillLog(writer, 100));
  EXPECT_EQ(ReadAll(view).value(), before);
  EXPECT_EQ(reader.Read(), writer.Read()) << "it had fallen behind the checkpoint";
  EXPECT_EQ(ReadAll(view).value(), before) << "also after the process has caught up";
  ASSERT_OK(reader.Write("t", 2, 2));
  EXPECT_EQ(reader.Read(), writer.Read());
  EXPECT_EQ(ReadAll(view).value(), before) << "and has written itself";
  view = {};
  const auto report = reader.engine->Check();
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report.value().problems, testing::IsEmpty());
}

TEST_F(ManyProcessesTest, TheLogIsReusedWhileOthersHaveItOpen) {
  Process& writer = Start();
  Process& idle = Start();
  for (int round = 0; round < 5; ++round) {
    ASSERT_NO_FATAL_FAILURE(FillLog(writer, round * 100));
  }
  EXPECT_LT(writer.engine->Stats().log_segments, 16u);
  EXPECT_EQ(idle.Read(), writer.Read());
}

TEST_F(ManyProcessesTest, TheLastCloseLeavesOneFile) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(b.Write("t", 2, 10));
  ASSERT_OK(a.engine->Close());
  EXPECT_TRUE(fs_.Exists("/plant.xtdb-wal"));
  EXPECT_EQ(b.Sum(), 11);
  ASSERT_OK(b.Write("t", 3, 100));
  ASSERT_OK(b.engine->Close());
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-wal"));
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-shm"));
  EXPECT_EQ(Start().Sum(), 111);
}

TEST_F(ManyProcessesTest, AReaderThatNeverWroteClosesWhatOthersHaveLeft) {
  Process& writer = Start();
  Process& reader = Start();
  ASSERT_OK(writer.Write("t", 1, 1));
  ASSERT_OK(writer.engine->Close());
  ASSERT_OK(reader.engine->Close());
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-wal"));
  EXPECT_EQ(Start().Sum(), 1);
}

TEST_F(ManyProcessesTest, AKilledWriterLeavesNoTraceOfWhatItHadOnlyStaged) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.Stage("t", 2, 10));
  a.fs.Kill();
  EXPECT_EQ(b.Sum(), 1);
  ASSERT_OK(b.Write("t", 3, 100)) << "its lock is free";
  EXPECT_EQ(b.Sum(), 101);
}

TEST_F(ManyProcessesTest, WhatAKilledWriterHadPreparedCountsForAll) {
  Process& a = Start();
  Process& b = Start();
  Process& c = Start();
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(a.Stage("t", 2, 10));
  ASSERT_OK(a.transaction->Prepare());
  EXPECT_EQ(b.Sum(), 1);
  a.fs.Kill();
  EXPECT_EQ(b.Sum(), 11) << "a reader settles it";
  EXPECT_EQ(c.Sum(), 11);
  ASSERT_OK(c.Write("t", 3, 100));
  EXPECT_EQ(b.Sum(), 111);
}

TEST_F(ManyProcessesTest, AReaderThatComesLateToARecoveryDisturbsNobody) {
  Process& dying = Start();
  Process& writer = Start();
  Process& reader = Start();
  ASSERT_OK(dying.Write("t", 1, 1));
  ASSERT_OK(dying.Stage("t", 2, 10));
  dying.fs.Kill();
  reader.fs.BeforeLock(kLockWriter, [&] { EXPECT_OK(writer.Write("t", 3, 100)); });
  EXPECT_EQ(reader.Sum(), 101);
  ASSERT_OK(writer.Write("t", 4, 1000));
  EXPECT_EQ(reader.Sum(), 1101);
  EXPECT_EQ(writer.Sum(), 1101);
}

TEST_F(ManyProcessesTest, AllKilledAndTheNextRecovers) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Write("t", 1, 1));
  ASSERT_OK(b.Write("t", 2, 10));
  ASSERT_OK(b.Stage("t", 3, 100));
  a.fs.Kill();
  b.fs.Kill();
  Process& c = Start();
  EXPECT_EQ(c.Sum(), 11);
  ASSERT_OK(c.Write("t", 3, 1000));
  ASSERT_OK(c.engine->Close());
  EXPECT_FALSE(fs_.Exists("/plant.xtdb-shm"));
}

// Goal: a writer that dies within a flush, a seal or a checkpoint leaves nothing that the others
// stumble over. Method: it is killed before each of its changes of a file in turn.
TEST_F(ManyProcessesTest, AWriterKilledAnywhereInFlushAndSealIsRecoveredByTheOthers) {
  for (uint64_t nth = 1;; ++nth) {
    SCOPED_TRACE(testing::Message() << "before change " << nth);
    FaultyFileSystem fs(1);
    Process a(fs);
    Process b(fs);
    ASSERT_OK(a.Open());
    ASSERT_OK(b.Open());
    for (int64_t i = 0; i < 5; ++i) {
      ASSERT_OK(a.Write("t", i, 1));
    }
    EXPECT_EQ(b.Sum(), 5);
    a.fs.KillBefore(nth);
    const Status sealed = a.engine->Seal(kNoWait);
    EXPECT_EQ(b.Sum(), 5);
    ASSERT_OK(b.Write("t", 10, 100));
    ASSERT_OK(b.engine->Seal(kNoWait));
    ASSERT_OK(b.Write("t", 11, 1000));
    EXPECT_EQ(b.Sum(), 1105);
    const auto report = b.engine->Check();
    ASSERT_TRUE(report.ok());
    EXPECT_THAT(report.value().problems, testing::IsEmpty());
    ASSERT_OK(b.engine->Close());
    Process c(fs);
    ASSERT_OK(c.Open());
    EXPECT_EQ(c.Sum(), 1105);
    if (a.fs.killed()) continue;
    EXPECT_OK(sealed);
    EXPECT_GT(nth, 10u);
    break;
  }
}

// Goal: after a sync that failed, what others acknowledge survives power loss, although the kernel
// has forgotten pages in the midst of the log. Method: the failed sync loses writes at random; then
// another process commits, and the power goes.
TEST_F(ManyProcessesTest, AFailedSyncOfOneCostsTheOthersNothing) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    FaultyFileSystem fs(seed);
    auto a = std::make_unique<Process>(fs);
    auto b = std::make_unique<Process>(fs);
    ASSERT_OK(a->Open());
    ASSERT_OK(b->Open());
    ASSERT_OK(a->Write("t", 1, 1));
    fs.Inject({.nth = 1,
               .status = Status::IoError("disk"),
               .kinds = MaskOf(FileOperation::kSync),
               .path_suffix = "-wal"});
    EXPECT_THAT(a->Write("t", 2, 10), HasCode(StatusCode::kIoError));
    EXPECT_FALSE(a->Write("t", 2, 10).ok()) << "this one refuses further writes";
    const int64_t seen = b->Sum();
    EXPECT_TRUE(seen == 1 || seen == 11) << seen;
    ASSERT_OK(b->Write("t", 3, 100));
    EXPECT_EQ(a->Sum(), seen + 100) << "reading goes on";
    fs.Crash(CrashPolicy::kRandom, seed);
    Process c(fs);
    ASSERT_OK(c.Open());
    EXPECT_EQ(c.Sum(), seen + 100);
  }
}

// Goal: what a disk does to one process costs the others nothing. Method: of a run of commits, a
// flush, a seal and a drop by one process the nth change of a file fails, once or from then on, for
// every n; another one must see what was acknowledged, write on, and leave a sound container.
TEST_F(ManyProcessesTest, AProcessThatFailsAnywhereCostsTheOthersNothing) {
  for (const bool sticky : {false, true}) {
    uint64_t failures = 0;
    for (uint64_t nth = 1;; ++nth) {
      SCOPED_TRACE(testing::Message() << (sticky ? "from change " : "change ") << nth);
      FaultyFileSystem fs(nth);
      Process a(fs);
      Process b(fs);
      ASSERT_OK(a.Open());
      ASSERT_OK(b.Open());
      ASSERT_OK(b.Write("t", 0, 1));
      std::map<int64_t, int64_t> acknowledged = {{0, 1}};
      std::map<int64_t, int64_t> open;  // neither acknowledged nor surely refused
      uint64_t errors = 0;
      a.fs.FailChange(nth, sticky);
      for (int64_t ts = 1; ts <= 6; ++ts) {
        const Status written = a.Write("t", ts, ts * 10);
        (written.ok() ? acknowledged : open)[ts] = ts * 10;
        errors += written.ok() ? 0 : 1;
        if (ts == 3) errors += a.engine->Flush(kNoWait).ok() ? 0 : 1;
        if (ts == 5) errors += a.engine->Seal(kNoWait).ok() ? 0 : 1;
      }
      failures += errors;
      const auto check = [&](Process& process) {
        std::map<int64_t, int64_t> found;
        for (const auto& [key, point] : process.Read()) found[key.second] = AsInt64(point.bits);
        for (const auto& [ts, value] : acknowledged) ASSERT_EQ(found[ts], value) << "ts " << ts;
        for (const auto& [ts, value] : found) {
          ASSERT_TRUE(acknowledged.contains(ts) || open.contains(ts)) << "ts " << ts;
        }
        acknowledged = found;
        open.clear();
      };
      ASSERT_NO_FATAL_FAILURE(check(b));
      ASSERT_OK(b.Write("t", 10, 5));
      acknowledged[10] = 5;
      ASSERT_OK(b.engine->Seal(kNoWait));
      ASSERT_NO_FATAL_FAILURE(check(b));
      ASSERT_NO_FATAL_FAILURE(check(a)) << "the one that failed still reads";
      const auto report = b.engine->Check();
      ASSERT_TRUE(report.ok());
      EXPECT_THAT(report.value().problems, testing::IsEmpty());
      IgnoreStatus(a.engine->Close(), "it may fail again");
      ASSERT_OK(b.engine->Close());
      Process c(fs);
      ASSERT_OK(c.Open());
      ASSERT_NO_FATAL_FAILURE(check(c));
      if (errors == 0) break;
    }
    EXPECT_GT(failures, 20u);
  }
}

TEST_F(ManyProcessesTest, AReadOnlyOneFollowsTheWriter) {
  Process& writer = Start();
  ASSERT_OK(writer.Write("t", 1, 1));
  Process& reader = Start(ReadOnly());
  EXPECT_EQ(reader.Sum(), 1);
  ASSERT_OK(writer.Write("t", 2, 10));
  EXPECT_EQ(reader.Sum(), 11);
  EXPECT_THAT(reader.Write("t", 3, 1), HasCode(StatusCode::kReadOnly));
  ReadView view;
  view.snapshot = reader.engine->TakeSnapshot().value();
  ASSERT_NO_FATAL_FAILURE(FillLog(writer, 0));
  EXPECT_EQ(ReadAll(view).value().size(), 2u);
  view = {};
  EXPECT_EQ(reader.Read(), writer.Read());
}

TEST_F(ManyProcessesTest, AReadOnlyOneReadsTheLogThatAKilledWriterLeft) {
  Process& writer = Start();
  ASSERT_OK(writer.Write("t", 1, 1));
  ASSERT_OK(writer.Stage("t", 2, 10));
  writer.fs.Kill();
  const auto operations = fs_.operation_count();
  Process& reader = Start(ReadOnly());
  EXPECT_EQ(reader.Sum(), 1);
  for (const OperationRecord& operation : fs_.operations()) {
    if (operation.number <= operations) continue;
    EXPECT_TRUE(operation.kind == FileOperation::kOpen || operation.kind == FileOperation::kRead ||
                operation.kind == FileOperation::kLock);
  }
  // A writer comes, and goes again, while it reads.
  Process& second = Start();
  ASSERT_OK(second.Write("t", 3, 100));
  EXPECT_EQ(reader.Sum(), 101);
  ASSERT_OK(second.Write("t", 4, 1000));
  ASSERT_OK(second.engine->Close());
  EXPECT_EQ(reader.Sum(), 1101);
  EXPECT_TRUE(fs_.Exists("/plant.xtdb-wal")) << "nothing is removed under a reader";
  ASSERT_OK(reader.engine->Close());
}

TEST_F(ManyProcessesTest, TwoThatCreateAtOnceShareOneContainer) {
  Process& a = Start();
  Process& b = Start();
  EXPECT_EQ(a.engine->container().header().uuid, b.engine->container().header().uuid);
}

TEST_F(ManyProcessesTest, ACreatedContainerThatAnotherHasOpenIsNotRemoved) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.engine->CloseAndRemoveIfNew());
  EXPECT_TRUE(fs_.Exists(kProcessesPath));
  ASSERT_OK(b.Write("t", 1, 1));
  EXPECT_EQ(b.Sum(), 1);
}

TEST_F(ManyProcessesTest, ACreatedContainerThatAnotherHasWrittenIsNotRemoved) {
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(b.Write("t", 1, 1));
  ASSERT_OK(b.engine->Close());
  ASSERT_OK(a.engine->CloseAndRemoveIfNew());
  ASSERT_TRUE(fs_.Exists(kProcessesPath));
  EXPECT_EQ(Start().Sum(), 1);
}

// Goal: threads of several processes at once, none in the way of another: every snapshot shows
// whole transactions. Method: each transaction writes the same value to two tags; a writer and two
// readers in each of two processes, with flushes that turn the log over.
TEST_F(ManyProcessesTest, ThreadsOfSeveralProcessesSeeWholeTransactions) {
  constexpr int kCommits = 150;
  Process& a = Start();
  Process& b = Start();
  ASSERT_OK(a.Write("x", 0, 0));
  ASSERT_OK(a.Write("y", 0, 0));
  std::atomic<int> writers = 2;
  std::atomic<int> reads = 0;
  const auto write = [&](Process& process, int64_t first) {
    for (int64_t value = first; value < first + kCommits; ++value) {
      auto begun = process.engine->Begin(kNoWait);
      while (begun.status().code() == StatusCode::kBusy) begun = process.engine->Begin(kNoWait);
      ASSERT_TRUE(begun.ok()) << begun.status().ToString();
      Transaction& transaction = *begun.value();
      for (const char* const tag : {"x", "y"}) {
        ASSERT_OK(transaction.Write(*transaction.FindTag(tag), value % 10, Value::Integer(value),
                                    kQualityGood));
      }
      ASSERT_OK(transaction.Prepare());
      transaction.Commit();
      begun.value().reset();
      if (value % 25 == 0) {
        const Status flushed = process.engine->Flush(kNoWait);
        ASSERT_TRUE(flushed.ok() || flushed.code() == StatusCode::kBusy) << flushed.ToString();
      }
    }
  };
  const auto read = [&](Process& process) {
    for (int i = 0; i < 20 || writers > 0; ++i) {
      std::map<int64_t, int64_t> seen[2];
      for (const auto& [key, point] : process.Read()) {
        seen[key.first == "y" ? 1 : 0][key.second] = AsInt64(point.bits);
      }
      ASSERT_EQ(seen[0], seen[1]);
      ++reads;
    }
  };
  std::vector<std::thread> threads;
  const auto write_all = [&](Process& process, int64_t first) {
    write(process, first);
    --writers;  // also after a failure: the readers wait for it
  };
  threads.emplace_back(write_all, std::ref(a), 1000);
  threads.emplace_back(write_all, std::ref(b), 2000);
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back(read, std::ref(a));
    threads.emplace_back(read, std::ref(b));
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(reads, 10);
  EXPECT_EQ(a.Read(), b.Read());
}

}  // namespace
}  // namespace xtdb
