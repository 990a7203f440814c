// Encodes and decodes vectors of 1,024 points and prints points per second and bytes a point.
// Seed 1. The columns of G100, each 1 s apart with +-5 ms jitter; `regular_walk` (G1) without;
// `computed_decimals`: sums of a thousand two-decimal numbers, whose last bits are not those of the
// decimal; `walk_as_records`: codec=raw. "compact" tries zstd, too.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/codec/bit_packing.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

enum class Workload { kRegularWalk, kWalk, kSine, kCounter, kSteps, kDoubles, kComputedDecimals };

class Signal {
 public:
  explicit Signal(Workload workload) : workload_(workload) {}

  double Next(int64_t second) {
    switch (workload_) {
      case Workload::kRegularWalk:
      case Workload::kWalk:
        return static_cast<double>(level_ += Draw(41) - 20) / 100;
      case Workload::kSine:
        return std::round((500 + 200 * std::sin(static_cast<double>(second) / 600)) * 10 +
                          static_cast<double>(Draw(21) - 10)) /
               10;
      case Workload::kCounter:
        return static_cast<double>(level_ += Draw(4));
      case Workload::kSteps:
        if (Draw(600) == 0) level_ = Draw(10);
        return static_cast<double>(level_);
      case Workload::kDoubles:
        return static_cast<double>(random_() >> 11) * 0x1p-53;
      case Workload::kComputedDecimals:
        level_ += Draw(41) - 20;
        return static_cast<double>(level_) * 0.01 + 0.07 * static_cast<double>(Draw(9));
    }
    return 0;
  }
  int64_t Draw(int64_t bound) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(bound));
  }

 private:
  const Workload workload_;
  std::mt19937_64 random_{1};
  int64_t level_ = 2000;
};

PointColumns MakeColumns(Workload workload) {
  Signal signal(workload);
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  constexpr int64_t kStartUs = 1'767'225'600'000'000;
  for (int64_t second = 0; second < kVectorPointsMax; ++second) {
    const int64_t jitter = workload == Workload::kRegularWalk ? 0 : signal.Draw(10'001) - 5000;
    columns.Append(Point{kStartUs + second * 1'000'000 + jitter,
                         FromDouble(signal.Next(second)),
                         kQualityGood,
                         0,
                         {}});
  }
  return columns;
}

void Report(benchmark::State& state, size_t encoded_bytes) {
  state.SetItemsProcessed(state.iterations() * kVectorPointsMax);
  state.counters["bytes_per_point"] = static_cast<double>(encoded_bytes) / kVectorPointsMax;
}

void Encode(benchmark::State& state, Workload workload, CodecOptions options) {
  const PointColumns columns = MakeColumns(workload);
  std::vector<std::byte> bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeVector(columns, 0, columns.size(), options, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  Report(state, bytes.size());
  state.SetLabel(DescribeVectorEncoding(bytes).value());
}

void Decode(benchmark::State& state, Workload workload, CodecOptions options) {
  const PointColumns columns = MakeColumns(workload);
  std::vector<std::byte> bytes;
  EncodeVector(columns, 0, columns.size(), options, bytes);
  PointColumns decoded;
  decoded.type = columns.type;
  for (auto _ : state) {
    decoded.Clear();
    const Status status =
        DecodeVector(bytes, columns.type, kVectorPointsMax, columns.ts_us[0], decoded);
    if (!status.ok()) state.SkipWithError(status.ToString().c_str());
    benchmark::DoNotOptimize(decoded.bits.data());
  }
  Report(state, bytes.size());
}

void Unpack(benchmark::State& state) {
  const auto width = static_cast<uint8_t>(state.range(0));
  std::mt19937_64 random(1);
  std::vector<uint64_t> values(kVectorPointsMax);
  std::generate(values.begin(), values.end(), [&] { return random() >> (64 - width); });
  std::vector<std::byte> bytes;
  PackBits(values, width, bytes);
  for (auto _ : state) {
    UnpackBits(bytes, width, values);
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
  Report(state, bytes.size());
}

void RegisterAll() {
  constexpr std::pair<const char*, Workload> kWorkloads[] = {
      {"regular_walk", Workload::kRegularWalk},
      {"walk", Workload::kWalk},
      {"sine", Workload::kSine},
      {"counter", Workload::kCounter},
      {"steps", Workload::kSteps},
      {"doubles", Workload::kDoubles},
      {"computed_decimals", Workload::kComputedDecimals}};
  CodecOptions live, compact, records;
  compact.compress = true;
  records.raw_records = true;
  const auto add = [](const std::string& name, Workload workload, CodecOptions options) {
    benchmark::RegisterBenchmark(("Encode/" + name).c_str(), Encode, workload, options);
    benchmark::RegisterBenchmark(("Decode/" + name).c_str(), Decode, workload, options);
  };
  for (const auto& [name, workload] : kWorkloads) {
    add(name, workload, live);
    add(std::string(name) + "_compact", workload, compact);
  }
  add("walk_as_records", Workload::kWalk, records);
}

BENCHMARK(Unpack)->Arg(1)->Arg(5)->Arg(10)->Arg(16)->Arg(33)->Arg(57)->Arg(63)->Arg(64);

}  // namespace
}  // namespace xtdb

int main(int argc, char** argv) {
  xtdb::RegisterAll();
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
