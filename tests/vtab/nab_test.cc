// Goal: what goes in comes out bit for bit, whatever happens to the store in between. Method: real
// series and random points of every type, in through SQL and through the CSV reader, out through
// SQL before and after flush, seal and reopen.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <sstream>

#include "shell/commands/import_command.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// A value as SQLite hands it out, bit for bit.
struct SqlValue {
  int type = SQLITE_NULL;
  uint64_t bits = 0;
  std::string text;
  bool operator==(const SqlValue&) const = default;

  static SqlValue Null() { return {}; }
  static SqlValue Integer(int64_t v) { return {SQLITE_INTEGER, std::bit_cast<uint64_t>(v), ""}; }
  static SqlValue Real(double v) { return {SQLITE_FLOAT, std::bit_cast<uint64_t>(v), ""}; }
  static SqlValue Text(std::string v) { return {SQLITE_TEXT, 0, std::move(v)}; }
};
std::ostream& operator<<(std::ostream& out, const SqlValue& value) {
  return out << "{" << value.type << " " << value.bits << " '" << value.text.substr(0, 40) << "'}";
}

struct SqlPoint {
  SqlValue value;
  int64_t quality = 192;
  bool operator==(const SqlPoint&) const = default;
};
using SqlPoints = std::map<std::pair<std::string, int64_t>, SqlPoint>;

SqlValue ColumnOf(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return SqlValue::Integer(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
      return SqlValue::Real(sqlite3_column_double(statement, column));
    case SQLITE_TEXT: {
      const auto* text = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const auto size = static_cast<size_t>(sqlite3_column_bytes(statement, column));
      return SqlValue::Text(size == 0 ? std::string() : std::string(text, size));
    }
    default:
      return SqlValue::Null();
  }
}

