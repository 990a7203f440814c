// Encodes and decodes vectors of 1,024 points and prints points per second and bytes a point.
// Workloads, seed 1: a walk in steps of 0.01 each second (decimals), random doubles with random
// times, a counter that grows by 0 to 9 each 100 ms with jitter, and the walk as RAW records.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "engine/codec/bit_packing.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {
namespace {

enum class Workload { kDecimalWalk, kRandomDoubles, kCounter };

PointColumns MakeColumns(Workload workload) {
  std::mt19937_64 random(1);
  PointColumns columns;
  columns.type = workload == Workload::kCounter ? ValueType::kInt64 : ValueType::kFloat64;
  int64_t ts_us = 1'767'225'600'000'000;
  int64_t level = 2000;
  for (uint32_t row = 0; row < kVectorPointsMax; ++row) {
    ValueBits bits = random();
    if (workload == Workload::kDecimalWalk) {
      level += static_cast<int64_t>(random() % 21) - 10;
      bits = FromDouble(static_cast<double>(level) / 100.0);
      ts_us += 1'000'000;
    } else if (workload == Workload::kCounter) {
      level += static_cast<int64_t>(random() % 10);
      bits = FromInt64(level);
      ts_us += 100'000 + static_cast<int64_t>(random() % 1000);
    } else {
      ts_us += 1 + static_cast<int64_t>(random() % 2'000'000);
    }
    columns.Append(Point{ts_us, bits, kQualityGood, 0, {}});
  }
  return columns;
}

void Report(benchmark::State& state, size_t encoded_bytes) {
  state.SetItemsProcessed(state.iterations() * kVectorPointsMax);
  state.counters["bytes_per_point"] = static_cast<double>(encoded_bytes) / kVectorPointsMax;
}

void Encode(benchmark::State& state, Workload workload, bool raw_records) {
  const PointColumns columns = MakeColumns(workload);
  std::vector<std::byte> bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeVector(columns, 0, columns.size(), CodecOptions{raw_records}, bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  Report(state, bytes.size());
}

void Decode(benchmark::State& state, Workload workload, bool raw_records) {
  const PointColumns columns = MakeColumns(workload);
  std::vector<std::byte> bytes;
  EncodeVector(columns, 0, columns.size(), CodecOptions{raw_records}, bytes);
  PointColumns decoded;
  decoded.type = columns.type;
  for (auto _ : state) {
    decoded.Clear();
    const Status status = DecodeVector(bytes, columns.type, kVectorPointsMax, decoded);
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

BENCHMARK_CAPTURE(Encode, decimal_walk, Workload::kDecimalWalk, false);
BENCHMARK_CAPTURE(Encode, random_doubles, Workload::kRandomDoubles, false);
BENCHMARK_CAPTURE(Encode, counter, Workload::kCounter, false);
BENCHMARK_CAPTURE(Encode, decimal_walk_records, Workload::kDecimalWalk, true);
BENCHMARK_CAPTURE(Decode, decimal_walk, Workload::kDecimalWalk, false);
BENCHMARK_CAPTURE(Decode, random_doubles, Workload::kRandomDoubles, false);
BENCHMARK_CAPTURE(Decode, counter, Workload::kCounter, false);
BENCHMARK_CAPTURE(Decode, decimal_walk_records, Workload::kDecimalWalk, true);
BENCHMARK(Unpack)->Arg(1)->Arg(5)->Arg(10)->Arg(16)->Arg(33)->Arg(57)->Arg(63)->Arg(64);

}  // namespace
}  // namespace xtdb

BENCHMARK_MAIN();
