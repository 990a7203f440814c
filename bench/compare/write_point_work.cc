#include <algorithm>

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
  const auto one = [&](EngineSession& session, size_t begin, size_t) {
    session.WritePoint(data, begin);
  };
  const size_t singles = std::min<size_t>(data.size(), 500'000);
  for (int run = 0; run < contest.options().runs; ++run) {
    table.Add(commits, Column::kXtdb,
              MillionsPerSecond(contest, Synchronous::kFull, data.size(), kRowsPerCommit,
                                [&](EngineSession& session, size_t begin, size_t end) {
                                  session.WritePoints(data, begin, end);
                                }));
    table.Add(off, Column::kXtdb, MillionsPerSecond(contest, Synchronous::kOff, singles, 1, one));
    table.Add(normal, Column::kXtdb,
              MillionsPerSecond(contest, Synchronous::kNormal, singles, 1, one));
    table.Add(
        full, Column::kXtdb,
        MillionsPerSecond(contest, Synchronous::kFull, std::min<size_t>(singles, 1000), 1, one));
  }
}

}  // namespace xtdb::bench
