#include "bench/soak/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "bench/common/text.h"

namespace xtdb::bench {
namespace {

constexpr int64_t kSecondsPerCommit = 10;  // of the plant, by the in-order writer
constexpr int64_t kLateSeconds = 600;      // how late a late point is at most
constexpr int kLargeTags = 10;
constexpr size_t kLargePointsPerTag = 20'000;
constexpr double kLargeEverySeconds = 10;

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  int64_t Below(int64_t bound) {
    return static_cast<int64_t>(engine_() % static_cast<uint64_t>(std::max<int64_t>(1, bound)));
  }

 private:
  std::mt19937_64 engine_;
};

std::string TagName(int worker, const char* kind, int64_t number) {
  return fmt::format("plant{}.{}.signal{:02}", worker, kind, number);
}

void Bind(sqlite3_stmt* statement, const std::string& tag) {
  sqlite3_bind_text(statement, 1, tag.data(), static_cast<int>(tag.size()), SQLITE_STATIC);
}

// INSERT of one point by a prepared statement.
class PointWriter {
 public:
  explicit PointWriter(SqliteConnection& db)
      : db_(db), insert_(db.Prepare("INSERT INTO t(tag, ts, value) VALUES (?, ?, ?)")) {}
  void Write(const std::string& tag, int64_t ts_us, double value) {
    Bind(insert_.get(), tag);
    sqlite3_bind_int64(insert_.get(), 2, ts_us);
    sqlite3_bind_double(insert_.get(), 3, value);
    db_.StepToEnd(insert_.get());
  }

 private:
  SqliteConnection& db_;
  const StatementPtr insert_;
};

}  // namespace

PlantConnection::PlantConnection(const SoakPlan& plan) : SqliteConnection(":memory:") {
  LoadExtension(plan.extension.string());
  Run("PRAGMA busy_timeout = 60000");
  Run(fmt::format("CREATE VIRTUAL TABLE t USING xtdb(path='{}', chunk_size='{}M', buffer='{}M')",
                  (plan.folder / "soak.xtdb").string(), plan.chunk_mib, plan.buffer_mib));
}

SoakLoad::SoakLoad(const SoakPlan& plan) : plan_(plan) {
  threads_.emplace_back([this] { WriteInOrder(); });
  threads_.emplace_back([this] { WriteInDisorder(); });
  threads_.emplace_back([this] { WriteLarge(); });
  for (const uint64_t seed : {1, 2}) threads_.emplace_back([this, seed] { Read(seed); });
}

void SoakLoad::Stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

bool SoakLoad::SleepFor(double seconds) {
  std::unique_lock lock(mutex_);
  stopped_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stop_.load(); });
  return !stop_;
}

