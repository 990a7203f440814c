#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/storage_engine.h"
#include "tests/engine/process_fixture.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr Uuid kDatabase = {1, 2, 3};
constexpr Uuid kOther = {4, 5, 6};

class AtomicCommitEngineTest : public testing::Test {
 protected:
  std::shared_ptr<StorageEngine> Open(FileSystem& fs) {
    EngineOptions options;
    options.storage.atomic_commit = true;
    auto engine = StorageEngine::Open(fs, clock_, "/plant.xtdb", options);
    EXPECT_OK(engine.status());
    return engine.ok() ? engine.value() : nullptr;
  }
  std::unique_ptr<Transaction> Prepare(StorageEngine& engine, int64_t ts) {
    auto begun = engine.Begin(kNoWait, kDatabase);
    EXPECT_OK(begun.status());
    std::unique_ptr<Transaction> transaction = std::move(begun).value();
    auto tag = transaction->FindOrDefineTag("a");
    EXPECT_OK(tag.status());
    EXPECT_OK(transaction->Write(*tag.value(), ts, Value::Integer(ts), kQualityGood));
    EXPECT_OK(transaction->Prepare());
    return transaction;
  }
  // What the disk holds when the process dies with one committed point and one prepared one.
  std::unique_ptr<FaultyFileSystem> DieUndecided(LSN* number) {
    const std::shared_ptr<StorageEngine> engine = Open(*fs_);
    Prepare(*engine, 1)->Commit();
    const std::unique_ptr<Transaction> transaction = Prepare(*engine, 2);
    *number = transaction->number();
    auto left = fs_->Clone();
    left->Crash(CrashPolicy::kDropAll);
    return left;
  }
  static IsCommittedFn Says(bool committed) {
    return [committed](const UndecidedTransaction&) { return Result<bool>(committed); };
  }
  static uint64_t Points(const StorageEngine& engine) { return engine.buffer()->point_count(); }

  FakeClock clock_;
  std::unique_ptr<FaultyFileSystem> fs_ = std::make_unique<FaultyFileSystem>(1);
};

TEST_F(AtomicCommitEngineTest, ATransactionNeedsItsDatabaseAndTheFirstOneBinds) {
  const std::shared_ptr<StorageEngine> engine = Open(*fs_);
  EXPECT_EQ(engine->Begin(kNoWait).status().code(), StatusCode::kReadOnly);
  EXPECT_EQ(engine->WritePoint("a", 1, Value::Integer(1), kQualityGood).code(),
            StatusCode::kReadOnly);
  Prepare(*engine, 1)->Commit();
  EXPECT_THAT(std::string(engine->Begin(kNoWait, kOther).status().message()),
              HasSubstr(UuidText(kDatabase)));
  EXPECT_OK(engine->Flush(kNoWait)) << "of what is committed already";
  EXPECT_OK(engine->ForgetDatabase(kOther, StorageEngine::Binding::kRelease, kNoWait));
  EXPECT_FALSE(engine->Begin(kNoWait, kOther).ok()) << "that was not the bound one";
  EXPECT_OK(engine->ForgetDatabase(kDatabase, StorageEngine::Binding::kKeep, kNoWait));
  EXPECT_FALSE(engine->Begin(kNoWait, kOther).ok());
  EXPECT_OK(engine->ForgetDatabase(kDatabase, StorageEngine::Binding::kRelease, kNoWait));
  EXPECT_OK(engine->Begin(kNoWait, kOther).status());
  EXPECT_FALSE(engine->Begin(kNoWait, kDatabase).ok());
}

TEST_F(AtomicCommitEngineTest, TheDatabaseDecidesWhatIsPreparedAtTheEnd) {
  for (const bool committed : {true, false}) {
    LSN number = kNoLsn;
    const auto left = DieUndecided(&number);
    {
      const std::shared_ptr<StorageEngine> engine = Open(*left);
      ASSERT_TRUE(engine->has_undecided());
      EXPECT_EQ(Points(*engine), 1u);
      EXPECT_EQ(engine->Flush(kNoWait).code(), StatusCode::kReadOnly);
      const auto decide = [&](const UndecidedTransaction& undecided) {
        EXPECT_EQ(undecided.number, number);
        EXPECT_EQ(undecided.database, kDatabase);
        EXPECT_EQ(undecided.container, engine->container().header().uuid);
        return Result<bool>(committed);
      };
      ASSERT_OK(engine->SettleUndecided(decide, kNoWait));
      EXPECT_FALSE(engine->has_undecided());
      EXPECT_EQ(Points(*engine), committed ? 2u : 1u);
      Prepare(*engine, 3)->Commit();
    }
    const std::shared_ptr<StorageEngine> again = Open(*left);
    ASSERT_OK_AND_ASSIGN(const int64_t last, again->LastTs(again->tags()->Find("a")->id));
    EXPECT_EQ(last, 3);
    fs_ = std::make_unique<FaultyFileSystem>(1);
  }
}

