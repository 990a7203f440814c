#include "planner/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/storage_engine.h"
#include "planner/tag_summary.h"
#include "tests/planner/stream_fakes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::ElementsAre;

constexpr int64_t kNoWait = 0;

struct NamedRow {
  std::string tag;
  Row row;
  bool operator==(const NamedRow&) const = default;
  friend void PrintTo(const NamedRow& named, std::ostream* out) {
    *out << named.tag << " ";
    PrintTo(named.row, out);
  }
};

class PlanTest : public testing::Test {
 protected:
  PlanTest() { Open(); }

  void Open() {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    auto engine = StorageEngine::Open(fs_, clock_, "/plant.xtdb", options);
    ASSERT_TRUE(engine.ok()) << engine.status().ToString();
    engine_ = std::move(engine).value();
  }

  std::unique_ptr<Transaction> Begin() {
    auto begun = engine_->Begin(kNoWait);
    EXPECT_TRUE(begun.ok()) << begun.status().ToString();
    return std::move(begun).value();
  }
  static void Commit(Transaction& transaction) {
    ASSERT_OK(transaction.Prepare());
    transaction.Commit();
  }
  static void Stage(Transaction& transaction, const std::string& tag, int64_t ts_us,
                    const Value& value, Quality quality = kQualityGood) {
    ASSERT_OK_AND_ASSIGN(StagedTag* const staged, transaction.FindOrDefineTag(tag));
    ASSERT_OK(transaction.Write(*staged, ts_us, value, quality));
  }
  static void StageDelete(Transaction& transaction, const std::string& tag, int64_t ts_us) {
    ASSERT_OK_AND_ASSIGN(StagedTag* const staged, transaction.FindOrDefineTag(tag));
    ASSERT_OK(transaction.Delete(*staged, ts_us));
  }
  // Commits `count` reals from `first_ts` on, one microsecond apart; value = ts + add.
  void WriteRamp(const std::string& tag, int64_t first_ts, int64_t count, double add = 0) {
    const auto transaction = Begin();
    for (int64_t ts = first_ts; ts < first_ts + count; ++ts) {
      Stage(*transaction, tag, ts, Value::Real(static_cast<double>(ts) + add));
    }
    Commit(*transaction);
  }
  void WriteAndFlushRamp(const std::string& tag, int64_t first_ts, int64_t count, double add = 0) {
    WriteRamp(tag, first_ts, count, add);
    ASSERT_OK(engine_->Flush(kNoWait));
  }

