#include "bench/compare/works.h"

namespace xtdb::bench {

// Each once: a size does not vary as a time does. Live: as loaded by commits of 10,000, and closed.
// Compacted: xTdb by xtdb_compact, SQLite by VACUUM, DuckDB as a new database sorted by tag and
// time.
void RunSizesWork(Contest& contest) {
  struct Case {
    Contest::Kind kind;
    double reach;
  };
  constexpr double kLiveOverCompact = 1.15;
  Table& table = contest.table();
  for (const Case one : {Case{Contest::Kind::kG1, 0.85}, Case{Contest::Kind::kG100, 3.1},
                         Case{Contest::Kind::kG100K, 5.0}}) {
    const Dataset& data = contest.Points(one.kind);
    const auto add = [&](const char* state, double reach) {
      return table.AddRow(std::string("bytes/point, ") + state + " (" + data.name + ")", kBytes,
                          Better::kSmaller, {.value = reach});
    };
    const Table::Row live = add("live", one.reach * kLiveOverCompact);
    const Table::Row compacted = add("compacted", one.reach);
    const auto measure = [&](Table::Row row, Column column, const std::filesystem::path& folder) {
      table.Add(row, column,
                static_cast<double>(Contest::DiskBytes(folder)) / static_cast<double>(data.size()));
    };
    for (const auto& contender : contest.contenders()) {
      const auto folder = contest.FreshFolder("sizes");
      Contest::Load(*contender, data, folder);
      measure(live, contender->column(), folder);
      if (contender->column() == Column::kDuckdb) {
        const auto sorted = contest.FreshFolder("sizes-sorted");
        contest.duckdb()->CopySorted(folder, sorted);
        measure(compacted, Column::kDuckdbSorted, sorted);
      } else if (Contest::Compact(*contender, folder)) {
        measure(compacted, contender->column(), folder);
      }
    }
  }
}

}  // namespace xtdb::bench
