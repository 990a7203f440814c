// xTdb beside a plain SQLite table, in one run: the same rows through the same SQL, medians of
// --runs. Prints one table with the ratio of each row, then sizes after close, seed, build and
// machine.
//
//   build/bench/compare [--rows N] [--runs N] [--folder DIR]
//
// Workload G100 (seed 1): 100 tags interleaved by time, 1 s apart with +-5 ms jitter in
// microseconds; 40 two-decimal walks (steps of +-0.20), 20 one-decimal sines with noise, 20
// counters (+0..3), 10 steps that rarely change, 10 full-precision doubles.

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const sqlite3_api_routines* api);

namespace {

namespace fs = std::filesystem;

constexpr int kTags = 100;
constexpr int64_t kStartUs = 1'767'225'600'000'000;  // 2026-01-01

struct Row {
  int tag;
  int64_t ts_us;
  double value;
};

std::string TagName(int tag) { return fmt::format("plant.area{}.signal{:02}", tag / 25, tag); }

std::vector<Row> MakeG100(size_t rows) {
  std::mt19937_64 random(1);
  const auto draw = [&](int64_t bound) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
  };
  std::vector<int64_t> state(kTags, 2000);
  std::vector<Row> all;
  all.reserve(rows);
  for (size_t i = 0; i < rows; ++i) {
    const int tag = static_cast<int>(i % kTags);
    const auto second = static_cast<int64_t>(i / kTags);
    const auto at = static_cast<size_t>(tag);
    double value = 0;
    if (tag < 40) {
      value = static_cast<double>(state[at] += draw(41) - 20) / 100;
    } else if (tag < 60) {
      const double wave = 500 + 200 * std::sin(static_cast<double>(second) / 600);
      value = std::round(wave * 10 + static_cast<double>(draw(21) - 10)) / 10;
    } else if (tag < 80) {
      value = static_cast<double>(state[at] += draw(4));
    } else if (tag < 90) {
      if (draw(600) == 0) state[at] = draw(10);
      value = static_cast<double>(state[at]);
    } else {
      value = static_cast<double>(random() >> 11) * 0x1p-53;
    }
    all.push_back({tag, kStartUs + second * 1'000'000 + draw(10'001) - 5000, value});
  }
  return all;
}

[[noreturn]] void Fail(const std::string& what) {
  fmt::print(stderr, "compare: {}\n", what);
  std::exit(1);
}

class Database {
 public:
  Database(const fs::path& path, bool is_xtdb) : is_xtdb_(is_xtdb) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail(sqlite3_errmsg(db_));
    if (is_xtdb) {
      Run(fmt::format("CREATE VIRTUAL TABLE IF NOT EXISTS t USING xtdb(path='{}')",
                      path.filename().string() + ".xtdb"));
    } else {
      Run("PRAGMA journal_mode=WAL");
      Run("PRAGMA synchronous=FULL");
      Run("CREATE TABLE IF NOT EXISTS t(tag TEXT, ts INTEGER, value REAL, quality INTEGER, "
          "PRIMARY KEY(tag, ts)) WITHOUT ROWID");
    }
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void Run(const std::string& sql) {
    char* error = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK)
      Fail(sql + ": " + error);
  }
  sqlite3_stmt* Prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      Fail(sql + ": " + sqlite3_errmsg(db_));
    }
    return statement;
  }
  void Insert(const std::vector<Row>& rows, const std::vector<std::string>& names,
              size_t rows_per_commit) {
    sqlite3_stmt* insert = Prepare("INSERT INTO t(tag, ts, value, quality) VALUES (?, ?, ?, 192)");
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows_per_commit > 1 && i % rows_per_commit == 0) Run("BEGIN");
      const std::string& name = names[static_cast<size_t>(rows[i].tag)];
      sqlite3_bind_text(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
      sqlite3_bind_int64(insert, 2, rows[i].ts_us);
      sqlite3_bind_double(insert, 3, rows[i].value);
      if (sqlite3_step(insert) != SQLITE_DONE) Fail(sqlite3_errmsg(db_));
      sqlite3_reset(insert);
      if (rows_per_commit > 1 && ((i + 1) % rows_per_commit == 0 || i + 1 == rows.size()))
        Run("COMMIT");
    }
    sqlite3_finalize(insert);
  }
  // Steps through all rows and reads every column; returns a checksum, so that answers can be
  // compared.
  double Query(const std::string& sql) {
    sqlite3_stmt* select = Prepare(sql);
    double sum = 0;
    const int columns = sqlite3_column_count(select);
    while (sqlite3_step(select) == SQLITE_ROW) {
      for (int column = 0; column < columns; ++column) sum += sqlite3_column_double(select, column);
    }
    sqlite3_finalize(select);
    return sum;
  }
  bool is_xtdb() const { return is_xtdb_; }

 private:
  sqlite3* db_ = nullptr;
  const bool is_xtdb_;
};

double Seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

uint64_t BytesOf(const fs::path& folder, const std::string& prefix) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(prefix)) bytes += fs::file_size(entry.path());
  }
  return bytes;
}

void PrintRow(const std::string& work, double xtdb, double sqlite, const char* unit,
              bool larger_is_better) {
  const double ratio = larger_is_better ? xtdb / sqlite : sqlite / xtdb;
  fmt::print("{:<52} {:>12.4g} {:>12.4g} {:<8} {:>6.2f}x\n", work, xtdb, sqlite, unit, ratio);
}

struct Contest {
  fs::path folder;
  int runs;
  std::vector<Row> rows;
  std::vector<std::string> names;

  fs::path PathOf(bool is_xtdb) const { return folder / (is_xtdb ? "x.db" : "s.db"); }
  void Clear() const {
    for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
  }

  // Rows a second of inserting `part`, close included, both stores in turn.
  void Ingest(const std::string& work, const std::vector<Row>& part, size_t rows_per_commit) const {
    std::vector<double> rates[2];
    for (int run = 0; run < runs; ++run) {
      Clear();
      for (const bool is_xtdb : {true, false}) {
        const double seconds = Seconds([&] {
          Database database(PathOf(is_xtdb), is_xtdb);
          database.Insert(part, names, rows_per_commit);
        });
        rates[is_xtdb ? 0 : 1].push_back(static_cast<double>(part.size()) / seconds);
      }
    }
    PrintRow(work, Median(rates[0]), Median(rates[1]), "rows/s", true);
  }

