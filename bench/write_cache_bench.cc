// WriteCache beside direct writes, in two parts. The second is the engine's own use of it: a flush
// of 64 MiB of buffered points (--flushes times each way), where blocks of real tags are encoded,
// placed and written, with everything behind the first 4 MiB through the cache, and with nothing
// so.
//
// The first part: 500 updates of blocks of 16 KiB, each under its own CRC32, in a
// container-like file of 2,000 such places. Medians of --runs; in each run all ways take turns, and
// after each of them every block of the file is read back and its checksum and version verified.
//
//   build/bench/write_cache_bench [--runs N] [--flushes N] [--folder DIR]
//
// A transaction is a number of updates that become durable together: an fdatasync at its end, for
// the cache Flush() and then fdatasync. What a figure means:
//   of each durable, direct  beside the direct way that makes each update durable by itself: what
//                            gathering updates behind the producer is worth. It is the fdatasyncs
//                            that this saves, and a direct writer that gathers saves them, too.
//   of the same, direct      beside direct writes with as many fdatasyncs: what the cache itself is
//                            worth (fewer system calls, a thread that copies), or costs.
// "no sync" ends where the kernel's memory has the bytes. "in Write" is the part of the time that
// the producer is inside WriteAt() or Write(), and cannot make the next block.
//
// The order of updates: shuffled over all 2,000 places, so that few are adjacent within a batch; or
// adjacent, one behind the other, as a flush lays its blocks.

#include <fmt/core.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/crc32.h"
#include "engine/io/clock.h"
#include "engine/io/write_cache.h"
#include "engine/storage_engine.h"

namespace xtdb {
namespace {

constexpr size_t kPlaces = 2000;
constexpr size_t kUpdates = 500;
constexpr uint64_t kSeed = 1;

[[noreturn]] void Fail(const std::string& what) {
  fmt::print(stderr, "write_cache_bench: {}\n", what);
  std::exit(1);
}
void Must(const Status& status) {
  if (!status.ok()) Fail(status.ToString());
}
template <typename T>
T Must(Result<T> result) {
  Must(result.status());
  return std::move(result).value();
}

struct BlockHead {
  uint32_t crc32;  // of the rest of the block
  uint32_t place;
  uint64_t version;
};

AlignedBuffer MakeBlock(size_t place, uint64_t version) {
  AlignedBuffer block(kExtentSizeBytes);
  const std::span<std::byte> bytes = block.span();
  std::ranges::fill(bytes, static_cast<std::byte>(place * 31 + version));
  BlockHead head{0, static_cast<uint32_t>(place), version};
  std::memcpy(bytes.data(), &head, sizeof(head));
  head.crc32 = Crc32(bytes.subspan(sizeof(head.crc32)));
  std::memcpy(bytes.data(), &head, sizeof(head));
  return block;
}

struct Update {
  size_t place;
  AlignedBuffer block;
};

// The file, and the version that each of its places must have.
class Container {
 public:
  explicit Container(const std::string& path) : path_(path), versions_(kPlaces, 0) {
    IgnoreStatus(PosixFileSystem().Remove(path_), "left by an earlier run");
    file_ = Must(PosixFileSystem().Open(path_, OpenMode::kCreateNew));
    Must(file_->Allocate(0, kPlaces * kExtentSizeBytes));
    for (size_t place = 0; place < kPlaces; ++place) {
      Must(file_->WriteAt(place * kExtentSizeBytes, MakeBlock(place, 0).span()));
    }
    Must(file_->Sync());
  }
  ~Container() { IgnoreStatus(PosixFileSystem().Remove(path_), "a bench file"); }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // kUpdates different places, all with their next version.
  std::vector<Update> NextUpdates(bool shuffled) {
    std::vector<size_t> places(kPlaces);
    std::iota(places.begin(), places.end(), size_t{0});
    if (shuffled) std::ranges::shuffle(places, random_);
    std::vector<Update> updates;
    for (size_t i = 0; i < kUpdates; ++i) {
      updates.push_back({places[i], MakeBlock(places[i], ++versions_[places[i]])});
    }
    return updates;
  }

  void Verify() {
    AlignedBuffer block(kExtentSizeBytes);
    for (size_t place = 0; place < kPlaces; ++place) {
      Must(file_->ReadAt(place * kExtentSizeBytes, block.span()));
      BlockHead head;
      std::memcpy(&head, block.span().data(), sizeof(head));
      if (head.crc32 != Crc32(block.span().subspan(sizeof(head.crc32))) || head.place != place ||
          head.version != versions_[place]) {
        Fail(fmt::format("the block at place {} is not the one that was written", place));
      }
    }
  }
  File& file() { return *file_; }

