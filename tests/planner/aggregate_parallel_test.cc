// Aggregates of many tags, worked on side by side.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/storage_engine.h"
#include "planner/aggregate/aggregate_plan.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

class AggregateParallelTest : public testing::Test {
 protected:
  static constexpr int kTags = 20;
  static constexpr int64_t kPoints = 20'000;  // of a tag: enough for threads to begin

  void SetUp() override {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    ASSERT_OK_AND_ASSIGN(engine_, StorageEngine::Open(fs_, clock_, "/plant.xtdb", options));
    for (int tag = 0; tag < kTags; ++tag) Write("tag" + std::to_string(10 + tag), 0, kPoints, tag);
    ASSERT_OK(engine_->Flush(0));
    // Late ones, over blocks and in memory.
    for (int tag = 0; tag < kTags; tag += 3) Write("tag" + std::to_string(10 + tag), 500, 900, -5);
  }

  void Write(const std::string& name, int64_t first, int64_t count, int64_t add) {
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine_->Begin(0));
    ASSERT_OK_AND_ASSIGN(StagedTag * tag, transaction->FindOrDefineTag(name));
    for (int64_t ts = first; ts < first + count; ++ts) {
      ASSERT_OK(transaction->Write(*tag, ts, Value::Real(static_cast<double>(ts % 97 + add)),
                                   kQualityGood));
    }
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }

  std::vector<std::string> Rows(const SeriesRequest& request, size_t threads) {
    ReadView view;
    view.snapshot = engine_->TakeSnapshot().value();
    std::vector<std::string> rows;
    AggregatePlan plan(view.AllTags(), request, threads, [&view] { return view; });
    while (true) {
      auto row = plan.Next();
      EXPECT_OK(row);
      if (!row.ok() || !row.value()) break;
      const Tally& tally = row.value()->series.tally;
      rows.push_back(row.value()->tag->name + " " + std::to_string(row.value()->series.start_us) +
                     " " + std::to_string(tally.count) + " " +
                     std::to_string(tally.real_sum.value()) + " " +
                     std::to_string(row.value()->series.area.covered_us));
    }
    EXPECT_EQ(plan.counters().rows, rows.size());
    EXPECT_EQ(plan.counters().tags, static_cast<uint64_t>(kTags));
    return rows;
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(AggregateParallelTest, RowsAreThoseOfOneThread) {
  SeriesRequest request;
  for (const int64_t width_us : {1'000, 7'001, 100'000}) {
    request.buckets.buckets = Buckets::Fixed(width_us);
    const std::vector<std::string> rows = Rows(request, 1);
    EXPECT_GE(rows.size(), static_cast<size_t>(kTags));
    EXPECT_EQ(Rows(request, 4), rows) << width_us;
  }
  // Too many for anybody to make ahead.
  request.buckets.buckets = Buckets::Fixed(1);
  EXPECT_EQ(Rows(request, 4), Rows(request, 1));
}

TEST_F(AggregateParallelTest, AFailedReadIsTold) {
  SeriesRequest request;
  request.buckets.buckets = Buckets::Fixed(7'001);
  ReadView view;
  view.snapshot = engine_->TakeSnapshot().value();
  AggregatePlan plan(view.AllTags(), request, 4, [&view] { return view; });
  fs_.FailNth(5, Status::IoError("disk"), MaskOf(FileOperation::kRead), /*sticky=*/true);
  Status failed;
  while (failed.ok()) {
    const auto row = plan.Next();
    failed = row.status();
    if (row.ok()) {
      ASSERT_TRUE(row.value().has_value()) << "the end, without an error";
    }
  }
  EXPECT_THAT(failed, HasCode(StatusCode::kIoError));
}

}  // namespace
}  // namespace xtdb
