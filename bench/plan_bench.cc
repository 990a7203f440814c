// Reads through Plan from a container in a temporary folder: 4 tags of 1 M points of two decimals,
// one second apart, in 16 flushes; seed 1.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/storage_engine.h"
#include "planner/plan.h"
#include "planner/tag_summary.h"

namespace xtdb {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kPointCount = 1'000'000;
constexpr int64_t kFlushCount = 16;
constexpr const char* kTags[] = {"a", "b", "c", "d"};

void Require(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}
template <typename T>
T Require(Result<T> result) {
  Require(result.status());
  return std::move(result).value();
}

class Store {
 public:
  Store() {
    folder_ = (std::filesystem::temp_directory_path() / "xtdb-bench-XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("mkdtemp");
    EngineOptions options;
    options.synchronous = Synchronous::kOff;
    engine_ = Require(
        StorageEngine::Open(PosixFileSystem(), SystemClock(), folder_ + "/bench.xtdb", options));
    std::mt19937_64 random(1);
    for (int64_t flush = 0; flush < kFlushCount; ++flush) Fill(random, flush);
    view_.snapshot = engine_->TakeSnapshot().value();
  }
  ~Store() {
    view_ = {};
    IgnoreStatus(engine_->Close(), "the folder goes away");
    engine_.reset();
    std::filesystem::remove_all(folder_);
  }
  const ReadView& view() const { return view_; }
  Request All(size_t tag_count) const {
    Request request;
    request.order = RowOrder::kTagTs;
    for (size_t i = 0; i < tag_count; ++i) request.tags.push_back(view_.FindTag(kTags[i]));
    return request;
  }

 private:
  void Fill(std::mt19937_64& random, int64_t flush) {
    const int64_t count = kPointCount / kFlushCount;
    const auto transaction = Require(engine_->Begin(0));
    for (const char* name : kTags) {
      StagedTag* const tag = Require(transaction->FindOrDefineTag(name));
      std::vector<int64_t> ts_us;
      std::vector<double> values;
      int64_t cents = 100'000;
      for (int64_t i = 0; i < count; ++i) {
        ts_us.push_back((flush * count + i) * kSecond);
        cents += static_cast<int64_t>(random() % 41) - 20;
        values.push_back(static_cast<double>(cents) / 100);
      }
      Require(transaction->WriteColumn(*tag, {ts_us, std::span<const double>(values), {}, {}}));
    }
    Require(transaction->Prepare());
    transaction->Commit();
    Require(engine_->Flush(0));
  }

  std::string folder_;
  std::shared_ptr<StorageEngine> engine_;
  ReadView view_;
};

Store& SharedStore() {
  static Store store;
  return store;
}

void Run(benchmark::State& state, const Request& request) {
  const ReadView& view = SharedStore().view();
  uint64_t rows = 0;
  PlanCounters counters;
  for (auto _ : state) {
    const auto plan = Require(Plan::Make(view, request));
    while (const Batch* batch = Require(plan->Next())) {
      benchmark::DoNotOptimize(batch->columns->bits.data());
    }
    rows += plan->counters().rows;
    counters = plan->counters();
  }
  state.SetItemsProcessed(static_cast<int64_t>(rows));
  state.SetLabel(counters.ToString());
}

void OneTagAscending(benchmark::State& state) { Run(state, SharedStore().All(1)); }
BENCHMARK(OneTagAscending)->Unit(benchmark::kMicrosecond);

void OneTagDescending(benchmark::State& state) {
  Request request = SharedStore().All(1);
  request.ts_descending = true;
  Run(state, request);
}
BENCHMARK(OneTagDescending)->Unit(benchmark::kMicrosecond);

void OneTagFiltered(benchmark::State& state) {
  Request request = SharedStore().All(1);
  Operand operand;
  operand.kind = Operand::Kind::kReal;
  operand.real = 1000;
  request.value = {{CompareOp::kGt, operand}};
  Run(state, request);
}
BENCHMARK(OneTagFiltered)->Unit(benchmark::kMicrosecond);

void FourTagsByTime(benchmark::State& state) {
  Request request = SharedStore().All(4);
  request.order = RowOrder::kTs;
  Run(state, request);
}
BENCHMARK(FourTagsByTime)->Unit(benchmark::kMicrosecond);

void OneHourOfOneTag(benchmark::State& state) {
  Request request = SharedStore().All(1);
  request.ts_from_us = 500'000 * kSecond;
  request.ts_to_us = request.ts_from_us + 3599 * kSecond;
  Run(state, request);
}
BENCHMARK(OneHourOfOneTag)->Unit(benchmark::kMicrosecond);

void LatestRow(benchmark::State& state) {
  Request request = SharedStore().All(1);
  request.ts_descending = true;
  request.limit = 1;
  Run(state, request);
}
BENCHMARK(LatestRow)->Unit(benchmark::kMicrosecond);

void OnePoint(benchmark::State& state) {
  const ReadView& view = SharedStore().view();
  const TagPtr tag = view.FindTag("a");
  for (auto _ : state) {
    benchmark::DoNotOptimize(Require(FindPoint(view, tag, 654'321 * kSecond)));
  }
}
BENCHMARK(OnePoint)->Unit(benchmark::kMicrosecond);

void Summary(benchmark::State& state) {
  const ReadView& view = SharedStore().view();
  const TagPtr tag = view.FindTag("a");
  for (auto _ : state) benchmark::DoNotOptimize(Require(SummarizeTag(view, tag, nullptr)).points);
}
BENCHMARK(Summary)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace xtdb

BENCHMARK_MAIN();