  // p50 of single-row commits, and of an append and fdatasync of 200 bytes in the same folder.
  void CommitLatency() const {
    Clear();
    std::vector<double> micros[3];
    Database xtdb(PathOf(true), true);
    Database sqlite(PathOf(false), false);
    const int fd = open((folder / "floor").c_str(), O_CREAT | O_WRONLY, 0644);
    if (fd < 0) Fail("floor file");
    const std::vector<char> bytes(200, 'x');
    for (size_t i = 0; i < 500; ++i) {
      const std::vector<Row> one(rows.begin() + static_cast<std::ptrdiff_t>(i),
                                 rows.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      micros[0].push_back(1e6 * Seconds([&] { xtdb.Insert(one, names, 1); }));
      micros[1].push_back(1e6 * Seconds([&] { sqlite.Insert(one, names, 1); }));
      micros[2].push_back(1e6 * Seconds([&] {
                            if (write(fd, bytes.data(), bytes.size()) != 200 || fdatasync(fd) != 0)
                              Fail("floor");
                          }));
    }
    close(fd);
    PrintRow("single-row durable commit, p50", Median(micros[0]), Median(micros[1]), "us", false);
    fmt::print("{:<52} {:>12.4g}\n", "  the floor: append 200 bytes and fdatasync, p50",
               Median(micros[2]));
  }

  void Queries() const {
    Clear();
    for (const bool is_xtdb : {true, false}) {
      Database(PathOf(is_xtdb), is_xtdb).Insert(rows, names, rows.size());
    }
    Database stores[2] = {{PathOf(true), true}, {PathOf(false), false}};
    const std::string tag = TagName(7);
    const int64_t last = rows.back().ts_us;
    const int64_t middle = kStartUs + (last - kStartUs) / 2;
    const std::vector<std::pair<std::string, std::string>> queries = {
        {"one point by tag and time",
         fmt::format("SELECT ts, value FROM t WHERE tag = '{}' AND ts = {}", tag,
                     rows[rows.size() / 200 * 100 + 7].ts_us)},
        {"one hour of one tag, three columns",
         fmt::format("SELECT ts, value, quality FROM t WHERE tag = '{}' AND ts >= {} AND ts < {}",
                     tag, middle, middle + int64_t{3'600'000'000})},
        {"all rows of one tag", fmt::format("SELECT ts, value FROM t WHERE tag = '{}'", tag)},
        {"hourly count/avg/min/max of one tag, by GROUP BY",
         fmt::format("SELECT ts / 3600000000, count(*), avg(value), min(value), max(value) FROM t "
                     "WHERE tag = '{}' GROUP BY 1",
                     tag)},
        {"newest value of one tag",
         fmt::format("SELECT ts, value FROM t WHERE tag = '{}' ORDER BY ts DESC LIMIT 1", tag)},
        {"count of value > x in one tag",
         fmt::format("SELECT count(*) FROM t WHERE tag = '{}' AND value > 20", tag)},
        {"avg of each tag, all rows", "SELECT tag, avg(value) FROM t GROUP BY tag"},
    };
    for (const auto& [work, sql] : queries) {
      std::vector<double> millis[2];
      double answers[2] = {0, 0};
      for (int run = 0; run < std::max(5, runs); ++run) {
        for (const int store : {0, 1}) {
          millis[store].push_back(1e3 *
                                  Seconds([&] { answers[store] = stores[store].Query(sql); }));
        }
      }
      if (std::abs(answers[0] - answers[1]) > 1e-9 * std::abs(answers[1]))
        Fail("answers differ: " + sql);
      PrintRow(work, Median(millis[0]), Median(millis[1]), "ms", false);
    }
  }

  void Sizes() const {
    const auto points = static_cast<double>(rows.size());
    PrintRow("bytes a point after close",
             static_cast<double>(BytesOf(folder, "x.db.xtdb")) / points,
             static_cast<double>(BytesOf(folder, "s.db")) / points, "bytes", false);
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("xTdb beside a plain SQLite table, in one run");
  size_t row_count = 1'000'000;
  int runs = 3;
  std::string folder;
  app.add_option("--rows", row_count, "rows of G100")->capture_default_str();
  app.add_option("--runs", runs, "runs of each; medians are printed")->capture_default_str();
  app.add_option("--folder", folder, "where the stores are made; default: a temporary one");
  CLI11_PARSE(app, argc, argv);
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));

  const bool is_temporary = folder.empty();
  if (is_temporary)
    folder = (fs::temp_directory_path() / fmt::format("xtdb-compare-{}", getpid())).string();
  fs::create_directories(folder);
  utsname machine{};
  uname(&machine);
  fmt::print("G100, {} rows, seed 1, {} runs, SQLite {}, {} {}, {} cores, {}\n\n", row_count, runs,
             sqlite3_libversion(), machine.sysname, machine.release, sysconf(_SC_NPROCESSORS_ONLN),
#ifdef NDEBUG
             "Release"
#else
             "Debug: figures mean nothing"
#endif
  );
  fmt::print("{:<52} {:>12} {:>12} {:<8} {:>7}\n", "work", "xTdb", "SQLite", "unit", "ratio");
  Contest contest{folder, runs, MakeG100(row_count), {}};
  for (int tag = 0; tag < kTags; ++tag) contest.names.push_back(TagName(tag));
  contest.Ingest("INSERT, prepared, one transaction", contest.rows, contest.rows.size());
  contest.Ingest("INSERT, durable commits of 10,000", contest.rows, 10'000);
  contest.CommitLatency();
  contest.Queries();
  contest.Sizes();
  if (is_temporary) fs::remove_all(folder);
  return 0;
}
