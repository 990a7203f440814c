// Whole columns and single points through a transaction's fast ways: what is stored is what Write
// stores row by row, and what does not fit leaves nothing behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "tests/engine/process_fixture.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr uint64_t kStagedRowsOfSmallStore = 3'000;

class WriteColumnTest : public testing::Test {
 protected:
  WriteColumnTest() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.buffer_bytes = 1 * kMiB;
    options.staging_bytes = kStagedRowsOfSmallStore * kStagedRowBytes;
    engine_ = StorageEngine::Open(fs_, clock_, "/plant.xtdb", options).value();
    transaction_ = Begin();
  }
  std::unique_ptr<Transaction> Begin() { return std::move(engine_->Begin(0)).value(); }
  StagedTag& Tag(std::string_view name) { return *transaction_->FindOrDefineTag(name).value(); }
  Status Doubles(std::string_view tag, const std::vector<int64_t>& ts,
                 const std::vector<double>& values, const std::vector<Quality>& quality = {},
                 const std::vector<uint8_t>& flags = {}) {
    return transaction_->WriteColumn(Tag(tag), {ts, std::span(values), quality, flags});
  }
  Status Integers(std::string_view tag, const std::vector<int64_t>& ts,
                  const std::vector<int64_t>& values) {
    return transaction_->WriteColumn(Tag(tag), {ts, std::span(values), {}, {}});
  }
  Status Texts(std::string_view tag, const std::vector<int64_t>& ts,
               const std::vector<std::string_view>& values,
               const std::vector<uint8_t>& flags = {}) {
    return transaction_->WriteColumn(Tag(tag), {ts, std::span(values), {}, flags});
  }
  TestPoints Own() {
    ReadView view;
    view.snapshot = engine_->TakeSnapshot().value();
    view.staging = &transaction_->staging();
    return ReadAll(view).value();
  }
  // Commits and begins anew; all that is committed.
  TestPoints Commit() {
    EXPECT_TRUE(transaction_->Prepare().ok());
    transaction_->Commit();
    TestPoints points = ReadAll(*engine_).value();
    transaction_ = Begin();
    return points;
  }
  ValueType TypeOf(std::string_view tag) { return Tag(tag).type(); }
  static double At(const TestPoints& points, const std::string& tag, int64_t ts) {
    return AsDouble(points.at({tag, ts}).bits);
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
  std::unique_ptr<Transaction> transaction_;
};

TEST_F(WriteColumnTest, NoRowsAreNoWrite) {
  ASSERT_OK(Doubles("a", {}, {}));
  EXPECT_EQ(TypeOf("a"), ValueType::kNone);
  EXPECT_THAT(Commit(), SizeIs(0));
}

TEST_F(WriteColumnTest, OneRowIsOnePoint) {
  ASSERT_OK(Doubles("a", {7}, {2.5}, {64}));
  const TestPoints points = Commit();
  ASSERT_THAT(points, SizeIs(1));
  EXPECT_EQ(At(points, "a", 7), 2.5);
  EXPECT_EQ(points.at({"a", 7}).quality, 64);
}

TEST_F(WriteColumnTest, RowsOutOfOrderAreStoredInOrder) {
  ASSERT_OK(Doubles("a", {30, 10, 20}, {3, 1, 2}));
  ASSERT_OK(Doubles("a", {5, 15}, {0.5, 1.5}));
  const TestPoints own = Own();
  EXPECT_THAT(own, SizeIs(5));
  EXPECT_EQ(At(own, "a", 20), 2);
  EXPECT_EQ(At(own, "a", 5), 0.5);
  EXPECT_EQ(Commit(), own);
}

TEST_F(WriteColumnTest, OfEqualTimesTheLastRowCounts) {
  ASSERT_OK(Doubles("a", {10, 10, 20, 10}, {1, 2, 3, 4}));
  TestPoints points = Own();
  EXPECT_THAT(points, SizeIs(2));
  EXPECT_EQ(At(points, "a", 10), 4);
  ASSERT_OK(Doubles("a", {20}, {5}));
  points = Commit();
  EXPECT_THAT(points, SizeIs(2));
  EXPECT_EQ(At(points, "a", 20), 5);
}