  ReadView View(const Transaction* transaction = nullptr) {
    ReadView view;
    view.snapshot = engine_->TakeSnapshot().value();
    if (transaction != nullptr) view.staging = &transaction->staging();
    return view;
  }
  static Request RequestOf(const ReadView& view, const std::vector<std::string>& tags) {
    Request request;
    request.order = RowOrder::kTagTs;
    for (const std::string& name : tags) {
      request.tags.push_back(view.FindTag(name));
      EXPECT_NE(request.tags.back(), nullptr) << name;
    }
    return request;
  }
  static std::vector<NamedRow> Run(const ReadView& view, const Request& request,
                                   PlanCounters* counters = nullptr) {
    std::vector<NamedRow> rows;
    auto plan = Plan::Make(view, request);
    EXPECT_TRUE(plan.ok()) << plan.status().ToString();
    while (plan.ok()) {
      auto next = plan.value()->Next();
      EXPECT_TRUE(next.ok()) << next.status().ToString();
      if (!next.ok() || next.value() == nullptr) break;
      const Batch& batch = *next.value();
      EXPECT_LT(batch.begin, batch.end);
      for (Row& row : RowsOf(batch)) rows.push_back({batch.tag->name, std::move(row)});
    }
    if (plan.ok() && counters != nullptr) *counters = plan.value()->counters();
    return rows;
  }
  static std::vector<double> Values(const std::vector<NamedRow>& rows) {
    std::vector<double> values;
    for (const NamedRow& row : rows) values.push_back(AsDouble(row.row.bits));
    return values;
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(PlanTest, NewestFirstWithLimitOneReadsOneBlockOfTenAndOneVector) {
  for (int64_t i = 0; i < 10; ++i) WriteAndFlushRamp("a", 10'000 * i, 3000);
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  request.ts_descending = true;
  request.limit = 1;
  PlanCounters counters;
  EXPECT_THAT(Values(Run(view, request, &counters)), ElementsAre(92'999));
  EXPECT_EQ(counters.blocks_considered, 10U);
  EXPECT_EQ(counters.blocks_read, 1U);
  EXPECT_EQ(counters.vectors_decoded, 1U);
  EXPECT_EQ(counters.rows, 1U);
  request.order = RowOrder::kTs;
  EXPECT_THAT(Values(Run(view, request, &counters)), ElementsAre(92'999));
  EXPECT_EQ(counters.blocks_read, 1U);
  request.ts_descending = false;
  request.limit = 1024;
  EXPECT_EQ(Run(view, request, &counters).size(), 1024U);
  EXPECT_EQ(counters.vectors_decoded, 1U) << "exactly a vector";
  request.limit = 1025;
  EXPECT_EQ(Run(view, request, &counters).size(), 1025U);
  EXPECT_EQ(counters.vectors_decoded, 2U);
  EXPECT_EQ(counters.blocks_read, 1U);
}

TEST_F(PlanTest, LimitZeroAndEmptyRangeReadNothing) {
  WriteAndFlushRamp("a", 0, 10);
  const ReadView view = View();
  PlanCounters counters;
  Request request = RequestOf(view, {"a"});
  request.limit = 0;
  EXPECT_TRUE(Run(view, request, &counters).empty());
  EXPECT_EQ(counters.blocks_considered, 0U);
  request.limit.reset();
  request.ts_from_us = 5;
  request.ts_to_us = 4;
  EXPECT_TRUE(Run(view, request, &counters).empty());
  EXPECT_EQ(counters.blocks_considered, 0U);
  EXPECT_TRUE(Run(view, RequestOf(view, {}), &counters).empty());
}

TEST_F(PlanTest, TimeRangePrunesBlocksBeforeTheyAreRead) {
  for (int64_t i = 0; i < 10; ++i) WriteAndFlushRamp("a", 1000 * i, 100);
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  request.ts_from_us = 3099;
  request.ts_to_us = 4000;
  PlanCounters counters;
  EXPECT_THAT(Values(Run(view, request, &counters)), ElementsAre(3099, 4000));
  EXPECT_EQ(counters.blocks_considered, 10U);
  EXPECT_EQ(counters.blocks_pruned, 8U);
  EXPECT_EQ(counters.blocks_read, 2U);
}

TEST_F(PlanTest, LatePointsReplaceOlderOnesAndAreMergedIn) {
  WriteAndFlushRamp("a", 0, 10);
  WriteAndFlushRamp("a", 20, 5);
  WriteAndFlushRamp("a", 8, 4, 1000);  // late: two replace, two are new
  WriteRamp("a", 9, 1, 5000);          // still in memory
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  EXPECT_THAT(Values(Run(view, request)),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 1008, 5009, 1010, 1011, 20, 21, 22, 23, 24));
  request.ts_descending = true;
  request.offset = 4;
  request.limit = 5;
  EXPECT_THAT(Values(Run(view, request)), ElementsAre(20, 1011, 1010, 5009, 1008));
}

TEST_F(PlanTest, DeletesHideOlderPointsOnly) {
  WriteAndFlushRamp("a", 0, 5);
  {
    const auto transaction = Begin();
    StageDelete(*transaction, "a", 1);
    StageDelete(*transaction, "a", 2);
    Commit(*transaction);
  }
  ASSERT_OK(engine_->Flush(kNoWait));
  WriteRamp("a", 2, 1, 100);
  const ReadView view = View();
  EXPECT_THAT(Values(Run(view, RequestOf(view, {"a"}))), ElementsAre(0, 102, 3, 4));
}

TEST_F(PlanTest, DeletedPointDoesNotComeBackThroughAZoneMap) {
  WriteAndFlushRamp("a", 0, 5);  // would match
  {
    const auto transaction = Begin();
    StageDelete(*transaction, "a", 3);
    Stage(*transaction, "a", 4, Value::Real(-1));
    Commit(*transaction);
  }
  ASSERT_OK(engine_->Flush(kNoWait));
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  request.value = {{CompareOp::kGe, IntegerOperand(2)}};
  EXPECT_THAT(Values(Run(view, request)), ElementsAre(2));
}

TEST_F(PlanTest, ZoneMapsPruneBlocksOfValuesAndQualities) {
  for (int64_t i = 0; i < 10; ++i) WriteAndFlushRamp("a", 1000 * i, 100);
  {
    const auto transaction = Begin();
    Stage(*transaction, "a", 50'000, Value::Real(0), kQualityBad);
    Commit(*transaction);
  }
  ASSERT_OK(engine_->Flush(kNoWait));
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  request.value = {{CompareOp::kGt, RealOperand(9097.5)}};
  PlanCounters counters;
  EXPECT_THAT(Values(Run(view, request, &counters)), ElementsAre(9098, 9099));
  EXPECT_EQ(counters.blocks_pruned, 10U);
  EXPECT_EQ(counters.blocks_read, 1U);
  request.value.clear();
  request.quality = {{CompareOp::kLt, IntegerOperand(64)}};
  EXPECT_EQ(Run(view, request, &counters).size(), 1U);
  EXPECT_EQ(counters.blocks_read, 1U);
}

TEST_F(PlanTest, OwnStagingIsSeenUpToItsMarkAndOnlyByItsView) {
  WriteAndFlushRamp("a", 0, 3);
  const auto transaction = Begin();
  Stage(*transaction, "a", 1, Value::Real(100));
  StageDelete(*transaction, "a", 2);
  const Mark mark = transaction->TakeMark();
  Stage(*transaction, "a", 5, Value::Real(500));
  Stage(*transaction, "new", 1, Value::Integer(7));
  ReadView own = View(transaction.get());
  EXPECT_THAT(Values(Run(own, RequestOf(own, {"a"}))), ElementsAre(0, 100, 500));
  EXPECT_EQ(Run(own, RequestOf(own, {"new"})).size(), 1U);
  own.mark = mark;
  EXPECT_THAT(Values(Run(own, RequestOf(own, {"a"}))), ElementsAre(0, 100));
  const ReadView other = View();
  EXPECT_THAT(Values(Run(other, RequestOf(other, {"a"}))), ElementsAre(0, 1, 2));
}

TEST_F(PlanTest, APlanKeepsWhatWasStagedWhenItWasMade) {
  WriteAndFlushRamp("a", 0, 2);
  auto transaction = Begin();
  Stage(*transaction, "a", 5, Value::Real(5));
  ReadView view = View(transaction.get());
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan::Make(view, RequestOf(view, {"a"})));
  view = {};
  Stage(*transaction, "a", 6, Value::Real(6));
  ASSERT_OK(transaction->Rollback());
  transaction.reset();
  std::vector<int64_t> times;
  while (true) {
    ASSERT_OK_AND_ASSIGN(const Batch* const batch, plan->Next());
    if (batch == nullptr) break;
    for (const Row& row : RowsOf(*batch)) times.push_back(row.ts_us);
  }
  EXPECT_THAT(times, ElementsAre(0, 1, 5));
}

TEST_F(PlanTest, ASnapshotIsNotMovedByLaterCommitsFlushesAndSeals) {
  WriteAndFlushRamp("a", 0, 3);
  WriteRamp("a", 3, 3);
  const ReadView view = View();
  const Request request = RequestOf(view, {"a"});
  const std::vector<NamedRow> before = Run(view, request);
  ASSERT_EQ(before.size(), 6U);
  WriteRamp("a", 0, 10, 100);
  EXPECT_EQ(Run(view, request), before);
  ASSERT_OK(engine_->Flush(kNoWait));
  EXPECT_EQ(Run(view, request), before);
  ASSERT_OK(engine_->Seal(kNoWait));
  WriteAndFlushRamp("a", 0, 20, 200);
  EXPECT_EQ(Run(view, request), before);
  const ReadView after = View();
  EXPECT_EQ(Run(after, request).size(), 20U);
}

TEST_F(PlanTest, IntegersOfATagThatWidenedComeOutAsReals) {
  {
    const auto transaction = Begin();
    Stage(*transaction, "a", 1, Value::Integer(41));
    Stage(*transaction, "a", 2, Value::Integer(7));
    Commit(*transaction);
  }
  ASSERT_OK(engine_->Flush(kNoWait));
  {
    const auto transaction = Begin();
    Stage(*transaction, "a", 3, Value::Integer(9));
    Commit(*transaction);
  }
  ASSERT_OK(engine_->WritePoint("a", 4, Value::Real(0.5), kQualityGood));
  const ReadView view = View();
  Request request = RequestOf(view, {"a"});
  EXPECT_EQ(request.tags[0]->type, ValueType::kFloat64);
  EXPECT_THAT(Values(Run(view, request)), ElementsAre(41, 7, 9, 0.5));
  request.value = {{CompareOp::kGt, RealOperand(40.5)}};
  EXPECT_THAT(Values(Run(view, request)), ElementsAre(41));
}

TEST_F(PlanTest, TagsComeByNameInEitherDirection) {
  for (const char* tag : {"b", "a", "c"}) WriteRamp(tag, 0, 2);
  const ReadView view = View();
  Request request = RequestOf(view, {"b", "c", "a"});
  const auto names = [](const std::vector<NamedRow>& rows) {
    std::string result;
    for (const NamedRow& row : rows) result += row.tag + std::to_string(row.row.ts_us);
    return result;
  };
  EXPECT_EQ(names(Run(view, request)), "a0a1b0b1c0c1");
  request.tag_descending = true;
  EXPECT_EQ(names(Run(view, request)), "c0c1b0b1a0a1");
  request.ts_descending = true;
  EXPECT_EQ(names(Run(view, request)), "c1c0b1b0a1a0");
  request.order = RowOrder::kTs;
  EXPECT_EQ(names(Run(view, request)), "c1b1a1c0b0a0");
  request.ts_descending = false;
  EXPECT_EQ(names(Run(view, request)), "a0b0c0a1b1c1");
}

TEST_F(PlanTest, TagsBehindTheLimitAreNotLookedInto) {
  for (const char* tag : {"a", "b", "c"}) WriteAndFlushRamp(tag, 0, 10);
  const ReadView view = View();
  Request request = RequestOf(view, {"a", "b", "c"});
  request.limit = 5;
  PlanCounters counters;
  EXPECT_EQ(Run(view, request, &counters).size(), 5U);
  EXPECT_EQ(counters.blocks_considered, 1U);
  EXPECT_EQ(counters.tags, 3U);
}

TEST_F(PlanTest, AFailedReadEndsThePlan) {
  WriteAndFlushRamp("a", 0, 10);
  WriteAndFlushRamp("b", 0, 10);
  const ReadView view = View();
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan::Make(view, RequestOf(view, {"a", "b"})));
  fs_.Inject({.nth = 1, .kinds = MaskOf(FileOperation::kRead)});
  EXPECT_THAT(plan->Next(), HasCode(StatusCode::kIoError));
  ASSERT_OK_AND_ASSIGN(const Batch* const batch, plan->Next());
  EXPECT_EQ(batch, nullptr);
}

TEST_F(PlanTest, AFewPointsAreReadOnceAndScansKeepNothing) {
  WriteAndFlushRamp("a", 0, 20'000);
  const auto reads = [&] {
    uint64_t count = 0;
    for (const OperationRecord& done : fs_.operations()) {
      count += done.kind == FileOperation::kRead ? 1 : 0;
    }
    return count;
  };
  const ReadView view = View();
  const TagPtr tag = view.FindTag("a");
  EXPECT_EQ(Run(view, RequestOf(view, {"a"})).size(), 20'000u);
  EXPECT_EQ(engine_->Stats().cached_bytes, 0u);
  const uint64_t before = reads();
  ASSERT_OK_AND_ASSIGN(const auto found, FindPoint(view, tag, 5000));
  EXPECT_EQ(AsDouble(found->point.bits), 5000);
  const uint64_t of_one = reads() - before;
  EXPECT_LE(of_one, 2u) << "the head, and one vector";
  EXPECT_GT(engine_->Stats().cached_bytes, 0u);
  for (int64_t ts_us = 4950; ts_us < 5050; ++ts_us) {
    ASSERT_OK_AND_ASSIGN(const auto near, FindPoint(view, tag, ts_us));
    EXPECT_EQ(AsDouble(near->point.bits), static_cast<double>(ts_us));
  }
  EXPECT_EQ(reads() - before, of_one);
  // What is asked whether it is sound reads everything.
  fs_.FlipBits("/plant.xtdb", view.snapshot->chunks()[0]->layout().ExtentOffset(0), std::byte{1});
  EXPECT_OK(FindPoint(view, tag, 5000).status());
  EXPECT_FALSE(engine_->Check().value().problems.empty());
}

TEST_F(PlanTest, FindPointTakesTheNewestLiveVersion) {
  WriteAndFlushRamp("a", 0, 5);
  WriteAndFlushRamp("a", 2, 1, 100);
  {
    const auto transaction = Begin();
    StageDelete(*transaction, "a", 4);
    Commit(*transaction);
  }
  const ReadView view = View();
  const TagPtr tag = view.FindTag("a");
  PlanCounters counters;
  ASSERT_OK_AND_ASSIGN(const auto found, FindPoint(view, tag, 2, &counters));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(AsDouble(found->point.bits), 102);
  EXPECT_EQ(found->type, ValueType::kFloat64);
  EXPECT_EQ(counters.blocks_read, 1U) << "the older version is not read";
  ASSERT_OK_AND_ASSIGN(const auto deleted, FindPoint(view, tag, 4));
  EXPECT_FALSE(deleted.has_value());
  ASSERT_OK_AND_ASSIGN(const auto absent, FindPoint(view, tag, 17));
  EXPECT_FALSE(absent.has_value());
  ASSERT_OK_AND_ASSIGN(const auto last, FindLastPoint(view, tag, 100));
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->point.ts_us, 3);
  ASSERT_OK_AND_ASSIGN(const auto before, FindLastPoint(view, tag, -1));
  EXPECT_FALSE(before.has_value());
}

TEST_F(PlanTest, AFoundShortTextSurvivesMoveAndCopy) {
  ASSERT_OK(engine_->WritePoint("t", 1, Value::Text("on"), kQualityGood));
  const ReadView view = View();
  ASSERT_OK_AND_ASSIGN(auto found, FindPoint(view, view.FindTag("t"), 1));
  ASSERT_TRUE(found.has_value());
  FoundPoint copy;
  {
    FoundPoint moved = std::move(*found);
    found.reset();
    EXPECT_EQ(moved.point.text, "on");
    copy = moved;
  }
  EXPECT_EQ(copy.point.text, "on");
  EXPECT_EQ(copy.point.text.data(), copy.text.data());
}

TEST_F(PlanTest, SummaryOfPartsThatDoNotOverlapReadsOnlyTheLastVector) {
  for (int64_t i = 0; i < 5; ++i) WriteAndFlushRamp("a", 1000 * i, 100);
  const ReadView view = View();
  PlanCounters counters;
  ASSERT_OK_AND_ASSIGN(const TagSummary summary, SummarizeTag(view, view.FindTag("a"), &counters));
  EXPECT_EQ(summary.points, 500U);
  EXPECT_EQ(summary.first_ts_us, 0);
  EXPECT_EQ(summary.last_ts_us, 4099);
  ASSERT_TRUE(summary.last.has_value());
  EXPECT_EQ(AsDouble(summary.last->point.bits), 4099);
  EXPECT_EQ(summary.block_bytes, 5 * kExtentSizeBytes);
  EXPECT_EQ(counters.blocks_from_statistics, 5U);
  EXPECT_EQ(counters.blocks_considered, 5U);
  EXPECT_EQ(counters.vectors_decoded, 1U);
}

TEST_F(PlanTest, SummaryDecodesOnlyWhatOverlapsOrHasTombstones) {
  WriteAndFlushRamp("a", 0, 100);
  WriteAndFlushRamp("a", 1000, 100);
  WriteAndFlushRamp("a", 1050, 100);
  {
    const auto transaction = Begin();
    for (int64_t ts = 1100; ts < 1150; ++ts) StageDelete(*transaction, "a", ts);
    StageDelete(*transaction, "a", 5000);
    Commit(*transaction);
  }
  const ReadView view = View();
  PlanCounters counters;
  ASSERT_OK_AND_ASSIGN(const TagSummary summary, SummarizeTag(view, view.FindTag("a"), &counters));
  EXPECT_EQ(summary.points, 200U);
  EXPECT_EQ(summary.last_ts_us, 1099);
  EXPECT_EQ(counters.blocks_from_statistics, 1U);
}

TEST_F(PlanTest, SummaryOfATagWithoutLivePointsIsEmpty) {
  ASSERT_OK(engine_->WritePoint("a", 1, Value::Real(1), kQualityGood));
  const auto transaction = Begin();
  StageDelete(*transaction, "a", 1);
  Commit(*transaction);
  const ReadView view = View();
  ASSERT_OK_AND_ASSIGN(const TagSummary summary, SummarizeTag(view, view.FindTag("a"), nullptr));
  EXPECT_EQ(summary.points, 0U);
  EXPECT_FALSE(summary.last.has_value());
}

}  // namespace
}  // namespace xtdb