void Bind(sqlite3_stmt* statement, int at, const SqlValue& value) {
  switch (value.type) {
    case SQLITE_INTEGER:
      sqlite3_bind_int64(statement, at, std::bit_cast<int64_t>(value.bits));
      break;
    case SQLITE_FLOAT:
      sqlite3_bind_double(statement, at, std::bit_cast<double>(value.bits));
      break;
    case SQLITE_TEXT:
      sqlite3_bind_text64(statement, at, value.text.data(), value.text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
      break;
    default:
      sqlite3_bind_null(statement, at);
  }
}

class BitForBitTest : public SqlTest {
 protected:
  // One statement, one transaction; later points of a time replace earlier ones.
  void Insert(const std::string& tag, int64_t ts, const SqlValue& value, int64_t quality = 192) {
    if (!insert_) {
      insert_ = std::make_unique<TestStatement>(
          db_->get(), "INSERT INTO plant(tag, ts, value, quality) VALUES (?, ?, ?, ?)");
    }
    sqlite3_stmt* const statement = insert_->get();
    sqlite3_bind_text64(statement, 1, tag.data(), tag.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    sqlite3_bind_int64(statement, 2, ts);
    Bind(statement, 3, value);
    sqlite3_bind_int64(statement, 4, quality);
    ASSERT_EQ(insert_->Step(), SQLITE_DONE) << sqlite3_errmsg(db_->get());
    insert_->Reset();
    wanted_[{tag, ts}] = {value, quality};
  }

  static SqlPoints ReadAllOf(TestDatabase& db) {
    SqlPoints points;
    const TestStatement select(db.get(), "SELECT tag, ts, value, quality FROM plant");
    while (sqlite3_step(select.get()) == SQLITE_ROW) {
      const std::string tag = ColumnOf(select.get(), 0).text;
      const int64_t ts = sqlite3_column_int64(select.get(), 1);
      const bool is_new =
          points
              .emplace(std::make_pair(tag, ts),
                       SqlPoint{ColumnOf(select.get(), 2), sqlite3_column_int64(select.get(), 3)})
              .second;
      EXPECT_TRUE(is_new) << tag << "@" << ts << " twice";
    }
    return points;
  }

  void ExpectWanted(const char* when) {
    const SqlPoints found = ReadAllOf(*db_);
    EXPECT_EQ(found.size(), wanted_.size()) << when;
    int shown = 0;
    for (const auto& [key, point] : wanted_) {
      const auto it = found.find(key);
      if (it != found.end() && it->second == point) continue;
      ADD_FAILURE() << when << ": " << key.first << "@" << key.second << " wanted " << point.value
                    << " found " << (it == found.end() ? SqlValue() : it->second.value);
      if (++shown == 5) return;
    }
    EXPECT_EQ(Line("SELECT xtdb_check('plant')"), "ok") << when;
  }

  void ExpectWantedThroughEverything() {
    insert_.reset();
    ExpectWanted("as written");
    Run("SELECT xtdb_flush('plant')");
    ExpectWanted("after flush");
    Run("SELECT xtdb_seal('plant')");
    ExpectWanted("after seal");
    Reopen();
    ExpectWanted("after reopen");
  }

  std::unique_ptr<TestStatement> insert_;
  SqlPoints wanted_;
};

// The series of the Numenta Anomaly Benchmark, a folder of CSV files `timestamp,value`.
class NabTest : public BitForBitTest {
 protected:
  struct Sample {
    std::string time;
    double value;
  };
  struct Series {
    std::string tag;
    std::filesystem::path path;
    std::vector<Sample> samples;
  };

  void SetUp() override {
    const char* const shared = std::getenv("XTDB_SHARED_DATA");
    const std::filesystem::path folder =
        shared != nullptr
            ? std::filesystem::path(shared) / "nab"
            : std::filesystem::path(XTDB_SOURCE_DIR) / ".." / "shared" / "data" / "nab";
    if (!std::filesystem::is_directory(folder)) {
      GTEST_SKIP() << "no folder " << folder << "; name its parent in XTDB_SHARED_DATA";
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".csv") series_.push_back(Load(entry.path()));
    }
    std::sort(series_.begin(), series_.end(),
              [](const Series& a, const Series& b) { return a.tag < b.tag; });
    ASSERT_FALSE(series_.empty()) << folder;
  }

  static Series Load(const std::filesystem::path& path) {
    Series series{path.stem().string(), path, {}};
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line.substr(0, 15), "timestamp,value") << path;
    while (std::getline(file, line)) {
      const size_t comma = line.find(',');
      if (comma == std::string::npos) continue;
      series.samples.push_back({line.substr(0, comma), std::strtod(line.c_str() + comma + 1, {})});
    }
    return series;
  }

  // SQLite's own reading of a time, as microseconds.
  int64_t TsOf(const std::string& time) {
    if (!seconds_) {
      seconds_ = std::make_unique<TestStatement>(db_->get(), "SELECT strftime('%s', ?)");
    }
    sqlite3_bind_text(seconds_->get(), 1, time.c_str(), -1, SQLITE_TRANSIENT);
    EXPECT_EQ(seconds_->Step(), SQLITE_ROW);
    const int64_t ts = std::stoll(ColumnOf(seconds_->get(), 0).text) * 1'000'000;
    seconds_->Reset();
    return ts;
  }

  // What a table of PRIMARY KEY(tag, ts) that replaces would hold.
  void WantAll() {
    for (const Series& series : series_) {
      for (const Sample& sample : series.samples) {
        wanted_[{series.tag, TsOf(sample.time)}] = {SqlValue::Real(sample.value), 192};
      }
    }
    seconds_.reset();
  }

  std::vector<Series> series_;
  std::unique_ptr<TestStatement> seconds_;
};

