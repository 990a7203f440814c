#include <algorithm>

#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/compare/works.h"

namespace xtdb::bench {
namespace {

struct IngestRows {
  Table::Row committed;  // until the last COMMIT has returned
  Table::Row closed;     // until the store is closed: all in its place, no log left
};

IngestRows AddIngestRows(Contest& contest, const std::string& work, const Reach& reach) {
  Table& table = contest.table();
  IngestRows rows{};
  rows.committed = table.AddRow(work, "M rows/s", Better::kLarger, reach);
  rows.closed = table.AddRow(work + ", with close", "M rows/s", Better::kLarger);
  return rows;
}

// Inserts the first `rows` of `data` into a new store.
//   rows_per_commit: 0, all in one transaction.
void Ingest(Contest& contest, Contender& contender, const Dataset& data, size_t rows,
            size_t rows_per_commit, const IngestRows& into) {
  std::unique_ptr<Store> store = contender.Open(contest.FreshFolder("ingest"));
  const size_t step = rows_per_commit == 0 ? rows : rows_per_commit;
  const Stopwatch watch;
  for (size_t at = 0; at < rows; at += step) {
    store->Begin();
    if (rows_per_commit == 0)
      store->Insert(data, at, std::min(rows, at + step));
    else
      store->Append(data, at, std::min(rows, at + step));
    store->Commit();
  }
  const double committed = watch.Seconds();
  store.reset();
  const double millions = static_cast<double>(rows) / 1e6;
  contest.table().Add(into.committed, contender.column(), millions / committed);
  contest.table().Add(into.closed, contender.column(), millions / watch.Seconds());
}

void InsertInOneTransaction(Contest& contest, Contest::Kind kind, const std::string& work,
                            const Reach& reach) {
  const Dataset& data = contest.Points(kind);
  const IngestRows rows = AddIngestRows(contest, work + " (" + data.name + ")", reach);
  contest.ForEachRun([&](Contender& contender) {
    const size_t count = std::min(data.size(), contender.InsertsMax());
    Ingest(contest, contender, data, count, 0, rows);
  });
}

}  // namespace

void RunInsertWork(Contest& contest) {
  InsertInOneTransaction(contest, Contest::Kind::kG100, "INSERT, prepared, one transaction",
                         {.value = 1.5, .over_sqlite = 2.5});
}

void RunManyTagsWork(Contest& contest) {
  InsertInOneTransaction(contest, Contest::Kind::kG100K, "INSERT, prepared, one transaction",
                         {.value = 1.25, .over_sqlite = 2});
}

void RunCommitsWork(Contest& contest) {
  const Dataset& data = contest.Points(Contest::Kind::kG100);
  const IngestRows rows = AddIngestRows(contest, "INSERT, durable commits of 10,000 (G100)",
                                        {.value = 1.3, .over_sqlite = 3});
  contest.ForEachRun([&](Contender& contender) {
    Ingest(contest, contender, data, data.size(), kRowsPerCommit, rows);
  });
}

}  // namespace xtdb::bench
