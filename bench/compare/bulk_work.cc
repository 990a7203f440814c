#include "bench/common/timing.h"
#include "bench/compare/engine_session.h"
#include "bench/compare/works.h"

namespace xtdb::bench {

// All points tag by tag. xTdb has two ways, DuckDB one, which stands beside both.
void RunBulkWork(Contest& contest) {
  const Dataset& data = contest.Points(Contest::Kind::kG100);
  const std::vector<TagSeries> series = SeriesByTag(data);
  Table& table = contest.table();
  const Reach reach{.value = 20, .over_duckdb = 3};
  const auto add = [&](const char* work, const Reach& to_reach) {
    return table.AddRow(work, "M rows/s", Better::kLarger, to_reach);
  };
  const Table::Row by_cpp = add("bulk append, one transaction, C++ batches (G100)", reach);
  const Table::Row by_cpp_closed = add("bulk append, C++ batches, with close", {});
  const Table::Row by_blobs = add("bulk append, one transaction, xtdb_append BLOBs (G100)", reach);
  const Table::Row by_blobs_closed = add("bulk append, xtdb_append BLOBs, with close", {});
  const double millions = static_cast<double>(data.size()) / 1e6;

  contest.ForEachRun([&](Contender& contender) {
    const Column column = contender.column();
    if (column == Column::kXtdb) {
      auto session =
          std::make_unique<EngineSession>(contest.FreshFolder("bulk"), Synchronous::kFull);
      const Stopwatch watch;
      session->AppendSeries(data, series);
      table.Add(by_cpp, column, millions / watch.Seconds());
      session.reset();
      table.Add(by_cpp_closed, column, millions / watch.Seconds());
    }
    std::unique_ptr<Store> store = contender.Open(contest.FreshFolder("bulk"));
    const Stopwatch watch;
    if (!store->AppendSeries(data, series)) return;
    const double committed = millions / watch.Seconds();
    store.reset();
    const double closed = millions / watch.Seconds();
    table.Add(by_blobs, column, committed);
    table.Add(by_blobs_closed, column, closed);
    if (column != Column::kXtdb) {
      table.Add(by_cpp, column, committed);
      table.Add(by_cpp_closed, column, closed);
    }
  });
}

}  // namespace xtdb::bench
