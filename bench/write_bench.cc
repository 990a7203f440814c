// The write path from C++: whole columns in one transaction, and points one by one in durable
// commits; beside it what its parts take alone. For each work: points a second by the clock,
// nanoseconds of processor time a point (of all threads; the figure to compare on a machine that
// others use, too), medians of --runs.
//
//   build/bench/write_bench [--tags N] [--rows N] [--runs N] [--folder DIR] [--only TEXT]
//
// Workload G100 (seed 1), by tag: points 1 s apart with +-5 ms jitter in microseconds; 40 % of the
// tags two-decimal walks, 20 % one-decimal sines with noise, 20 % counters, 10 % steps that rarely
// change, 10 % full-precision doubles.

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/common/timing.h"
#include "engine/block/block_stats.h"
#include "engine/block/tag_encoder.h"
#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/storage_engine.h"
#include "engine/wal/log_records.h"

namespace xtdb {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kTimeoutUs = 60'000'000;

struct Column {
  std::string name;
  std::vector<int64_t> ts_us;
  std::vector<double> values;
};

std::vector<Column> MakeG100(size_t tags, size_t rows) {
  std::mt19937_64 random(1);
  const auto draw = [&](int64_t bound) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
  };
  std::vector<Column> columns(tags);
  for (size_t tag = 0; tag < tags; ++tag) {
    Column& column = columns[tag];
    column.name = fmt::format("plant.area{}.signal{:02}", tag / 25, tag);
    const size_t share = tag * 100 / tags;
    int64_t state = 2000;
    for (size_t row = 0; row < rows; ++row) {
      const auto second = static_cast<int64_t>(row);
      double value = 0;
      if (share < 40) {
        value = static_cast<double>(state += draw(41) - 20) / 100;
      } else if (share < 60) {
        const double wave = 500 + 200 * std::sin(static_cast<double>(second) / 600);
        value = std::round(wave * 10 + static_cast<double>(draw(21) - 10)) / 10;
      } else if (share < 80) {
        value = static_cast<double>(state += draw(4));
      } else if (share < 90) {
        if (draw(600) == 0) state = draw(10);
        value = static_cast<double>(state);
      } else {
        value = static_cast<double>(random() >> 11) * 0x1p-53;
      }
      column.ts_us.push_back(kStartUs + second * 1'000'000 + draw(10'001) - 5000);
      column.values.push_back(value);
    }
  }
  return columns;
}

void Require(const Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "write_bench: {}\n", status.message());
  std::exit(1);
}
template <typename T>
T ValueOrDie(Result<T> result) {
  Require(result.status());
  return std::move(result).value();
}

class Bench {
 public:
  Bench(fs::path folder, std::vector<Column> columns, int runs, std::string only)
      : folder_(std::move(folder)),
        columns_(std::move(columns)),
        runs_(runs),
        only_(std::move(only)),
        points_(columns_.size() * columns_[0].ts_us.size()) {}

  // `work` gets an engine on a new container; its opening and closing are not counted.
  void Store(const std::string& name, const std::function<void(StorageEngine&)>& work) {
    Measure(name, [&](auto&& count) {
      const std::string path = (folder_ / "write_bench.xtdb").string();
      for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(path + suffix);
      const auto engine =
          ValueOrDie(StorageEngine::Open(PosixFileSystem(), SystemClock(), path, EngineOptions{}));
      count([&] { work(*engine); });
      Require(engine->Close());
      fs::remove(path);
    });
  }

  void Alone(const std::string& name, const std::function<void()>& work) {
    Measure(name, [&](auto&& count) { count(work); });
  }

  const std::vector<Column>& columns() const { return columns_; }

 private:
  template <typename Run>
  void Measure(const std::string& name, const Run& run) {
    if (name.find(only_) == std::string::npos) return;
    std::vector<double> seconds, processor;
    for (int i = 0; i < runs_; ++i) {
      run([&](const std::function<void()>& work) {
        const double processor_before = bench::ProcessorSeconds();
        const auto start = std::chrono::steady_clock::now();
        work();
        seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        processor.push_back(bench::ProcessorSeconds() - processor_before);
      });
    }
    const auto points = static_cast<double>(points_);
    fmt::print("{:<48} {:>9.2f} {:>9.1f} {:>9.1f}\n", name, points / bench::Median(seconds) * 1e-6,
               bench::Median(seconds) * 1e9 / points, bench::Median(processor) * 1e9 / points);
    std::fflush(stdout);
  }

