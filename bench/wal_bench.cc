// The log's costs: a small durable commit, of the log alone and of the whole engine, beside the
// floor that pwrite and fdatasync set in the same run; single-point commits of several threads, as
// WritePoint joins them and one after the other; and the rate of large batches. Files are made in
// TMPDIR.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/io/clock.h"
#include "engine/storage_engine.h"
#include "engine/wal/rotating_wal.h"

namespace xtdb {
namespace {

constexpr size_t kCommitBytes = 208;  // a single-row commit: POINTS and PREPARE frames

std::string BenchPath(const std::string& name) {
  const char* const folder = std::getenv("TMPDIR");
  return std::string(folder != nullptr ? folder : ".") + "/" + name;
}

template <typename T>
T ValueOrDie(Result<T> result) {
  XTDB_CHECK(result.ok());
  return std::move(result).value();
}

class Latencies {
 public:
  template <typename Body>
  void Time(const Body& body) {
    const auto begin = std::chrono::steady_clock::now();
    body();
    us_.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  void Report(benchmark::State& state) {
    std::sort(us_.begin(), us_.end());
    state.counters["p50_us"] = us_[us_.size() / 2];
    state.counters["p99_us"] = us_[us_.size() * 99 / 100];
  }

 private:
  std::vector<double> us_;
};

void BM_FloorPwriteFdatasync(benchmark::State& state) {
  FileSystem& fs = PosixFileSystem();
  const std::string path = BenchPath("wal_bench_floor");
  IgnoreStatus(fs.Remove(path), "left by an earlier run");
  auto file = ValueOrDie(fs.Open(path, OpenMode::kCreateNew));
  XTDB_CHECK(file->Allocate(0, 64 * kMiB).ok() && file->Sync().ok());
  const std::vector<std::byte> bytes(kCommitBytes, std::byte{7});
  Latencies latencies;
  uint64_t offset = 0;
  for (auto _ : state) {
    latencies.Time([&] { XTDB_CHECK(file->WriteAt(offset, bytes).ok() && file->Sync().ok()); });
    offset = (offset + kCommitBytes) % (63 * kMiB);
  }
  latencies.Report(state);
  IgnoreStatus(fs.Remove(path), "a bench file");
}
BENCHMARK(BM_FloorPwriteFdatasync)->Iterations(5000)->Unit(benchmark::kMicrosecond);

std::unique_ptr<RotatingWAL> NewLog(const std::string& path) {
  IgnoreStatus(PosixFileSystem().Remove(path), "left by an earlier run");
  return ValueOrDie(RotatingWAL::Create(PosixFileSystem(), path, Uuid{}, 1, 0, WALOptions{}));
}

void BM_SingleRowCommit(benchmark::State& state) {
  const std::string path = BenchPath("wal_bench_commit");
  const auto wal = NewLog(path);
  const std::vector<std::byte> points(kCommitBytes - 2 * sizeof(FrameHeader) - 24, std::byte{7});
  const std::vector<std::byte> prepare(24);
  const RotatingWAL::Entry batch[] = {{FrameType::kPoints, points}, {FrameType::kPrepare, prepare}};
  Latencies latencies;
  for (auto _ : state) {
    latencies.Time([&] {
      XTDB_CHECK(wal->BatchAppend(batch, RotatingWAL::kNewTransaction).ok() && wal->Sync().ok());
    });
  }
  latencies.Report(state);
  IgnoreStatus(PosixFileSystem().Remove(path), "a bench file");
}
BENCHMARK(BM_SingleRowCommit)->Iterations(5000)->Unit(benchmark::kMicrosecond);

std::shared_ptr<StorageEngine> NewEngine(const std::string& path, Synchronous synchronous) {
  IgnoreStatus(PosixFileSystem().Remove(path), "left by an earlier run");
  EngineOptions options;
  options.synchronous = synchronous;
  return ValueOrDie(StorageEngine::Open(PosixFileSystem(), SystemClock(), path, options));
}

Status WriteAlone(StorageEngine& engine, std::string_view tag, int64_t ts, double value) {
  XTDB_ASSIGN_OR_RETURN(const auto transaction, engine.Begin(StorageEngine::kWriteTimeoutUs));
  XTDB_ASSIGN_OR_RETURN(StagedTag * staged, transaction->FindOrDefineTag(tag));
  XTDB_RETURN_IF_ERROR(transaction->Write(*staged, ts, Value::Real(value), kQualityGood));
  XTDB_RETURN_IF_ERROR(transaction->Prepare());
  transaction->Commit();
  return Status();
}

// Single-point commits from all threads into one container; each has a tag of its own.
void CommitPoints(benchmark::State& state, Synchronous synchronous, bool joined) {
  static std::shared_ptr<StorageEngine> engine;
  const std::string path = BenchPath("wal_bench_engine.xtdb");
  if (state.thread_index() == 0) engine = NewEngine(path, synchronous);
  const std::string tag = "tag" + std::to_string(state.thread_index());
  Latencies latencies;
  int64_t ts = 0;
  for (auto _ : state) {
    latencies.Time([&] {
      const double value = static_cast<double>(++ts % 1000) / 8;
      XTDB_CHECK((joined ? engine->WritePoint(tag, ts * 1'000'000, Value::Real(value), kQualityGood)
                         : WriteAlone(*engine, tag, ts * 1'000'000, value))
                     .ok());
    });
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() != 0) return;
  latencies.Report(state);  // of the first thread
  XTDB_CHECK(engine->Close().ok());
  engine = nullptr;
  IgnoreStatus(PosixFileSystem().Remove(path), "a bench file");
}
void BM_WritePointFull(benchmark::State& state) { CommitPoints(state, Synchronous::kFull, true); }
BENCHMARK(BM_WritePointFull)
    ->Iterations(2000)
    ->ThreadRange(1, 8)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
void BM_OneAtATimeFull(benchmark::State& state) { CommitPoints(state, Synchronous::kFull, false); }
BENCHMARK(BM_OneAtATimeFull)
    ->Iterations(2000)
    ->ThreadRange(1, 8)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
void BM_WritePointOff(benchmark::State& state) { CommitPoints(state, Synchronous::kOff, true); }
BENCHMARK(BM_WritePointOff)
    ->Iterations(200'000)
    ->Threads(1)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// Batches of range(0) points of one tag, nothing synced.
void BM_EngineBatchAppendOff(benchmark::State& state) {
  const std::string path = BenchPath("wal_bench_engine.xtdb");
  const auto engine = NewEngine(path, Synchronous::kOff);
  std::vector<PointWrite> points(static_cast<size_t>(state.range(0)));
  int64_t ts = 0;
  for (auto _ : state) {
    for (PointWrite& point : points) {
      ++ts;
      point = {"tag", ts * 1'000'000, Value::Real(static_cast<double>(ts % 1000) / 8),
               kQualityGood};
    }
    XTDB_CHECK(engine->BatchAppend(points).ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  XTDB_CHECK(engine->Close().ok());
  IgnoreStatus(PosixFileSystem().Remove(path), "a bench file");
}
BENCHMARK(BM_EngineBatchAppendOff)->Arg(1000)->Iterations(4000)->Unit(benchmark::kMicrosecond);

// Batches of range(0) bytes in records of 1 MiB; released at once, as a checkpoint in time does.
void BM_BatchAppend(benchmark::State& state) {
  const std::string path = BenchPath("wal_bench_batch");
  const auto wal = NewLog(path);
  const std::vector<std::byte> record(1 * kMiB, std::byte{7});
  const std::vector<RotatingWAL::Entry> batch(static_cast<size_t>(state.range(0)) / record.size(),
                                              {FrameType::kPoints, record});
  for (auto _ : state) {
    XTDB_CHECK(wal->BatchAppend(batch, RotatingWAL::kNewTransaction).ok());
    wal->Release(wal->end_lsn());
  }
  XTDB_CHECK(wal->Sync().ok());
  state.SetBytesProcessed(state.iterations() * state.range(0));
  IgnoreStatus(PosixFileSystem().Remove(path), "a bench file");
}
BENCHMARK(BM_BatchAppend)->Arg(1 << 20)->Arg(16 << 20)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xtdb

BENCHMARK_MAIN();
