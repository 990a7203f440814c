#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/engine/wal_test_support.h"

namespace xtdb {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;
using namespace wal_test;

// What a writer knows: every record it appended behind the checkpoint, and how many of them a sync
// has acknowledged.
struct Expected {
  std::vector<std::pair<LSN, std::string>> records;
  size_t synced = 0;
  LSN checkpoint = kFirst;

  void Release(RotatingWAL& wal, size_t count) {
    if (count == 0) return;
    checkpoint = count < records.size() ? records[count].first : wal.end_lsn();
    records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(count));
    synced -= count;
    wal.Release(checkpoint);
  }
};

void AppendSome(RotatingWAL& wal, Expected& expected, std::mt19937_64& random, int steps) {
  for (int i = 0; i < steps; ++i) {
    const uint64_t choice = random() % 16;
    if (choice < 10) {
      // Mostly small, now and then over several segments.
      const size_t size = random() % (random() % 8 == 0 ? 3 * kSegment : 9000);
      std::string payload = Payload(random(), size);
      const auto lsn = Append(wal, payload);
      ASSERT_THAT(lsn, IsOk());
      expected.records.emplace_back(lsn.value(), std::move(payload));
    } else if (choice < 14) {
      ASSERT_THAT(wal.Sync(), IsOk());
      expected.synced = expected.records.size();
    } else if (expected.synced > 0) {
      expected.Release(wal, random() % (expected.synced + 1));
    }
  }
}

void CheckReplayed(const OpenedLog& log, Expected& expected) {
  const size_t count = log.records.size();
  ASSERT_THAT(count, AllOf(Ge(expected.synced), Le(expected.records.size())));
  for (size_t i = 0; i < count; ++i) {
    ASSERT_EQ(log.records[i].lsn, expected.records[i].first);
    ASSERT_TRUE(log.records[i].payload == expected.records[i].second);
  }
  expected.records.resize(count);
  expected.synced = count;  // Open synced them
}

// Goal: a crash loses only what was never synced, also when crashes follow each other, and what was
// lost never comes back. Method: append, sync and release by seed, crash with a seeded choice of
// kept, dropped and torn writes, reopen, compare, go on.
TEST(RotatingWALCrashTest, SyncedRecordsSurviveAndUnsyncedOnesFormAPrefix) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    FaultyFileSystem fs(seed);
    Expected expected;
    auto wal = CreateLog(fs);
    for (uint64_t round = 1; round <= 5; ++round) {
      AppendSome(*wal, expected, random, static_cast<int>(random() % 40));
      if (HasFatalFailure()) return;
      fs.Crash(CrashPolicy::kRandom, random());
      wal.reset();
      auto log = OpenLog(fs, expected.checkpoint);
      ASSERT_THAT(log, IsOk());
      CheckReplayed(log.value(), expected);
      if (HasFatalFailure()) return;
      ASSERT_EQ(log.value().wal->durable_lsn(), log.value().end.end_lsn);
      wal = std::move(log.value().wal);
      wal->BeginEpoch(round + 1);
    }
  }
}

// Goal: a crash during Open changes nothing that Open would have said. Method: crash before each
// operation of an Open that has leftovers to erase, several times in a row, then open to the end.
TEST(RotatingWALCrashTest, CrashesDuringOpenConverge) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    FaultyFileSystem fs(seed);
    Expected expected;
    {
      const auto wal = CreateLog(fs);
      AppendSome(*wal, expected, random, 30);
      if (HasFatalFailure()) return;
      fs.Crash(CrashPolicy::kRandom, seed);
    }
    const auto reference = OpenLog(*fs.Clone(), expected.checkpoint);
    ASSERT_THAT(reference, IsOk());
    const auto open = [&] { IgnoreStatus(OpenLog(fs, expected.checkpoint).status(), "may fail"); };
    ForEachCrashPoint(fs, open, [&](FaultyFileSystem& clone, const OperationRecord&) {
      for (uint64_t again = 0; again < 3; ++again) {
        clone.FailNth(1 + again, Status::IoError("crash"), kMutations, true);
        IgnoreStatus(OpenLog(clone, expected.checkpoint).status(), "cut short by the fault");
        clone.Crash(CrashPolicy::kRandom, seed + again);
      }
      const auto log = OpenLog(clone, expected.checkpoint);
      ASSERT_THAT(log, IsOk());
      EXPECT_TRUE(log.value().records == reference.value().records);
      EXPECT_EQ(log.value().end.end_lsn, reference.value().end.end_lsn);
    });
  }
}

// Goal: every single failing operation gives an error, and a reopened log has what was
// acknowledged.
TEST(RotatingWALCrashTest, EveryFailingOperationLeavesWhatWasSynced) {
  for (uint64_t nth = 1;; ++nth) {
    SCOPED_TRACE(testing::Message() << "nth=" << nth);
    FaultyFileSystem fs(nth);
    fs.FailNth(nth, Status::IoError("injected"), kMutations);
    std::vector<std::string> synced, appended;
    bool failed = true;
    {
      const auto wal = RotatingWAL::Create(fs, kPath, TestUuid(), 1, 0, kSmall);
      if (!wal.ok()) continue;
      failed = false;
      for (uint64_t i = 0; i < 12 && !failed; ++i) {
        const std::string payload = Payload(i, i % 4 == 3 ? 2 * kSegment : 3000);
        appended.push_back(payload);
        failed = !Append(*wal.value(), payload).ok() || !wal.value()->Sync().ok();
        if (!failed) synced = appended;
      }
    }
    if (!failed) {
      EXPECT_GT(nth, 20u);
      return;
    }
    fs.Crash(CrashPolicy::kRandom, nth);
    const auto log = OpenLog(fs);
    ASSERT_THAT(log, IsOk());
    const std::vector<std::string> found = log.value().Payloads();
    ASSERT_THAT(found.size(), AllOf(Ge(synced.size()), Le(appended.size())));
    ASSERT_TRUE(std::equal(found.begin(), found.end(), appended.begin()));
  }
}

}  // namespace
}  // namespace xtdb
