// Transactions larger than their share of memory: what has left it is read, rolled back, committed
// and recovered as if it had stayed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::Eq;
using testing::SizeIs;

class SpillTest : public testing::Test {
 protected:
  SpillTest() { Open(); }
  void Open() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.buffer_bytes = 1 * kMiB;
    options.staging_bytes = 1000;  // some 55 rows
    ASSERT_OK_AND_ASSIGN(engine_, StorageEngine::Open(fs_, clock_, "/plant.xtdb", options));
  }
  void Reopen() {
    engine_ = nullptr;
    Open();
  }
  std::unique_ptr<Transaction> Begin() { return std::move(engine_->Begin(0)).value(); }
  // `count` points a second apart from second `first` on.
  static void Write(Transaction& transaction, std::string_view tag, int64_t first, int64_t count,
                    double value) {
    ASSERT_OK_AND_ASSIGN(StagedTag * staged, transaction.FindOrDefineTag(tag));
    for (int64_t i = first; i < first + count; ++i) {
      ASSERT_OK(transaction.Write(*staged, i * 1'000'000,
                                  Value::Real(value + static_cast<double>(i) / 8), 192));
    }
  }
  static void Commit(Transaction& transaction) {
    ASSERT_OK(transaction.Prepare());
    transaction.Commit();
  }
  ReadView OwnView(Transaction& transaction) {
    ReadView view;
    view.snapshot = engine_->TakeSnapshot().value();
    view.staging = &transaction.staging();
    return view;
  }
  static double ValueAt(const TestPoints& points, const std::string& tag, int64_t second) {
    const auto found = points.find({tag, second * 1'000'000});
    return found == points.end() ? -1 : AsDouble(found->second.bits);
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(SpillTest, TheTransactionSeesItAndNobodyElseDoesBeforeTheCommit) {
  const auto transaction = Begin();
  Write(*transaction, "a", 0, 500, 1);
  Write(*transaction, "b", 0, 3, 2);
  Write(*transaction, "a", 100, 200, 5);
  EXPECT_THAT(transaction->staging().spills().size(), testing::Gt(5U));
  const TestPoints own = ReadAll(OwnView(*transaction)).value();
  EXPECT_THAT(own, SizeIs(503));
  EXPECT_EQ(ValueAt(own, "a", 99), 1 + 99.0 / 8);
  EXPECT_EQ(ValueAt(own, "a", 150), 5 + 150.0 / 8) << "the later write wins";
  EXPECT_THAT(ReadAll(*engine_).value(), SizeIs(0));
  Commit(*transaction);
  EXPECT_EQ(ReadAll(*engine_).value(), own);
  Reopen();
  EXPECT_EQ(ReadAll(*engine_).value(), own);
  EXPECT_THAT(engine_->Check().value().problems, SizeIs(0));
}

TEST_F(SpillTest, ItCountsMoreThanWhatWasCommittedBefore) {
  const auto first = Begin();
  Write(*first, "a", 0, 40, 1);
  Commit(*first);
  const auto second = Begin();
  Write(*second, "a", 20, 200, 2);
  Commit(*second);
  ASSERT_OK(engine_->Flush(0));
  const auto third = Begin();
  Write(*third, "a", 30, 5, 3);
  Commit(*third);
  for (int round = 0; round < 2; ++round) {
    const TestPoints points = ReadAll(*engine_).value();
    EXPECT_EQ(ValueAt(points, "a", 19), 1 + 19.0 / 8);
    EXPECT_EQ(ValueAt(points, "a", 25), 2 + 25.0 / 8);
    EXPECT_EQ(ValueAt(points, "a", 31), 3 + 31.0 / 8);
    Reopen();
  }
}

TEST_F(SpillTest, ARollbackLeavesNothingAndTheNextTransactionTakesThePlace) {
  const auto kept = Begin();
  Write(*kept, "a", 0, 100, 1);
  Commit(*kept);
  const TestPoints before = ReadAll(*engine_).value();
  for (const bool prepared : {false, true}) {
    const auto undone = Begin();
    Write(*undone, "a", 50, 300, 7);
    Write(*undone, "new", 0, 300, 7);
    if (prepared) {
      ASSERT_OK(undone->Prepare());
    }
    ASSERT_OK(undone->Rollback());
    EXPECT_EQ(ReadAll(*engine_).value(), before);
  }
  const auto next = Begin();
  Write(*next, "b", 0, 300, 3);
  Commit(*next);
  EXPECT_THAT(ReadAll(*engine_).value(), SizeIs(400));
  Reopen();
  EXPECT_THAT(ReadAll(*engine_).value(), SizeIs(400));
  EXPECT_THAT(engine_->Check().value().problems, SizeIs(0));
}

TEST_F(SpillTest, ASavepointDividesWhatLeavesMemory) {
  const auto transaction = Begin();
  Write(*transaction, "a", 0, 30, 1);  // still in memory
  const Mark mark = transaction->TakeMark();
  const MarkHold hold = transaction->Hold(mark);
  Write(*transaction, "a", 10, 300, 2);
  Write(*transaction, "new", 0, 100, 2);
  const TestPoints all = ReadAll(OwnView(*transaction)).value();
  EXPECT_EQ(ValueAt(all, "a", 15), 2 + 15.0 / 8);
  ReadView earlier = OwnView(*transaction);
  earlier.mark = mark;
  EXPECT_THAT(ReadAll(earlier).value(), SizeIs(30)) << "what a statement from before it sees";
  transaction->RollbackTo(mark);
  const TestPoints own = ReadAll(OwnView(*transaction)).value();
  EXPECT_THAT(own, SizeIs(30));
  EXPECT_EQ(ValueAt(own, "a", 15), 1 + 15.0 / 8);
  Write(*transaction, "a", 20, 100, 4);
  Commit(*transaction);
  Reopen();
  const TestPoints points = ReadAll(*engine_).value();
  EXPECT_THAT(points, SizeIs(120));
  EXPECT_EQ(ValueAt(points, "a", 15), 1 + 15.0 / 8);
  EXPECT_EQ(ValueAt(points, "a", 25), 4 + 25.0 / 8);
}

TEST_F(SpillTest, WritesAfterAPrepareAreCommittedByTheNext) {
  const auto transaction = Begin();
  Write(*transaction, "a", 0, 200, 1);
  ASSERT_OK(transaction->Prepare());
  Write(*transaction, "a", 100, 200, 2);
  ASSERT_OK(transaction->Prepare());
  ASSERT_OK(transaction->Prepare());
  transaction->Commit();
  const TestPoints points = ReadAll(*engine_).value();
  EXPECT_THAT(points, SizeIs(300));
  EXPECT_EQ(ValueAt(points, "a", 99), 1 + 99.0 / 8);
  EXPECT_EQ(ValueAt(points, "a", 100), 2 + 100.0 / 8);
  Reopen();
  EXPECT_EQ(ReadAll(*engine_).value(), points);
}

TEST_F(SpillTest, ATagThatWidensUnderASavepointStaysInMemory) {
  const auto transaction = Begin();
  ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag("count"));
  for (int64_t i = 0; i < 20; ++i) {
    ASSERT_OK(transaction->Write(*tag, i, Value::Integer(i), 192));
  }
  const Mark mark = transaction->TakeMark();
  const MarkHold hold = transaction->Hold(mark);
  ASSERT_OK(transaction->Write(*tag, 20, Value::Real(0.5), 192));
  Write(*transaction, "other", 0, 300, 1);
  EXPECT_EQ(tag->type(), ValueType::kFloat64);
  EXPECT_EQ(tag->columns().size(), 21U);
  transaction->RollbackTo(mark);
  tag = transaction->FindTag("count");
  EXPECT_EQ(tag->type(), ValueType::kInt64);
  Commit(*transaction);
  const TestPoints points = ReadAll(*engine_).value();
  EXPECT_THAT(points, SizeIs(20));
  EXPECT_EQ(points.at({"count", 7}).bits, 7U);
  EXPECT_EQ(points.at({"count", 7}).type, ValueType::kInt64);
}

