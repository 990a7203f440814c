// INSERT and xtdb_append through SQL: nanoseconds of processor time a row (of all threads) and rows
// a second by the clock, medians of --runs. Beside them the same INSERT into a virtual table whose
// xUpdate does nothing, and into one that reads the four values: what SQLite itself takes.
//
//   build/bench/insert_bench [--rows N] [--runs N] [--folder DIR] [--only TEXT]
//
// Workload: 100 tags in turn, 1 s apart with jitter in microseconds, two-decimal walks (seed 1).

#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "bench/common/timing.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const sqlite3_api_routines* api);

namespace {

namespace fs = std::filesystem;

constexpr size_t kTags = 100;
constexpr size_t kBlobPoints = 10'000;

struct Row {
  size_t tag;
  int64_t ts_us;
  double value;
};

std::vector<Row> MakeRows(size_t count) {
  std::mt19937_64 random(1);
  const auto draw = [&](int64_t bound) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(bound));
  };
  std::vector<int64_t> state(kTags, 2000);
  std::vector<Row> rows;
  rows.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const size_t tag = i % kTags;
    state[tag] += draw(41) - 20;
    rows.push_back(
        {tag,
         1'767'225'600'000'000 + static_cast<int64_t>(i / kTags) * 1'000'000 + draw(10'001) - 5000,
         static_cast<double>(state[tag]) / 100});
  }
  return rows;
}

[[noreturn]] void Fail(const std::string& what) {
  fmt::print(stderr, "insert_bench: {}\n", what);
  std::exit(1);
}

// ---- Virtual tables that keep nothing.

struct IdleTable : sqlite3_vtab {
  bool reads = false;
  double sum = 0;
};

template <bool kReads>
int ConnectIdle(sqlite3* db, void*, int, const char* const*, sqlite3_vtab** table, char**) {
  auto* const idle = new IdleTable();
  idle->reads = kReads;
  *table = idle;
  return sqlite3_declare_vtab(db, "CREATE TABLE x(tag TEXT, ts BIGINT, value, quality INTEGER)");
}
int DisconnectIdle(sqlite3_vtab* table) {
  delete static_cast<IdleTable*>(table);
  return SQLITE_OK;
}
int PlanIdle(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }
int OpenIdle(sqlite3_vtab*, sqlite3_vtab_cursor**) { return SQLITE_ERROR; }
int UpdateIdle(sqlite3_vtab* table, int, sqlite3_value** values, sqlite3_int64* rowid) {
  auto* const idle = static_cast<IdleTable*>(table);
  if (idle->reads) {
    idle->sum += static_cast<double>(sqlite3_value_bytes(values[2])) +
                 static_cast<double>(sqlite3_value_int64(values[3])) +
                 sqlite3_value_double(values[4]) +
                 static_cast<double>(sqlite3_value_int64(values[5])) +
                 (sqlite3_value_text(values[2]) == nullptr ? 1 : 0);
  }
  *rowid = 1;
  return SQLITE_OK;
}
int DoNothing(sqlite3_vtab*) { return SQLITE_OK; }

template <bool kReads>
sqlite3_module IdleModule() {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xCreate = module.xConnect = ConnectIdle<kReads>;
  module.xDisconnect = module.xDestroy = DisconnectIdle;
  module.xBestIndex = PlanIdle;
  module.xOpen = OpenIdle;
  module.xUpdate = UpdateIdle;
  module.xBegin = module.xSync = module.xCommit = module.xRollback = DoNothing;
  return module;
}

// ---- The runs.

class Database {
 public:
  explicit Database(const fs::path& path) {
    if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) Fail(sqlite3_errmsg(db_));
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  sqlite3* get() const { return db_; }
  void Run(const std::string& sql) const {
    char* error = nullptr;
    if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error) != SQLITE_OK) Fail(error);
  }
  sqlite3_stmt* Prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      Fail(sqlite3_errmsg(db_));
    }
    return statement;
  }

 private:
  sqlite3* db_ = nullptr;
};

std::vector<std::string> TagNames() {
  std::vector<std::string> names;
  for (size_t tag = 0; tag < kTags; ++tag) {
    names.push_back(fmt::format("plant.area{}.signal{:02}", tag / 25, tag));
  }
  return names;
}

void Insert(const Database& database, const std::vector<Row>& rows, size_t rows_per_commit) {
  static const std::vector<std::string> names = TagNames();
  sqlite3_stmt* const insert =
      database.Prepare("INSERT INTO t(tag, ts, value, quality) VALUES (?, ?, ?, 192)");
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % rows_per_commit == 0) database.Run("BEGIN");
    const std::string& name = names[rows[i].tag];
    sqlite3_bind_text(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, rows[i].ts_us);
    sqlite3_bind_double(insert, 3, rows[i].value);
    if (sqlite3_step(insert) != SQLITE_DONE) Fail(sqlite3_errmsg(database.get()));
    sqlite3_reset(insert);
    if ((i + 1) % rows_per_commit == 0 || i + 1 == rows.size()) database.Run("COMMIT");
  }
  sqlite3_finalize(insert);
}

struct Blobs {
  size_t tag;
  std::vector<int64_t> ts_us;
  std::vector<double> values;
};