void SoakLoad::WriteInOrder() {
  PlantConnection db(plan_);
  PointWriter writer(db);
  Random random(100 + static_cast<uint64_t>(plan_.worker));
  std::vector<std::string> names;
  std::array<int64_t, kSoakTags> walk{};
  for (int tag = 0; tag < kSoakTags; ++tag) names.push_back(TagName(plan_.worker, "order", tag));
  for (int64_t next = 0; !stop_;) {
    const int64_t now = PlantSecond(plan_);
    if (now - next < kSecondsPerCommit) {
      SleepFor(0.002);
      continue;
    }
    // A machine that cannot keep up has gaps, and not an ever longer queue.
    next = std::max(next, now - 100 * kSecondsPerCommit);
    db.Run("BEGIN");
    for (int64_t second = next; second < next + kSecondsPerCommit; ++second) {
      for (int tag = 0; tag < kSoakTags; ++tag) {
        const auto at = static_cast<size_t>(tag);
        walk[at] += random.Below(41) - 20;
        writer.Write(names[at], PlantUs(second) + random.Below(10'001) - 5000,
                     static_cast<double>(walk[at]) / 100);
      }
    }
    db.Run("COMMIT");
    next += kSecondsPerCommit;
    ++counters_.commits;
    counters_.points += kSoakTags * kSecondsPerCommit;
  }
}

void SoakLoad::WriteInDisorder() {
  constexpr int kPoints = 200;
  PlantConnection db(plan_);
  PointWriter writer(db);
  const StatementPtr remove = db.Prepare("DELETE FROM t WHERE tag = ? AND ts >= ? AND ts < ?");
  Random random(200 + static_cast<uint64_t>(plan_.worker));
  while (SleepFor(0.2)) {
    const int64_t now = PlantSecond(plan_);
    const auto recent = [&] { return now - random.Below(std::min(now, kLateSeconds)); };
    db.Run("BEGIN");
    for (int i = 0; i < kPoints; ++i) {
      // Late points of one tag, which overwrite each other now and then; and new values of others.
      writer.Write(TagName(plan_.worker, "late", random.Below(20)), PlantUs(recent()),
                   static_cast<double>(random.Below(1000)) / 10);
    }
    const std::string tag = TagName(plan_.worker, "late", random.Below(20));
    const int64_t begin = recent();
    Bind(remove.get(), tag);
    sqlite3_bind_int64(remove.get(), 2, PlantUs(begin));
    sqlite3_bind_int64(remove.get(), 3, PlantUs(begin + 20));
    db.StepToEnd(remove.get());
    if (random.Below(10) == 0) {
      db.Run("ROLLBACK");
      ++counters_.rollbacks;
      continue;
    }
    db.Run("COMMIT");
    ++counters_.commits;
    ++counters_.deletes;
    counters_.points += kPoints;
  }
}

void SoakLoad::WriteLarge() {
  PlantConnection db(plan_);
  const StatementPtr append = db.Prepare("SELECT xtdb_append('t', ?, ?, ?)");
  std::vector<int64_t> ts_us(kLargePointsPerTag);
  std::vector<double> values(kLargePointsPerTag);
  const int64_t bytes = static_cast<int64_t>(8 * kLargePointsPerTag);
  while (SleepFor(std::min(kLargeEverySeconds, plan_.window_s() / 3))) {
    // Behind the newest points, so that retention takes them with the rest.
    const int64_t end_us = PlantUs(PlantSecond(plan_));
    db.Run("BEGIN");
    for (int tag = 0; tag < kLargeTags; ++tag) {
      for (size_t i = 0; i < kLargePointsPerTag; ++i) {
        ts_us[i] = end_us - static_cast<int64_t>((kLargePointsPerTag - i) * 10'000);
        values[i] = static_cast<double>((i * 7 + static_cast<size_t>(tag)) % 1000) / 10;
      }
      const std::string name = TagName(plan_.worker, "large", tag);
      Bind(append.get(), name);
      sqlite3_bind_blob64(append.get(), 2, ts_us.data(), static_cast<sqlite3_uint64>(bytes),
                          SQLITE_STATIC);
      sqlite3_bind_blob64(append.get(), 3, values.data(), static_cast<sqlite3_uint64>(bytes),
                          SQLITE_STATIC);
      db.StepToEnd(append.get());
    }
    db.Run("COMMIT");
    ++counters_.commits;
    counters_.points += kLargeTags * kLargePointsPerTag;
  }
}

void SoakLoad::Read(uint64_t seed) {
  PlantConnection db(plan_);
  const StatementPtr range =
      db.Prepare("SELECT ts, value FROM t WHERE tag = ? AND ts >= ? AND ts < ? ORDER BY ts");
  const StatementPtr sums =
      db.Prepare("SELECT count(*), avg(value), max(value) FROM t WHERE tag = ? AND ts >= ?");
  const StatementPtr newest = db.Prepare("SELECT tag, ts, value FROM xtdb_last('t')");
  Random random(300 + seed + 10 * static_cast<uint64_t>(plan_.worker));
  while (SleepFor(0.02)) {
    const int64_t window = static_cast<int64_t>(plan_.window_s() * PlantSpeed(plan_));
    const int64_t now = PlantSecond(plan_);
    const int64_t begin_us = PlantUs(now - random.Below(std::min(now, window)));
    const bool late = random.Below(4) == 0;
    const std::string tag = TagName(plan_.worker, late ? "late" : "order", random.Below(20));
    const int64_t kind = random.Below(10);
    sqlite3_stmt* const query = kind < 6 ? range.get() : kind < 9 ? sums.get() : newest.get();
    if (query != newest.get()) {
      Bind(query, tag);
      sqlite3_bind_int64(query, 2, begin_us);
    }
    if (query == range.get()) sqlite3_bind_int64(query, 3, begin_us + int64_t{3'600'000'000});
    int64_t last_us = begin_us - 1;
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(query)) == SQLITE_ROW) {
      ++counters_.rows;
      if (query != range.get()) continue;
      const int64_t ts_us = sqlite3_column_int64(query, 0);
      if (ts_us <= last_us) Fail("a range came out of order: " + tag);
      last_us = ts_us;
    }
    if (code != SQLITE_DONE) db.FailWith(sqlite3_sql(query));
    sqlite3_reset(query);
    ++counters_.reads;
  }
}

}  // namespace xtdb::bench