  const fs::path folder_;
  const std::vector<Column> columns_;
  const int runs_;
  const std::string only_;
  const uint64_t points_;
};

void AppendColumns(const Bench& bench, StorageEngine& engine) {
  const auto transaction = ValueOrDie(engine.Begin(kTimeoutUs));
  for (const Column& column : bench.columns()) {
    StagedTag* const tag = ValueOrDie(transaction->FindOrDefineTag(column.name));
    Require(transaction->WriteColumn(*tag, {column.ts_us, std::span(column.values), {}, {}}));
  }
  Require(transaction->Prepare());
  transaction->Commit();
}

// Interleaved by time, as a logger writes them.
void WriteAllPoints(const Bench& bench, StorageEngine& engine, size_t points_per_commit) {
  std::unique_ptr<Transaction> transaction;
  std::vector<StagedTag*> tags(bench.columns().size());
  size_t written = 0;
  const auto commit = [&] {
    if (transaction == nullptr) return;
    Require(transaction->Prepare());
    transaction->Commit();
    transaction = nullptr;
  };
  for (size_t row = 0; row < bench.columns()[0].ts_us.size(); ++row) {
    for (size_t i = 0; i < tags.size(); ++i) {
      if (transaction == nullptr) {
        transaction = ValueOrDie(engine.Begin(kTimeoutUs));
        for (size_t tag = 0; tag < tags.size(); ++tag) {
          tags[tag] = ValueOrDie(transaction->FindOrDefineTag(bench.columns()[tag].name));
        }
      }
      const Column& column = bench.columns()[i];
      Require(transaction->WritePoint(*tags[i], column.ts_us[row], column.values[row]));
      if (++written % points_per_commit == 0) commit();
    }
  }
  commit();
}

std::vector<PointColumns> AsPointColumns(const Bench& bench) {
  std::vector<PointColumns> all;
  for (const Column& column : bench.columns()) {
    PointColumns columns;
    columns.type = ValueType::kFloat64;
    columns.ts_us = column.ts_us;
    for (const double value : column.values) columns.bits.push_back(FromDouble(value));
    columns.quality.assign(column.values.size(), kQualityGood);
    columns.flags.assign(column.values.size(), 0);
    all.push_back(std::move(columns));
  }
  return all;
}

void MeasureParts(Bench& bench) {
  std::vector<PointColumns> all = AsPointColumns(bench);
  uint64_t sum = 0;
  bench.Alone("part: statistics of vectors and blocks, float64", [&] {
    for (const PointColumns& columns : all) {
      sum += ComputeStats(columns, 0, columns.size()).sum_low;
      for (size_t begin = 0; begin < columns.size(); begin += kVectorPointsMax) {
        const size_t end = std::min<size_t>(columns.size(), begin + kVectorPointsMax);
        sum += ComputeStats(columns, begin, end).sum_low;
      }
    }
  });
  bench.Alone("part: encoding, one thread", [&] {
    BlockOptions options;
    for (const PointColumns& columns : all) {
      sum += ValueOrDie(EncodeTag(1, columns, 1, options)).blocks.size();
    }
  });
  bench.Alone("part: log payload", [&] {
    std::vector<std::byte> payload;
    for (const PointColumns& columns : all) {
      for (size_t begin = 0; begin < columns.size(); begin += 65'536) {
        payload.clear();
        AppendPointsGroup(1, columns, begin, std::min<size_t>(columns.size(), begin + 65'536),
                          payload);
        sum += payload.size();
      }
    }
  });
  for (PointColumns& columns : all) {
    columns.type = ValueType::kInt64;
    for (ValueBits& bits : columns.bits) bits = FromInt64(static_cast<int64_t>(AsDouble(bits)));
  }
  bench.Alone("part: statistics of vectors and blocks, int64", [&] {
    for (const PointColumns& columns : all) {
      sum += ComputeStats(columns, 0, columns.size()).sum_low;
      for (size_t begin = 0; begin < columns.size(); begin += kVectorPointsMax) {
        const size_t end = std::min<size_t>(columns.size(), begin + kVectorPointsMax);
        sum += ComputeStats(columns, begin, end).sum_low;
      }
    }
  });
  if (sum == 0) fmt::print("no points\n");
}

}  // namespace
}  // namespace xtdb

int main(int argc, char** argv) {
  CLI::App app("The write path from C++, whole and in parts");
  size_t tags = 100, rows = 100'000;
  int runs = 3;
  std::string folder, only;
  app.add_option("--tags", tags, "tags")->capture_default_str();
  app.add_option("--rows", rows, "points of each tag")->capture_default_str();
  app.add_option("--runs", runs, "runs of each; medians are printed")->capture_default_str();
  app.add_option("--folder", folder, "where the container is made; default: a temporary one");
  app.add_option("--only", only, "only works whose name has this text");
  CLI11_PARSE(app, argc, argv);
  const bool is_temporary = folder.empty();
  if (is_temporary) {
    folder =
        (std::filesystem::temp_directory_path() / fmt::format("xtdb-write-{}", getpid())).string();
  }
  std::filesystem::create_directories(folder);
  utsname machine{};
  uname(&machine);
  fmt::print("G100, {} tags of {} points, seed 1, {} runs, {} {}, {} cores, {}\n\n", tags, rows,
             runs, machine.sysname, machine.release, sysconf(_SC_NPROCESSORS_ONLN),
#ifdef NDEBUG
             "Release"
#else
             "Debug: figures mean nothing"
#endif
  );
  fmt::print("{:<48} {:>9} {:>9} {:>9}\n", "work", "M pts/s", "ns/pt", "CPU ns/pt");
  using xtdb::StorageEngine;
  xtdb::Bench bench(folder, xtdb::MakeG100(tags, rows), runs, only);
  bench.Store("columns, one transaction",
              [&](StorageEngine& engine) { AppendColumns(bench, engine); });
  bench.Store("points, commits of 10,000",
              [&](StorageEngine& engine) { WriteAllPoints(bench, engine, 10'000); });
  bench.Store("points, one transaction",
              [&](StorageEngine& engine) { WriteAllPoints(bench, engine, SIZE_MAX); });
  MeasureParts(bench);
  if (is_temporary) std::filesystem::remove_all(folder);
  return 0;
}