TEST_F(AtomicCommitEngineTest, WithoutAnAnswerNothingIsDecidedAndNothingIsLost) {
  LSN number = kNoLsn;
  const auto left = DieUndecided(&number);
  {
    const std::shared_ptr<StorageEngine> engine = Open(*left);
    const auto busy = [](const UndecidedTransaction&) -> Result<bool> {
      return Status::Busy("database is locked");
    };
    EXPECT_EQ(engine->SettleUndecided(busy, kNoWait).code(), StatusCode::kBusy);
    EXPECT_TRUE(engine->has_undecided());
    EXPECT_OK(engine->Close());
  }
  const std::shared_ptr<StorageEngine> engine = Open(*left);
  ASSERT_TRUE(engine->has_undecided());
  ASSERT_OK(engine->SettleUndecided(Says(true), kNoWait));
  EXPECT_EQ(Points(*engine), 2u);
}

// Every operation of settling and of the close behind it fails in turn; then the answer comes
// again.
TEST_F(AtomicCommitEngineTest, ASettlementThatFailsIsRepeatedWithTheSameAnswer) {
  for (const bool committed : {true, false}) {
    for (uint64_t nth = 1; nth < 12; ++nth) {
      SCOPED_TRACE(testing::Message() << "operation " << nth << ", committed " << committed);
      LSN number = kNoLsn;
      fs_ = std::make_unique<FaultyFileSystem>(nth);
      const auto left = DieUndecided(&number);
      {
        const std::shared_ptr<StorageEngine> engine = Open(*left);
        left->Inject({.nth = nth, .sticky = true, .kinds = kMutations});
        IgnoreStatus(engine->SettleUndecided(Says(committed), kNoWait), "fails or not");
        left->Crash(CrashPolicy::kRandom, nth);
      }
      const std::shared_ptr<StorageEngine> engine = Open(*left);
      ASSERT_OK(engine->SettleUndecided(Says(committed), kNoWait));
      ASSERT_OK_AND_ASSIGN(const int64_t last, engine->LastTs(engine->tags()->Find("a")->id));
      EXPECT_EQ(last, committed ? 2 : 1);
    }
  }
}

TEST(AtomicCommitProcessesTest, AFailedSyncOfDropTableIsToldToTheOthers) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    FaultyFileSystem fs(seed);
    EngineOptions options = SmallOptions();
    options.storage.atomic_commit = true;
    Uuid database{};
    database[0] = 1;
    Process a(fs);
    Process b(fs);
    ASSERT_OK(a.Open(options));
    ASSERT_OK(b.Open(options));
    const auto write = [&](Process& process, int64_t ts) -> Status {
      XTDB_ASSIGN_OR_RETURN(auto transaction, process.engine->Begin(kNoWait, database));
      XTDB_ASSIGN_OR_RETURN(StagedTag * staged, transaction->FindOrDefineTag("t"));
      XTDB_RETURN_IF_ERROR(transaction->Write(*staged, ts, Value::Integer(ts), kQualityGood));
      XTDB_RETURN_IF_ERROR(transaction->Prepare());
      transaction->Commit();
      return Status();
    };
    ASSERT_OK(write(a, 1));
    fs.Inject({.nth = 1,
               .status = Status::IoError("disk"),
               .kinds = MaskOf(FileOperation::kSync),
               .path_suffix = "-wal"});
    ASSERT_FALSE(a.engine->ForgetDatabase(database, StorageEngine::Binding::kKeep, kNoWait).ok());
    ASSERT_OK(write(b, 2));
    ASSERT_OK(write(b, 4));
    fs.Crash(CrashPolicy::kDropAll, seed);
    Process c(fs);
    const Status opened = c.Open(options);
    ASSERT_OK(opened);
    // 4 is at the end and undecided.
    EXPECT_GE(c.Sum(), 3);
    if (HasFailure()) break;
  }
}

TEST(AtomicCommitProcessesTest, AReaderDoesNotRecoverAtEachStatement) {
  FaultyFileSystem fs(1);
  EngineOptions options = SmallOptions();
  options.storage.atomic_commit = true;
  Uuid database{};
  database[0] = 1;
  Process a(fs);
  Process c(fs);
  ASSERT_OK(a.Open(options));
  ASSERT_OK(c.Open(options));
  auto transaction = a.engine->Begin(kNoWait, database);
  ASSERT_OK(transaction);
  auto staged = transaction.value()->FindOrDefineTag("t");
  ASSERT_OK(staged);
  ASSERT_OK(transaction.value()->Write(*staged.value(), 1, Value::Integer(1), kQualityGood));
  ASSERT_OK(transaction.value()->Prepare());
  a.fs.Kill();
  ASSERT_OK(c.engine->TakeSnapshot());  // finds it
  const uint64_t before = fs.operation_count();
  uint64_t syncs = 0;
  fs.SetHook([&](const OperationRecord& record) { syncs += record.kind == FileOperation::kSync; });
  for (int i = 0; i < 10; ++i) ASSERT_OK(c.engine->TakeSnapshot());
  fs.SetHook({});
  EXPECT_EQ(syncs, 0u) << fs.operation_count() - before << " operations, "
                       << c.engine->events().All().size() << " events";
}

}  // namespace
}  // namespace xtdb