TEST_F(WriteColumnTest, ATagWithoutTypeTakesThatOfTheFirstValue) {
  ASSERT_OK(Doubles("real", {1}, {1}));
  ASSERT_OK(Integers("integer", {1}, {1}));
  ASSERT_OK(Texts("text", {1}, {"x"}));
  ASSERT_OK(Doubles("null", {1, 2}, {1, 2}, {}, {kPointNull, kPointDeleted}));
  EXPECT_EQ(TypeOf("real"), ValueType::kFloat64);
  EXPECT_EQ(TypeOf("integer"), ValueType::kInt64);
  EXPECT_EQ(TypeOf("text"), ValueType::kText);
  EXPECT_EQ(TypeOf("null"), ValueType::kNone);
  EXPECT_THAT(Commit(), SizeIs(4)) << "three values and a NULL";
}

TEST_F(WriteColumnTest, IntegersWidenAtTheFirstFraction) {
  ASSERT_OK(Integers("a", {1, 2}, {10, -20}));
  ASSERT_OK(Doubles("a", {3, 4}, {30, 40}));
  EXPECT_EQ(TypeOf("a"), ValueType::kInt64) << "whole doubles are integers";
  ASSERT_OK(Doubles("a", {5, 6}, {50, 60.5}));
  EXPECT_EQ(TypeOf("a"), ValueType::kFloat64);
  ASSERT_OK(Integers("a", {7}, {70}));
  const TestPoints points = Commit();
  EXPECT_THAT(points, SizeIs(7));
  EXPECT_EQ(At(points, "a", 2), -20);
  EXPECT_EQ(At(points, "a", 3), 30);
  EXPECT_EQ(At(points, "a", 6), 60.5);
  EXPECT_EQ(At(points, "a", 7), 70);
}

TEST_F(WriteColumnTest, AnIntegerThatNoDoubleHoldsKeepsItsTagFromWidening) {
  constexpr int64_t kOdd = (int64_t{1} << 53) + 1;
  ASSERT_OK(Integers("a", {1}, {kOdd}));
  const Status status = Doubles("a", {2, 3}, {2, 2.5});
  EXPECT_EQ(status.code(), StatusCode::kTypeMismatch);
  EXPECT_THAT(std::string(status.message()), HasSubstr("tag 'a': row 1: the number 2.5"));
  ASSERT_OK(Doubles("b", {1}, {0.5}));
  const Status inexact = Integers("b", {2, 3}, {2, kOdd});
  EXPECT_THAT(std::string(inexact.message()), HasSubstr("tag 'b': row 1: the integer"));
  EXPECT_THAT(Commit(), SizeIs(2));
}