TEST_F(SpillTest, TombstonesThatLeaveMemoryHideWhatIsOlder) {
  const auto first = Begin();
  Write(*first, "a", 0, 100, 1);
  Commit(*first);
  const auto second = Begin();
  ASSERT_OK_AND_ASSIGN(StagedTag * tag, second->FindOrDefineTag("a"));
  for (int64_t i = 0; i < 80; ++i) ASSERT_OK(second->Delete(*tag, i * 1'000'000));
  EXPECT_THAT(ReadAll(OwnView(*second)).value(), SizeIs(20));
  Commit(*second);
  EXPECT_THAT(ReadAll(*engine_).value(), SizeIs(20));
  Reopen();
  EXPECT_THAT(ReadAll(*engine_).value(), SizeIs(20));
}

TEST_F(SpillTest, AFullDiskFailsTheWriteAndTheTransactionRollsBack) {
  const auto kept = Begin();
  Write(*kept, "a", 0, 10, 1);
  Commit(*kept);
  const TestPoints before = ReadAll(*engine_).value();
  const auto transaction = Begin();
  ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag("b"));
  fs_.Inject({.nth = 1,
              .status = Status::ResourceExhausted("no room"),
              .sticky = true,
              .kinds = MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate)});
  Status status;
  for (int64_t i = 0; i < 200 && status.ok(); ++i) {
    status = transaction->Write(*tag, i, Value::Real(0.5), 192);
  }
  EXPECT_THAT(status, HasCode(StatusCode::kResourceExhausted));
  fs_.ClearFaults();
  IgnoreStatus(transaction->Rollback(), "nothing of it was in the log");
  EXPECT_EQ(ReadAll(*engine_).value(), before);
  Reopen();
  EXPECT_EQ(ReadAll(*engine_).value(), before);
}

