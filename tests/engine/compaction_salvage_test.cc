// Salvage takes blocks by what they say themselves: a compaction must not make it lose points, take
// them twice, or bring back what was deleted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/salvaged_store.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

void Commit(StorageEngine& engine, int64_t first, int64_t value, bool deletes) {
  ASSERT_OK_AND_ASSIGN(const auto transaction, engine.Begin(0));
  ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction->FindOrDefineTag("int64"));
  for (int64_t ts = first; ts < first + 50; ++ts) {
    ASSERT_OK(deletes ? transaction->Delete(*staged, ts)
                      : transaction->Write(*staged, ts, Value::Integer(value), kQualityGood));
  }
  ASSERT_OK(transaction->Prepare());
  transaction->Commit();
  ASSERT_OK(engine.Seal(0));
}

TEST(CompactionSalvageTest, ACrashAnywhereInItLeavesEveryPointToSalvage) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto engine,
                       StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions()));
  Commit(*engine, 0, 1, false);
  Commit(*engine, 30, 2, false);
  Commit(*engine, 10, 0, true);
  ASSERT_OK_AND_ASSIGN(const TestPoints truth, ReadAll(*engine));
  ASSERT_EQ(truth.size(), 30u);
  int points_to_die = 0;
  ForEachCrashPoint(
      fs,
      [&] {
        ASSERT_OK(engine->Compact(CompactionScope::kAll, 0));
        ASSERT_OK(engine->Close());
      },
      [&](FaultyFileSystem& clone, const OperationRecord& next) {
        if (testing::Test::HasFailure()) return;
        ++points_to_die;
        const auto crashed = clone.Clone();
        crashed->Crash(CrashPolicy::kKeepAll);
        const Salvaged salvaged = SalvageStore(*crashed);
        EXPECT_OK(salvaged.error);
        EXPECT_EQ(JudgeSalvage(truth, salvaged), "") << "before operation " << next.number;
        EXPECT_EQ(salvaged.points, truth) << "before operation " << next.number;
      });
  EXPECT_GT(points_to_die, 20);
}

}  // namespace
}  // namespace xtdb
