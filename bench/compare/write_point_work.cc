#include <algorithm>
#include <thread>
#include <vector>

#include "bench/common/timing.h"
#include "bench/compare/engine_session.h"
#include "bench/compare/works.h"

namespace xtdb::bench {
namespace {

// Points a second of `write`, which gets the session and a range, called until `points` are done.
template <typename Write>
double MillionsPerSecond(const Contest& contest, Synchronous synchronous, size_t points,
                         size_t step, const Write& write) {
  EngineSession session(contest.FreshFolder("points"), synchronous);
  const double seconds = SecondsOf([&] {
    for (size_t at = 0; at < points; at += step) write(session, at, std::min(points, at + step));
  });
  return static_cast<double>(points) / 1e6 / seconds;
}

// Calls `write` with each of [begin, end), by so many threads at once: their commits share a sync.
template <typename Write>
void InThreads(size_t threads, size_t begin, size_t end, const Write& write) {
  std::vector<std::thread> all;
  for (size_t thread = 0; thread < threads; ++thread) {
    all.emplace_back([&, thread] {
      for (size_t i = begin + thread; i < end; i += threads) write(i);
    });
  }
  for (std::thread& thread : all) thread.join();
}

}  // namespace

void RunWritePointWork(Contest& contest) {
  const Dataset& data = contest.Points(Contest::Kind::kG100);
  Table& table = contest.table();
  const auto add = [&](const char* work, const Reach& reach) {
    return table.AddRow(work, "M rows/s", Better::kLarger, reach);
  };
  const Table::Row commits =
      add("WritePoint from C++, durable commits of 10,000 (G100)", {.value = 10});
  const Table::Row off = add("WritePoint from C++, a commit each, synchronous=off", {});
  const Table::Row normal =
      add("WritePoint from C++, a commit each, synchronous=normal", {.value = 10});
  const Table::Row full = add("WritePoint from C++, a commit each, synchronous=full", {});
  const Table::Row threads_normal =
      add("WritePoint from C++, a commit each, 8 threads, synchronous=normal", {});
  const Table::Row threads_full =
      add("WritePoint from C++, a commit each, 8 threads, synchronous=full", {});
  const auto shared = [&](EngineSession& session, size_t begin, size_t end) {
    InThreads(8, begin, end, [&](size_t i) { session.WritePoint(data, i); });
  };
  const auto one = [&](EngineSession& session, size_t begin, size_t) {
    session.WritePoint(data, begin);
  };
  const auto batch = [&](EngineSession& session, size_t begin, size_t end) {
    session.WritePoints(data, begin, end);
  };
  const size_t synced = 1000;
  const size_t singles = std::min<size_t>(data.size(), 500'000);
  for (int run = 0; run < contest.options().runs; ++run) {
    const auto measure = [&](Table::Row row, Synchronous synchronous, size_t points, size_t step,
                             const auto& write) {
      table.Add(row, Column::kXtdb, MillionsPerSecond(contest, synchronous, points, step, write));
    };
    measure(commits, Synchronous::kFull, data.size(), kRowsPerCommit, batch);
    measure(off, Synchronous::kOff, singles, 1, one);
    measure(normal, Synchronous::kNormal, singles, 1, one);
    measure(full, Synchronous::kFull, synced, 1, one);
    measure(threads_normal, Synchronous::kNormal, singles, singles, shared);
    measure(threads_full, Synchronous::kFull, 8 * synced, 8 * synced, shared);
  }
}

}  // namespace xtdb::bench