TEST_F(WriteColumnTest, NanAndMinusZeroAreKeptBitForBit) {
  const double nan = std::bit_cast<double>(uint64_t{0x7FF8'0000'0000'1234});
  ASSERT_OK(Doubles("a", {1, 2, 3}, {nan, -0.0, std::numeric_limits<double>::infinity()}));
  const TestPoints points = Commit();
  EXPECT_EQ(points.at({"a", 1}).bits, uint64_t{0x7FF8'0000'0000'1234});
  EXPECT_EQ(points.at({"a", 2}).bits, FromDouble(-0.0));
}

TEST_F(WriteColumnTest, NullRowsAreNullAndDeletedRowsHideWhatWasThere) {
  ASSERT_OK(Doubles("a", {1, 2, 3}, {1, 2, 3}));
  EXPECT_THAT(Commit(), SizeIs(3));
  ASSERT_OK(Doubles("a", {1, 2, 4}, {9, 9, 9}, {}, {kPointNull, kPointDeleted, 0}));
  const TestPoints points = Commit();
  EXPECT_THAT(points, SizeIs(3));
  EXPECT_EQ(points.at({"a", 1}).type, ValueType::kNone);
  EXPECT_EQ(points.at({"a", 1}).bits, 0U);
  EXPECT_FALSE(points.contains({"a", 2}));
  EXPECT_EQ(At(points, "a", 4), 9);
}

TEST_F(WriteColumnTest, TextsOfManyRowsAreKept) {
  std::vector<std::string> texts;
  std::vector<int64_t> ts;
  for (int64_t i = 0; i < 20'000; ++i) {
    texts.push_back(i % 7 == 0 ? "" : "text " + std::to_string(i));
    ts.push_back(i);
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  std::vector<uint8_t> flags(texts.size(), 0);
  flags[5] = kPointNull;
  ASSERT_OK(Texts("a", ts, views, flags));
  const TestPoints points = Commit();
  ASSERT_THAT(points, SizeIs(20'000));
  for (const int64_t i : {0, 1, 8'191, 8'192, 19'999}) {
    EXPECT_EQ(points.at({"a", i}).text, texts[static_cast<size_t>(i)]) << i;
  }
  EXPECT_EQ(points.at({"a", 5}).type, ValueType::kNone);
}

TEST_F(WriteColumnTest, NarrowTypesTakeWhatTheyHoldExactly) {
  ASSERT_OK(transaction_->DefineTag("f", ValueType::kFloat32, {}, {}));
  ASSERT_OK(transaction_->DefineTag("i", ValueType::kInt32, {}, {}));
  ASSERT_OK(transaction_->DefineTag("b", ValueType::kBool, {}, {}));
  ASSERT_OK(Doubles("f", {1, 2}, {0.5, -2}));
  ASSERT_OK(Integers("f", {3}, {4}));
  ASSERT_OK(Doubles("i", {1}, {7}));
  ASSERT_OK(Integers("i", {2}, {-7}));
  ASSERT_OK(Integers("b", {1, 2}, {0, 1}));
  EXPECT_THAT(std::string(Doubles("f", {4, 5}, {1, 0.1}).message()), HasSubstr("row 1: "));
  EXPECT_THAT(std::string(Integers("i", {4, 5}, {1, int64_t{1} << 31}).message()),
              HasSubstr("row 1: "));
  EXPECT_THAT(std::string(Integers("b", {4}, {2}).message()), HasSubstr("row 0: "));
  EXPECT_THAT(Commit(), SizeIs(7));
}

TEST_F(WriteColumnTest, TheErrorNamesTheFirstRowThatDoesNotFit) {
  ASSERT_OK(Doubles("a", {1}, {1}));
  const auto message = [](const Status& status) { return std::string(status.message()); };
  EXPECT_THAT(message(Doubles("a", {2, kTsMax + 1, kTsMin - 1}, {1, 2, 3})),
              HasSubstr("tag 'a': row 1: time out of range"));
  EXPECT_THAT(message(Doubles("a", {2, kTsMin - 1, 4}, {1, 2, 3})), HasSubstr("row 1: "));
  EXPECT_THAT(message(Texts("a", {2}, {"x"})), HasSubstr("row 0: the text 'x'"));
  EXPECT_THAT(message(Doubles("a", {2, 3}, {1, 2}, {}, {0, 4})), HasSubstr("row 1: unknown flags"));
  const std::string long_text(kTextBytesMaxInSmallChunks + 1, 'x');
  const Status too_big = Texts("text", {1, 2}, {"x", long_text});
  EXPECT_EQ(too_big.code(), StatusCode::kTooBig);
  EXPECT_THAT(message(too_big), HasSubstr("tag 'text': row 1: a text of"));
  EXPECT_EQ(TypeOf("text"), ValueType::kNone) << "a batch that fails gives no type";
  EXPECT_THAT(Commit(), SizeIs(1));
}

TEST_F(WriteColumnTest, ColumnsOfDifferentLengthsAreRefused) {
  for (const Status& status :
       {Doubles("a", {1, 2}, {1}), Doubles("a", {1}, {1, 2}), Doubles("a", {1, 2}, {1, 2}, {192}),
        Doubles("a", {1, 2}, {1, 2}, {}, {0, 0, 0})}) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(Own(), SizeIs(0));
}

TEST_F(WriteColumnTest, ARollbackToAMarkTakesBackTheColumnAndItsType) {
  ASSERT_OK(Integers("a", {1, 2}, {1, 2}));
  const Mark mark = transaction_->TakeMark();
  {
    const MarkHold hold = transaction_->Hold(mark);
    ASSERT_OK(Doubles("a", {3, 2}, {3.5, 9}));
    ASSERT_OK(Doubles("b", {1}, {1}));
    EXPECT_EQ(TypeOf("a"), ValueType::kFloat64);
    transaction_->RollbackTo(mark);
  }
  EXPECT_EQ(TypeOf("a"), ValueType::kInt64);
  ASSERT_OK(Integers("a", {4}, {4}));
  const TestPoints points = Commit();
  ASSERT_THAT(points, SizeIs(3));
  EXPECT_EQ(AsInt64(points.at({"a", 2}).bits), 2);
}

TEST_F(WriteColumnTest, AColumnLargerThanMemoryIsWholeOrNotAtAll) {
  std::vector<int64_t> ts;
  std::vector<double> values;
  for (int64_t i = 0; i < 20 * static_cast<int64_t>(kStagedRowsOfSmallStore); ++i) {
    ts.push_back(i * 1'000);
    values.push_back(static_cast<double>(i) / 4);
  }
  ASSERT_OK(Doubles("a", {-5}, {5}));
  ASSERT_OK(Doubles("a", ts, values));
  EXPECT_FALSE(transaction_->staging().spills().empty());
  ASSERT_OK(Doubles("b", {1}, {1}));
  const Mark mark = transaction_->TakeMark();
  {
    const MarkHold hold = transaction_->Hold(mark);
    std::vector<double> others(values.size(), -1.0);
    ASSERT_OK(Doubles("a", ts, others));
    EXPECT_EQ(At(Own(), "a", 4'000), -1);
    transaction_->RollbackTo(mark);
  }
  const TestPoints points = Commit();
  ASSERT_THAT(points, SizeIs(values.size() + 2));
  EXPECT_EQ(At(points, "a", 4'000), 1);
  EXPECT_EQ(At(points, "a", ts.back()), values.back());
  EXPECT_THAT(engine_->Check().value().problems, SizeIs(0));
}

TEST_F(WriteColumnTest, AColumnThatFindsTheDiskFullLeavesNothing) {
  ASSERT_OK(Doubles("a", {-5}, {5}));
  std::vector<int64_t> ts;
  for (int64_t i = 0; i < 20 * static_cast<int64_t>(kStagedRowsOfSmallStore); ++i) ts.push_back(i);
  std::mt19937_64 random(1);
  std::vector<double> values;
  for (size_t i = 0; i < ts.size(); ++i) {
    values.push_back(static_cast<double>(random() >> 11) * 0x1p-53);
  }
  fs_.SetCapacity(fs_.UsedBytes() + 64 * kKiB);
  EXPECT_EQ(Doubles("a", ts, values).code(), StatusCode::kResourceExhausted);
  fs_.SetCapacity(std::numeric_limits<uint64_t>::max());
  const TestPoints own = Own();
  ASSERT_THAT(own, SizeIs(1));
  EXPECT_EQ(At(own, "a", -5), 5);
  ASSERT_OK(Doubles("a", ts, values));
  EXPECT_THAT(Commit(), SizeIs(ts.size() + 1));
}

TEST_F(WriteColumnTest, ColumnsAndPointsStoreWhatWriteStores) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    SCOPED_TRACE(round);
    std::vector<int64_t> ts;
    std::vector<double> values;
    for (size_t i = 0; i < 1 + random() % 40; ++i) {
      ts.push_back(static_cast<int64_t>(random() % 60));
      values.push_back(static_cast<double>(random() % 10));
    }
    ASSERT_OK(Doubles("column", ts, values));
    for (size_t i = 0; i < ts.size(); ++i) {
      ASSERT_OK(transaction_->WritePoint(Tag("point"), ts[i], values[i]));
      ASSERT_OK(transaction_->Write(Tag("write"), ts[i], Value::Real(values[i]), kQualityGood));
    }
    const TestPoints points = random() % 3 == 0 ? Commit() : Own();
    for (const auto& [key, point] : points) {
      if (key.first != "write") continue;
      for (const char* other : {"column", "point"}) {
        ASSERT_EQ(points.at({other, key.second}).bits, point.bits) << other << key.second;
      }
    }
    ASSERT_EQ(points.size() % 3, 0U);
  }
}

TEST_F(WriteColumnTest, PointsAreRefusedAsWriteRefusesThem) {
  ASSERT_OK(transaction_->WritePoint(Tag("a"), 1, 0.5));
  EXPECT_EQ(transaction_->WritePoint(Tag("a"), kTsMax + 1, 0.5).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(transaction_->WritePoint(Tag("a"), kTsMin - 1, 0.5).code(),
            StatusCode::kInvalidArgument);
  ASSERT_OK(Texts("text", {1}, {"x"}));
  EXPECT_EQ(transaction_->WritePoint(Tag("text"), 2, 0.5).code(), StatusCode::kTypeMismatch);
  ASSERT_OK(Integers("integer", {1}, {1}));
  ASSERT_OK(transaction_->WritePoint(Tag("integer"), 2, 2.5));
  EXPECT_EQ(TypeOf("integer"), ValueType::kFloat64);
  ASSERT_OK(transaction_->Write(Tag("a"), 2, Value::Integer(3), 1));
  const TestPoints points = Commit();
  EXPECT_THAT(points, SizeIs(5));
  EXPECT_EQ(At(points, "a", 2), 3);
}

TEST_F(WriteColumnTest, APointBehindAPrepareWithdrawsIt) {
  ASSERT_OK(transaction_->WritePoint(Tag("a"), 1, 1));
  ASSERT_OK(transaction_->WritePoint(Tag("a"), 2, 2));
  ASSERT_OK(transaction_->Prepare());
  ASSERT_OK(transaction_->WritePoint(Tag("a"), 3, 3));
  ASSERT_OK(transaction_->Prepare());
  ASSERT_OK(Doubles("a", {4}, {4}));
  EXPECT_THAT(Commit(), SizeIs(4));
}

// Goal: a transaction that would be flushed soon after its commit goes to blocks at its Prepare,
// and is withdrawn, rolled back and recovered like any other.
class LargeCommitTest : public testing::Test {
 protected:
  static constexpr size_t kRows = 250'000;  // of 18 bytes: more than half of what may be staged
  LargeCommitTest() {
    options_.staging_bytes = 8 * kMiB;
    for (size_t i = 0; i < kRows; ++i) {
      ts_.push_back(static_cast<int64_t>(i) * 1'000'000);
      values_.push_back(static_cast<double>(i % 1'000) / 4);
    }
    Open();
  }
  void Open() {
    engine_ = nullptr;
    engine_ = StorageEngine::Open(fs_, clock_, "/plant.xtdb", options_).value();
  }
  std::unique_ptr<Transaction> WriteAndPrepare() {
    auto transaction = std::move(engine_->Begin(0)).value();
    StagedTag* const tag = transaction->FindOrDefineTag("a").value();
    EXPECT_TRUE(transaction->WriteColumn(*tag, {ts_, std::span(values_), {}, {}}).ok());
    EXPECT_TRUE(transaction->staging().spills().empty());
    EXPECT_TRUE(transaction->Prepare().ok());
    EXPECT_FALSE(transaction->staging().spills().empty());
    EXPECT_EQ(transaction->staging().row_count(), 0U);
    return transaction;
  }
  size_t Count() { return ReadAll(*engine_).value().size(); }

  EngineOptions options_;
  std::vector<int64_t> ts_;
  std::vector<double> values_;
  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(LargeCommitTest, ItIsCommittedWithWhatComesBehindItsFirstPrepare) {
  auto transaction = WriteAndPrepare();
  EXPECT_EQ(Count(), 0U);
  ASSERT_OK(transaction->WritePoint(*transaction->FindTag("a"), -1, 0.5));
  ASSERT_OK(transaction->Prepare());
  transaction->Commit();
  transaction = nullptr;
  EXPECT_EQ(Count(), kRows + 1);
  EXPECT_EQ(engine_->Stats().buffered_points, 1U);
  Open();
  const TestPoints points = ReadAll(*engine_).value();
  ASSERT_EQ(points.size(), kRows + 1);
  EXPECT_EQ(AsDouble(points.at({"a", ts_.back()}).bits), values_.back());
  EXPECT_THAT(engine_->Check().value().problems, SizeIs(0));
}

TEST_F(LargeCommitTest, ARollbackBehindItsPrepareLeavesNothing) {
  ASSERT_OK(WriteAndPrepare()->Rollback());
  EXPECT_EQ(Count(), 0U);
  WriteAndPrepare()->Commit();
  EXPECT_EQ(Count(), kRows);
  EXPECT_THAT(engine_->Check().value().problems, SizeIs(0));
}

}  // namespace
}  // namespace xtdb