std::vector<Blobs> MakeBlobs(const std::vector<Row>& rows) {
  std::vector<Blobs> done, open(kTags);
  const auto finish = [&](Blobs& blobs, size_t tag) {
    if (blobs.ts_us.empty()) return;
    done.push_back(std::move(blobs));
    done.back().tag = tag;
    blobs = {};
  };
  for (const Row& row : rows) {
    open[row.tag].ts_us.push_back(row.ts_us);
    open[row.tag].values.push_back(row.value);
    if (open[row.tag].ts_us.size() == kBlobPoints) finish(open[row.tag], row.tag);
  }
  for (size_t tag = 0; tag < kTags; ++tag) finish(open[tag], tag);
  return done;
}

void Append(const Database& database, const std::vector<Blobs>& all) {
  static const std::vector<std::string> names = TagNames();
  sqlite3_stmt* const append = database.Prepare("SELECT xtdb_append('t', ?, ?, ?)");
  database.Run("BEGIN");
  for (const Blobs& blobs : all) {
    const std::string& name = names[blobs.tag];
    const auto bytes = static_cast<int>(blobs.ts_us.size() * sizeof(int64_t));
    sqlite3_bind_text(append, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_blob(append, 2, blobs.ts_us.data(), bytes, SQLITE_STATIC);
    sqlite3_bind_blob(append, 3, blobs.values.data(), bytes, SQLITE_STATIC);
    if (sqlite3_step(append) != SQLITE_ROW) Fail(sqlite3_errmsg(database.get()));
    sqlite3_reset(append);
  }
  database.Run("COMMIT");
  sqlite3_finalize(append);
}

struct Bench {
  fs::path folder;
  size_t rows;
  int runs;
  std::string only;

  void Measure(const std::string& name, const std::string& create,
               const std::function<void(const Database&)>& work) const {
    if (name.find(only) == std::string::npos) return;
    std::vector<double> seconds, processor;
    for (int run = 0; run < runs; ++run) {
      for (const auto& entry : fs::directory_iterator(folder)) fs::remove(entry.path());
      const Database database(folder / "bench.db");
      static const sqlite3_module kIdle = IdleModule<false>(), kReading = IdleModule<true>();
      sqlite3_create_module(database.get(), "idle", &kIdle, nullptr);
      sqlite3_create_module(database.get(), "reading", &kReading, nullptr);
      database.Run(create);
      const double processor_before = xtdb::bench::ProcessorSeconds();
      const auto start = std::chrono::steady_clock::now();
      work(database);
      seconds.push_back(
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      processor.push_back(xtdb::bench::ProcessorSeconds() - processor_before);
    }
    const auto count = static_cast<double>(rows);
    fmt::print(
        "{:<48} {:>9.2f} {:>9.1f} {:>9.1f}\n", name, count / xtdb::bench::Median(seconds) * 1e-6,
        xtdb::bench::Median(seconds) * 1e9 / count, xtdb::bench::Median(processor) * 1e9 / count);
    std::fflush(stdout);
  }
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("INSERT and xtdb_append through SQL");
  Bench bench{{}, 2'000'000, 3, {}};
  std::string folder;
  app.add_option("--rows", bench.rows, "rows")->capture_default_str();
  app.add_option("--runs", bench.runs, "runs of each; medians are printed")->capture_default_str();
  app.add_option("--folder", folder, "where the stores are made; default: a temporary one");
  app.add_option("--only", bench.only, "only works whose name has this text");
  CLI11_PARSE(app, argc, argv);
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  const bool is_temporary = folder.empty();
  if (is_temporary)
    folder = (fs::temp_directory_path() / fmt::format("xtdb-insert-{}", getpid())).string();
  bench.folder = folder;
  fs::create_directories(bench.folder);
  const std::vector<Row> rows = MakeRows(bench.rows);
  const std::vector<Blobs> blobs = MakeBlobs(rows);
  const size_t all = rows.size();
  const std::string xtdb = "CREATE VIRTUAL TABLE t USING xtdb";
  fmt::print("{} rows of {} tags, {} runs, SQLite {}, {}\n\n", bench.rows, kTags, bench.runs,
             sqlite3_libversion(),
#ifdef NDEBUG
             "Release"
#else
             "Debug: figures mean nothing"
#endif
  );
  fmt::print("{:<48} {:>9} {:>9} {:>9}\n", "work", "M rows/s", "ns/row", "CPU ns");
  bench.Measure("INSERT, xUpdate does nothing", "CREATE VIRTUAL TABLE t USING idle",
                [&](const Database& database) { Insert(database, rows, all); });
  bench.Measure("INSERT, xUpdate reads the values", "CREATE VIRTUAL TABLE t USING reading",
                [&](const Database& database) { Insert(database, rows, all); });
  bench.Measure("INSERT into xtdb, one transaction", xtdb,
                [&](const Database& database) { Insert(database, rows, all); });
  bench.Measure("INSERT into xtdb, commits of 10,000", xtdb,
                [&](const Database& database) { Insert(database, rows, 10'000); });
  bench.Measure("xtdb_append, 10,000 points a call", xtdb,
                [&](const Database& database) { Append(database, blobs); });
  if (is_temporary) fs::remove_all(folder);
  return 0;
}
