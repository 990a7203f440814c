#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "bench/common/sqlite_connection.h"
#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/compare/works.h"
#include "vtab/text/time_text.h"

namespace xtdb::bench {
namespace {

namespace fs = std::filesystem;

void WriteCsv(const Dataset& data, const fs::path& path) {
  std::ofstream out(path);
  out << "tag,time,value\n";
  std::string lines;
  for (size_t i = 0; i < data.size(); ++i) {
    fmt::format_to(std::back_inserter(lines), "{},{},{}\n", data.tags[data.tag[i]],
                   FormatTime(data.ts_us[i]), data.value[i]);
    if (lines.size() < (1 << 20) && i + 1 < data.size()) continue;
    out << lines;
    lines.clear();
  }
  if (!out.flush()) Fail("cannot write " + path.string());
}

// Runs a program with nothing on its standard output.
void RunProgram(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (error != 0 || waitpid(pid, &status, 0) != pid || status != 0)
    Fail("cannot run, or failed: " + words[0]);
}

// SQLite's table keeps the time as the text it is: .import converts nothing.
void ImportIntoSqlite(const fs::path& csv, const fs::path& database) {
  {
    SqliteConnection db(database.string());
    db.Run("PRAGMA journal_mode=WAL");
    db.Run("CREATE TABLE t(tag TEXT, time TEXT, value REAL, PRIMARY KEY(tag, time)) WITHOUT ROWID");
  }
  RunProgram({"sqlite3", "-cmd", "PRAGMA cache_size=-65536", database.string(), ".mode csv",
              ".import --skip 1 " + csv.string() + " t"});
}

void Import(const Contest& contest, Contender& contender, const fs::path& csv,
            const fs::path& folder) {
  switch (contender.column()) {
    case Column::kXtdb:
      return RunProgram({(contest.options().build / "xtdb").string(), "import",
                         (folder / "x.xtdb").string(), csv.string()});
    case Column::kSqlite:
      return ImportIntoSqlite(csv, folder / "s.db");
    default:
      return contest.duckdb()->Import(csv, folder);
  }
}

}  // namespace

void RunCsvWork(Contest& contest) {
  const Dataset& data = contest.Points(Contest::Kind::kG100);
  const fs::path csv = contest.FreshFolder("csv") / "g100.csv";
  WriteCsv(data, csv);
  const Table::Row row =
      contest.table().AddRow(fmt::format("CSV import, tag,time,value, {} MB, with close (G100)",
                                         fs::file_size(csv) / 1'000'000),
                             "M rows/s", Better::kLarger, {.value = 8});
  contest.ForEachRun([&](Contender& contender) {
    const fs::path folder = contest.FreshFolder("import");
    const double seconds = SecondsOf([&] { Import(contest, contender, csv, folder); });
    contest.table().Add(row, contender.column(), static_cast<double>(data.size()) / 1e6 / seconds);
  });
  fs::remove(csv);
}

}  // namespace xtdb::bench