 private:
  const std::string path_;
  std::unique_ptr<File> file_;
  std::vector<uint64_t> versions_;
  std::mt19937_64 random_{kSeed};
};

double MsSince(std::chrono::steady_clock::time_point begin) {
  const auto passed = std::chrono::steady_clock::now() - begin;
  return std::chrono::duration<double, std::milli>(passed).count();
}

// One way to do the 500 updates, and what its runs took.
struct Workload {
  std::string name;
  bool shuffled;
  bool cached;
  size_t updates_each;  // of a transaction; 0: one without a sync
  std::vector<double> ms = {};
  std::vector<double> ms_in_write = {};
  uint64_t system_writes = kUpdates;  // of the last run
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void Run(Workload& workload, Container& container) {
  std::vector<Update> updates = container.NextUpdates(workload.shuffled);
  // What earlier runs left to the kernel is not on this one's bill.
  Must(container.file().Sync());
  double ms_in_write = 0;
  const auto begin = std::chrono::steady_clock::now();
  AlignedIO io(container.file());
  std::optional<WriteCache> cache;
  if (workload.cached) cache.emplace(container.file());
  for (size_t i = 0; i < updates.size(); ++i) {
    const uint64_t offset = updates[i].place * kExtentSizeBytes;
    const auto begin_write = std::chrono::steady_clock::now();
    AlignedBuffer block = std::move(updates[i].block);  // freed on both sides' bills
    Must(cache ? cache->Write(offset, std::move(block)) : io.WriteAt(offset, block.span()));
    ms_in_write += MsSince(begin_write);
    const bool is_last = i + 1 == updates.size();
    const bool ends =
        is_last || (workload.updates_each > 0 && (i + 1) % workload.updates_each == 0);
    if (ends && cache) Must(cache->Flush());
    if (ends && workload.updates_each > 0) Must(container.file().Sync());
  }
  if (cache) {
    Must(cache->Close());
    workload.system_writes = cache->stats().system_writes;
  }
  workload.ms.push_back(MsSince(begin));
  workload.ms_in_write.push_back(ms_in_write);
  container.Verify();
}

void PrintMachine() {
  utsname name{};
  if (uname(&name) != 0) return;
  fmt::print("\n{} {}, {} processors, seed {}, {} build\n", name.sysname, name.machine,
             std::thread::hardware_concurrency(), kSeed,
#ifdef NDEBUG
             "release"
#else
             "debug"
#endif
  );
}

void RunAll(const std::string& folder, int runs) {
  Container container(folder + "/write_cache_bench.file");
  std::vector<Workload> workloads;  // each direct one is followed by its cached one
  for (const bool shuffled : {true, false}) {
    for (const size_t each : {size_t{1}, size_t{10}, size_t{50}, kUpdates, size_t{0}}) {
      const std::string syncs = each == 0 ? "no sync" : fmt::format("{} a transaction", each);
      for (const bool cached : {false, true}) {
        const std::string name = fmt::format("{}, {}, {}", shuffled ? "shuffled" : "adjacent",
                                             syncs, cached ? "cached" : "direct");
        workloads.push_back({name, shuffled, cached, each});
      }
    }
  }
  for (int run = 0; run < runs; ++run) {
    for (Workload& workload : workloads) Run(workload, container);
  }
  fmt::print("500 updates of 16 KiB, medians of {} runs, all checksums valid\n\n", runs);
  fmt::print("{:<38}{:>9}{:>10}{:>18}{:>25}{:>15}\n", "", "ms", "in Write", "of same, direct",
             "of each durable, direct", "system writes");
  for (size_t i = 0; i < workloads.size(); ++i) {
    const Workload& workload = workloads[i];
    const double ms = Median(workload.ms);
    const size_t same = workload.cached ? i - 1 : i;
    const size_t each_durable = workload.shuffled ? 0 : workloads.size() / 2;
    fmt::print("{:<38}{:>9.2f}{:>10.2f}{:>17.2f}x{:>24.3f}x{:>15}\n", workload.name, ms,
               Median(workload.ms_in_write), ms / Median(workloads[same].ms),
               ms / Median(workloads[each_durable].ms), workload.system_writes);
  }
  PrintMachine();
}

// What is buffered before a flush: 100 tags of full-precision noise, or of two-decimal walks.
uint64_t Buffer(StorageEngine& engine, bool noise, uint64_t seed) {
  constexpr uint64_t kBufferBytes = 64 * kMiB;
  constexpr size_t kRows = 1000;
  std::mt19937_64 random(seed);
  std::vector<int64_t> ts(kRows);
  std::vector<double> values(kRows);
  int64_t begin_us = 0;
  uint64_t points = 0;
  while (engine.Stats().buffered_bytes < kBufferBytes) {
    const auto transaction = Must(engine.Begin(0));
    for (int tag = 0; tag < 100; ++tag) {
      int64_t cents = 2000;
      for (size_t row = 0; row < kRows; ++row) {
        ts[row] = begin_us + static_cast<int64_t>(row) * 1'000'000 + (noise ? 0 : random() % 5000);
        cents += static_cast<int64_t>(random() % 41) - 20;
        values[row] =
            noise ? static_cast<double>(random() >> 11) : static_cast<double>(cents) / 100;
      }
      StagedTag* const staged =
          Must(transaction->FindOrDefineTag("plant.area." + std::to_string(tag)));
      Must(transaction->WriteColumn(*staged, {ts, std::span<const double>(values), {}, {}}));
    }
    Must(transaction->Prepare());
    transaction->Commit();
    begin_us += static_cast<int64_t>(kRows) * 1'000'000;
    points += 100 * kRows;
  }
  return points;
}

struct FlushWorkload {
  std::string name;
  bool noise;
  bool cached;
  std::vector<double> ms = {};
  uint64_t block_bytes = 0;
  uint64_t points = 0;
};

void RunFlush(FlushWorkload& workload, const std::string& path, uint64_t seed, size_t threads) {
  IgnoreStatus(PosixFileSystem().Remove(path), "left by an earlier run");
  EngineOptions options;
  options.synchronous = Synchronous::kOff;
  options.buffer_bytes = 256 * kMiB;
  options.threads = threads;
  options.block_output.direct_bytes =
      workload.cached ? 4 * kMiB : std::numeric_limits<uint64_t>::max();
  auto engine = Must(StorageEngine::Open(PosixFileSystem(), SystemClock(), path, options));
  workload.points = Buffer(*engine, workload.noise, seed);
  sync();  // the log's bytes are not on the flush's bill
  const auto begin = std::chrono::steady_clock::now();
  Must(engine->Flush(0));
  workload.ms.push_back(MsSince(begin));
  workload.block_bytes = engine->Stats().block_bytes_written;
  if (!Must(engine->Check()).problems.empty()) Fail("a flushed block is damaged");
  Must(engine->Close());
  IgnoreStatus(PosixFileSystem().Remove(path), "a bench file");
}

void RunFlushes(const std::string& folder, int flushes, size_t threads) {
  std::vector<FlushWorkload> workloads;
  for (const bool noise : {true, false}) {
    for (const bool cached : {false, true}) {
      workloads.push_back(
          {fmt::format("{}, {}", noise ? "noise" : "walks", cached ? "cached" : "direct"), noise,
           cached});
    }
  }
  for (int run = 0; run < flushes; ++run) {
    for (FlushWorkload& workload : workloads) {
      RunFlush(workload, folder + "/write_cache_bench.xtdb", kSeed + static_cast<uint64_t>(run),
               threads);
    }
  }
  fmt::print("\nflush of 64 MiB of buffers, {} threads encode, medians of {} runs, checked\n\n",
             threads, flushes);
  fmt::print("{:<38}{:>9}{:>18}{:>12}{:>14}\n", "", "ms", "of same, direct", "points",
             "MiB of blocks");
  for (size_t i = 0; i < workloads.size(); ++i) {
    const FlushWorkload& workload = workloads[i];
    const double ms = Median(workload.ms);
    fmt::print("{:<38}{:>9.1f}{:>17.2f}x{:>12}{:>14}\n", workload.name, ms,
               ms / Median(workloads[workload.cached ? i - 1 : i].ms), workload.points,
               workload.block_bytes / kMiB);
  }
}

}  // namespace
}  // namespace xtdb

int main(int argc, char** argv) {
  CLI::App app("WriteCache beside direct writes");
  int runs = 15;
  const char* const temporary = std::getenv("TMPDIR");
  std::string folder = temporary != nullptr ? temporary : ".";
  app.add_option("--runs", runs)->check(CLI::Range(1, 10000));
  int flushes = 5;
  app.add_option("--flushes", flushes)->check(CLI::Range(0, 1000));
  app.add_option("--folder", folder, "on the disk to be measured");
  CLI11_PARSE(app, argc, argv);
  xtdb::RunAll(folder, runs);
  if (flushes > 0) {
    for (const size_t threads : {1, 2}) xtdb::RunFlushes(folder, flushes, threads);
  }
  return 0;
}
