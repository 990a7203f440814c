#include "engine/transaction/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {
namespace {

constexpr int64_t kNoWait = 0;

class TransactionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = StorageEngine::Open(fs_, clock_, "/plant.xtdb", {});
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = opened.value();
  }
  std::unique_ptr<Transaction> Begin() {
    auto begun = engine_->Begin(kNoWait);
    EXPECT_TRUE(begun.ok()) << begun.status().ToString();
    return begun.ok() ? std::move(begun).value() : nullptr;
  }
  // Stages rows at ts 1 .. count.
  static void Stage(Transaction& transaction, const std::string& name, int64_t count,
                    const Value& value) {
    auto tag = transaction.FindOrDefineTag(name);
    ASSERT_TRUE(tag.ok());
    for (int64_t ts = 1; ts <= count; ++ts) {
      ASSERT_TRUE(transaction.Write(*tag.value(), ts, value, kQualityGood).ok());
    }
  }
  size_t CountPoints() {
    auto points = ReadAll(*engine_);
    EXPECT_TRUE(points.ok()) << points.status().ToString();
    return points.ok() ? points.value().size() : 0;
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(TransactionTest, WhatIsWrittenAfterAPrepareIsSeenOnceCommitted) {
  auto transaction = Begin();
  Stage(*transaction, "a", 10, Value::Real(1));
  ASSERT_TRUE(transaction->Prepare().ok());
  Stage(*transaction, "a", 100, Value::Real(2));
  ASSERT_TRUE(transaction->Prepare().ok());
  transaction->Commit();
  EXPECT_EQ(CountPoints(), 100u);
}

TEST_F(TransactionTest, ARollbackAfterPrepareHidesNoLaterCommit) {
  ASSERT_TRUE(engine_->WritePoint("a", 1000, Value::Real(1), kQualityGood).ok());
  ASSERT_TRUE(engine_->Flush(kNoWait).ok());
  auto undone = Begin();
  Stage(*undone, "a", 10, Value::Real(1));
  ASSERT_TRUE(undone->Prepare().ok());
  ASSERT_TRUE(undone->Rollback().ok());
  auto transaction = Begin();
  Stage(*transaction, "a", 100, Value::Real(2));
  ASSERT_TRUE(transaction->Prepare().ok());
  transaction->Commit();
  EXPECT_EQ(CountPoints(), 101u);
}

TEST_F(TransactionTest, ARollbackAfterPrepareGivesTheMemoryBack) {
  const size_t before = engine_->buffer()->bytes();
  for (int i = 0; i < 3; ++i) {
    auto undone = Begin();
    const Mark mark = undone->TakeMark();
    const MarkHold hold = undone->Hold(mark);
    Stage(*undone, "a" + std::to_string(i), 10, Value::Real(1));
    ASSERT_TRUE(undone->Prepare().ok());
    if (i == 1) undone->RollbackTo(mark);
    ASSERT_TRUE(undone->Rollback().ok());
  }
  EXPECT_EQ(engine_->buffer()->bytes(), before);
}

TEST_F(TransactionTest, ASnapshotThatEndsBetweenPrepareAndCommitTakesNothingAway) {
  ASSERT_TRUE(engine_->WritePoint("a", 1000, Value::Real(1), kQualityGood).ok());
  auto snapshot = engine_->TakeSnapshot().value();
  ASSERT_TRUE(engine_->Flush(kNoWait).ok());  // the rows stay in memory, for the snapshot
  auto transaction = Begin();
  Stage(*transaction, "a", 10, Value::Real(2));
  ASSERT_TRUE(transaction->Prepare().ok());
  snapshot = nullptr;
  transaction->Commit();
  EXPECT_EQ(CountPoints(), 11u);
}

}  // namespace
}  // namespace xtdb