TEST_F(NabTest, EverySeriesComesBackThroughSqlBitForBit) {
  WantAll();
  Run("BEGIN");
  {
    TestStatement insert(db_->get(), "INSERT INTO plant(tag, time, value) VALUES (?, ?, ?)");
    for (const Series& series : series_) {
      for (const Sample& sample : series.samples) {
        sqlite3_bind_text(insert.get(), 1, series.tag.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_text(insert.get(), 2, sample.time.c_str(), -1, SQLITE_TRANSIENT);
        sqlite3_bind_double(insert.get(), 3, sample.value);
        ASSERT_EQ(insert.Step(), SQLITE_DONE) << sqlite3_errmsg(db_->get());
        insert.Reset();
      }
    }
  }
  Run("COMMIT");
  ExpectWantedThroughEverything();
  EXPECT_EQ(Line("SELECT sum(points) FROM xtdb_tags('plant')"), std::to_string(wanted_.size()));
}

TEST_F(NabTest, EverySeriesComesBackThroughImportBitForBit) {
  WantAll();
  db_.reset();
  ImportOptions options;
  options.container = ContainerPath();
  for (const Series& series : series_) options.files.push_back(series.path.string());
  FakeClock clock;
  const CapturedTerminal captured;
  ASSERT_OK(RunImport(
      options, clock, [] { return false; }, captured.terminal()));
  db_ = std::make_unique<TestDatabase>(DatabasePath());
  // A file of whole numbers is of integers: the same numbers, as the file has them.
  const SqlPoints found = ReadAllOf(*db_);
  for (auto& [key, point] : wanted_) {
    const auto it = found.find(key);
    if (it == found.end() || it->second.value.type != SQLITE_INTEGER) continue;
    const auto real = std::bit_cast<double>(point.value.bits);
    ASSERT_EQ(std::trunc(real), real) << key.first << "@" << key.second;
    point.value = SqlValue::Integer(static_cast<int64_t>(real));
  }
  ExpectWantedThroughEverything();
}

// Times that are hard on encodings: gaps, jitter, late ones, before 1970, the ends of the range.
int64_t RandomTs(std::mt19937_64& random, int64_t previous) {
  constexpr int64_t kFirst = -62'135'596'800'000'000;
  constexpr int64_t kLast = 253'402'300'799'999'999;
  switch (random() % 40) {
    case 0:
      return kFirst + static_cast<int64_t>(random() % 3);
    case 1:
      return kLast - static_cast<int64_t>(random() % 3);
    case 2:
      return -static_cast<int64_t>(random() % 1'000'000'000'000);
    case 3:
      return static_cast<int64_t>(random() % 4'000'000'000'000'000);
    case 4:
      return previous;
    default:
      return std::min(kLast, previous + 1'000'000 + static_cast<int64_t>(random() % 3) * 37);
  }
}

double RandomReal(std::mt19937_64& random) {
  constexpr double kSpecial[] = {0.0,
                                 -0.0,
                                 kInfinity,
                                 -kInfinity,
                                 std::numeric_limits<double>::denorm_min(),
                                 std::numeric_limits<double>::max(),
                                 std::numeric_limits<double>::lowest(),
                                 0.1};
  switch (random() % 4) {
    case 0:
      return kSpecial[random() % std::size(kSpecial)];
    case 1: {
      const auto real = std::bit_cast<double>(random());
      return std::isnan(real) ? 1.0 : real;  // a NaN is NULL in SQL; it has a test of its own
    }
    default:
      return static_cast<double>(random() % 10'000) / 100;
  }
}

SqlValue RandomValue(std::mt19937_64& random, const std::string& type) {
  if (random() % 20 == 0) return SqlValue::Null();
  if (type == "bool") return SqlValue::Integer(static_cast<int64_t>(random() % 2));
  if (type == "int32") return SqlValue::Integer(static_cast<int32_t>(random()));
  if (type == "int64") {
    const bool is_limit = random() % 5 == 0;
    if (!is_limit) return SqlValue::Integer(static_cast<int64_t>(random()));
    return SqlValue::Integer(random() % 2 == 0 ? std::numeric_limits<int64_t>::min()
                                               : std::numeric_limits<int64_t>::max());
  }
  if (type == "float32") {
    const auto narrow = std::bit_cast<float>(static_cast<uint32_t>(random()));
    return SqlValue::Real(std::isnan(narrow) ? -0.0 : static_cast<double>(narrow));
  }
  if (type == "float64") return SqlValue::Real(RandomReal(random));
  std::string text(random() % 50 == 0 ? 1 << 20 : random() % 30, ' ');
  if (text.size() > 100) return SqlValue::Text(std::string(text.size(), 'x'));
  for (char& c : text) c = static_cast<char>(' ' + random() % 95);
  return SqlValue::Text(text);
}

class RandomPointsTest : public BitForBitTest {
 protected:
  void WriteAndCompare(const std::string& codec);
};

void RandomPointsTest::WriteAndCompare(const std::string& codec) {
  Run("DROP TABLE plant");
  std::filesystem::remove(ContainerPath());
  std::string create = "CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M'";
  create += codec;
  Run(create += ")");
  std::mt19937_64 random(7);
  const std::vector<std::string> types = {"bool", "int32", "int64", "float32", "float64", "text"};
  for (const std::string& type : types) {
    Run("SELECT xtdb_define_tag('plant', '" + type + "', '" + type + "')");
  }
  Run("BEGIN");
  for (const std::string& type : types) {
    int64_t ts = -5'000'000;
    const int count = type == "text" ? 300 : 3000;
    for (int i = 0; i < count && !HasFailure(); ++i) {
      ts = RandomTs(random, ts);
      Insert(type, ts, RandomValue(random, type), i % 9 == 0 ? 64 : 192);
    }
  }
  insert_.reset();
  Run("COMMIT");
  ExpectWantedThroughEverything();
}

TEST_F(RandomPointsTest, EveryTypeComesBackBitForBit) { WriteAndCompare(""); }

TEST_F(RandomPointsTest, EveryTypeComesBackBitForBitFromRawRecords) {
  WriteAndCompare(", codec=raw");
}

TEST_F(BitForBitTest, NaNKeepsItsBitsThroughBlobs) {
  const std::vector<uint64_t> bits = {0x7FF8000000000000, 0x7FF8000000001234, 0xFFF8000000000001,
                                      0x7FF0000000000001, std::bit_cast<uint64_t>(1.5)};
  std::vector<int64_t> times = {1, 2, 3, 4, 5};
  {
    TestStatement insert(db_->get(),
                         "INSERT INTO plant(tag, ts_blob, value_blob) VALUES ('a', ?, ?)");
    sqlite3_bind_blob(insert.get(), 1, times.data(), 40, SQLITE_TRANSIENT);
    sqlite3_bind_blob(insert.get(), 2, bits.data(), 40, SQLITE_TRANSIENT);
    ASSERT_EQ(insert.Step(), SQLITE_DONE) << sqlite3_errmsg(db_->get());
  }
  const auto look = [&](const char* when) {
    EXPECT_EQ(Line("SELECT count(*), count(value) FROM plant"), "5 1") << when;
    EXPECT_EQ(Line("SELECT ts FROM plant WHERE value IS NULL ORDER BY ts"), "1, 2, 3, 4") << when;
    EXPECT_EQ(Line("SELECT ts FROM plant WHERE value > 0"), "5") << when;
  };
  look("as written");
  Run("SELECT xtdb_seal('plant')");
  look("after seal");
  db_.reset();
  EngineOptions options;
  options.read_only = true;
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(PosixFileSystem(), clock, ContainerPath(), options));
  ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(*engine));
  for (size_t i = 0; i < bits.size(); ++i) {
    EXPECT_EQ(points.at({"a", times[i]}).bits, bits[i]);
  }
}

}  // namespace
}  // namespace xtdb
