// What scalar functions cost a row, beside a function of SQLite's own with the same arguments:
//   build/bench/scalar_bench [--rows 200000] [--runs 7]

#include <fmt/format.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "bench/common/machine.h"
#include "bench/common/sqlite_connection.h"
#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/scalar_bench/allocations.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace xtdb::bench {
namespace {

struct Work {
  const char* call;
  const char* beside;  // SQLite's own
};

constexpr Work kWorks[] = {
    {"time_bucket('5 min', at)", "max(at, '')"},
    {"time_bucket('5 min', us)", "max(us, 0)"},
    {"time_bucket('1 month', us)", "max(us, 0)"},
    {"time_bucket('1 day', at, 'Europe/Berlin')", "max(at, '', '')"},
    {"date_bin('5 min', at, '2001-01-01')", "max(at, '', '')"},
    {"date_trunc('hour', at)", "max(at, '')"},
    {"date_trunc('month', at)", "max(at, '')"},
    {"date_part('hour', at)", "length(at)"},
    {"date_part('epoch', us)", "abs(us)"},
    {"ts(at)", "length(at)"},
    {"to_timestamp(us / 1e6)", "abs(us / 1e6)"},
    {"timezone('Europe/Berlin', at)", "max(at, '')"},
    {"ts_add(at, '1 mon')", "max(at, '')"},
    {"ts_diff(at, '2026-01-01')", "max(at, '')"},
    {"age(at, '2026-01-01')", "max(at, '')"},
    {"to_char(at, 'YYYY-MM-DD HH24:MI')", "max(at, '')"},
    {"to_timestamp(at, 'YYYY-MM-DD HH24:MI:SS')", "max(at, '')"},
    {"pg_text(us / 7e5)", "max(us / 7e5, 0)"},
    {"now()", "abs(us)"},
    {"q_good(q)", "abs(q)"},
    {"q_text(q)", "hex(q)"},
};

struct Cost {
  double nanoseconds = 0;
  double allocations = 0;
};

Cost CostOf(SqliteConnection& db, const char* expression, int rows, int runs) {
  // One call for the row, none for others: constants are not taken out of the loop.
  const StatementPtr statement =
      db.Prepare(fmt::format("SELECT count({}) FROM t WHERE us > 0", expression));
  db.StepToEnd(statement.get());
  std::vector<double> seconds;
  const uint64_t before = Allocations();
  for (int run = 0; run < runs; ++run) {
    const Stopwatch watch;
    db.StepToEnd(statement.get());
    seconds.push_back(watch.Seconds());
  }
  const double count = static_cast<double>(rows);
  return {1e9 * Median(seconds) / count,
          static_cast<double>(Allocations() - before) / runs / count};
}

void Run(int rows, int runs) {
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  SqliteConnection db(":memory:");
  db.Run(fmt::format(
      "CREATE TABLE t(at TEXT, us INTEGER, q INTEGER); WITH n(i) AS (SELECT 0 UNION ALL SELECT i + "
      "1 FROM n WHERE i < {} - 1) INSERT INTO t SELECT to_timestamp(1700000000 + i * 61.337), "
      "1700000000000000 + i * 61337000, i % 4 * 64 FROM n",
      rows));
  fmt::print("{} rows, medians of {} runs\n{}\n{}\nload {}\n\n", WithCommas(rows), runs,
             DescribeBuild(), DescribeMachine(), DescribeLoad());
  fmt::print("| {:<42} | {:>8} | {:<16} | {:>8} | {:>8} | {:>12} |\n", "call", "ns a row", "beside",
             "ns a row", "more", "allocations");
  fmt::print("|{:-<44}|{:->9}:|{:-<18}|{:->9}:|{:->9}:|{:->13}:|\n", "", "", "", "", "", "");
  for (const Work& work : kWorks) {
    const Cost cost = CostOf(db, work.call, rows, runs);
    const Cost beside = CostOf(db, work.beside, rows, runs);
    fmt::print("| {:<42} | {:>8.1f} | {:<16} | {:>8.1f} | {:>8.1f} | {:>12.3f} |\n", work.call,
               cost.nanoseconds, work.beside, beside.nanoseconds,
               cost.nanoseconds - beside.nanoseconds, cost.allocations);
  }
}

}  // namespace
}  // namespace xtdb::bench

int main(int argc, char** argv) {
  CLI::App app("What scalar functions cost a row");
  int rows = 200'000;
  int runs = 7;
  app.add_option("--rows", rows)->check(CLI::PositiveNumber);
  app.add_option("--runs", runs)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  xtdb::bench::Run(rows, runs);
}