// Goal: blocks that another process has committed with a transaction are not written over. Method:
// two processes take turns, each with transactions beyond its memory, flushes between them.
TEST(SpillProcessesTest, TheNextWriterPlacesItsBlocksBehindThoseOfTheTransaction) {
  for (const bool reads_between : {false, true}) {
    FaultyFileSystem fs(1);
    EngineOptions options = SmallOptions();
    options.staging_bytes = 1000;
    Process first(fs), second(fs);
    ASSERT_OK(first.Open(options));
    ASSERT_OK(second.Open(options));
    TestPoints wanted;
    for (int64_t turn = 0; turn < 6; ++turn) {
      Process& writer = turn % 2 == 0 ? first : second;
      Process& other = turn % 2 == 0 ? second : first;
      ASSERT_OK(writer.Stage("tag" + std::to_string(turn % 3), turn * 1'000'000, turn));
      for (int64_t i = 1; i < 300; ++i) {
        StagedTag* const tag = writer.transaction->FindTag("tag" + std::to_string(turn % 3));
        ASSERT_OK(writer.transaction->Write(*tag, turn * 1'000'000 + i, Value::Integer(i), 192));
      }
      ASSERT_GT(writer.transaction->staging().spills().size(), 2U);
      ASSERT_OK(writer.transaction->Prepare());
      writer.transaction->Commit();
      writer.transaction = nullptr;
      EXPECT_EQ(writer.Read().size(), static_cast<size_t>(turn + 1) * 300);
      if (reads_between) {
        EXPECT_EQ(other.Read(), writer.Read());
      }
      if (turn > 2) {
        ASSERT_OK(other.engine->Flush(kNoWait));
      }
      wanted = writer.Read();
    }
    EXPECT_EQ(first.Read(), wanted);
    EXPECT_EQ(second.Read(), wanted);
    EXPECT_EQ(first.engine->Check().value().problems, std::vector<std::string>());
    first.engine = nullptr;
    second.engine = nullptr;
    ASSERT_OK(first.Open(options));
    EXPECT_EQ(first.Read(), wanted);
    EXPECT_EQ(wanted.size(), 1800U);
  }
}

}  // namespace
}  // namespace xtdb
