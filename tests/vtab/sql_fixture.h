#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace xtdb {

using Row = std::vector<std::string>;
using Rows = std::vector<Row>;

// A prepared statement; values as texts, NULL as "NULL".
class TestStatement {
 public:
  TestStatement(sqlite3* db, const std::string& sql) : db_(db) {
    EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &statement_, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(db);
  }
  ~TestStatement() { sqlite3_finalize(statement_); }
  TestStatement(const TestStatement&) = delete;
  TestStatement& operator=(const TestStatement&) = delete;

  sqlite3_stmt* get() const { return statement_; }
  int Step() { return sqlite3_step(statement_); }
  void Reset() { sqlite3_reset(statement_); }
  Row Values() const {
    Row row;
    for (int i = 0; i < sqlite3_data_count(statement_); ++i) row.push_back(Value(i));
    return row;
  }
  // The rows from here to the end.
  Rows Rest() {
    Rows rows;
    int code = Step();
    for (; code == SQLITE_ROW; code = Step()) rows.push_back(Values());
    EXPECT_EQ(code, SQLITE_DONE) << sqlite3_sql(statement_) << ": " << sqlite3_errmsg(db_);
    return rows;
  }
  // The next row; empty at the end.
  Row NextRow() { return Step() == SQLITE_ROW ? Values() : Row(); }

 private:
  std::string Value(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return "NULL";
    if (sqlite3_column_type(statement_, column) == SQLITE_FLOAT) {
      // Of 15 digits, which later versions of SQLite show 17 of.
      char real[64];
      sqlite3_snprintf(sizeof(real), real, "%!.15g", sqlite3_column_double(statement_, column));
      return real;
    }
    const auto* text = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) {
      text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    }
    return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

  sqlite3* const db_;
  sqlite3_stmt* statement_ = nullptr;
};

// What a failed statement says.
struct Outcome {
  int code = SQLITE_OK;  // extended
  std::string message;
};
inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << outcome.code << " " << outcome.message;
}
MATCHER(Succeeds, "succeeds") { return arg.code == SQLITE_OK; }
MATCHER_P2(FailsWith, code, message, "") {
  return arg.code == code &&
         testing::ExplainMatchResult(testing::HasSubstr(message), arg.message, result_listener);
}

// A connection with xtdb in it.
class TestDatabase {
 public:
  explicit TestDatabase(const std::string& path) {
    [[maybe_unused]] static const int registered =
        sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK) << sqlite3_errmsg(db_);
  }
  ~TestDatabase() { EXPECT_EQ(sqlite3_close(db_), SQLITE_OK) << "something is left open"; }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  sqlite3* get() const { return db_; }
  Outcome Exec(const std::string& sql) {
    const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    return {sqlite3_extended_errcode(db_), sqlite3_errmsg(db_)};
  }
  // Must succeed.
  void Run(const std::string& sql) { EXPECT_THAT(Exec(sql), Succeeds()) << sql; }
  Rows Query(const std::string& sql) { return TestStatement(db_, sql).Rest(); }
  // All rows in one line: "a 1, b 2".
  std::string Line(const std::string& sql) {
    std::string line;
    for (const Row& row : Query(sql)) {
      if (!line.empty()) line += ", ";
      for (size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : " ") + row[i];
    }
    return line;
  }
  // What EXPLAIN QUERY PLAN says of the table's index.
  std::string PushedTo(const std::string& sql) {
    std::string pushed;
    for (const Row& row : Query("EXPLAIN QUERY PLAN " + sql)) {
      const size_t at = row[3].find("VIRTUAL TABLE INDEX ");
      if (at == std::string::npos) {
        pushed += "[" + row[3] + "]";
      } else {
        pushed += row[3].substr(row[3].find(':', at) + 1);
      }
    }
    return pushed;
  }

 private:
  sqlite3* db_ = nullptr;
};

// A database file with one table `plant` in a fresh folder.
class SqlTest : public testing::Test {
 protected:
  SqlTest() : db_(std::make_unique<TestDatabase>(DatabasePath())) {
    db_->Run("CREATE VIRTUAL TABLE plant USING xtdb(chunk_size='4M')");
  }
  std::string DatabasePath() const { return folder_ / "test.db"; }
  std::string ContainerPath() const { return folder_ / "test.db.plant.xtdb"; }
  void Reopen() {
    db_.reset();
    db_ = std::make_unique<TestDatabase>(DatabasePath());
  }
  void Run(const std::string& sql) { db_->Run(sql); }
  Outcome Exec(const std::string& sql) { return db_->Exec(sql); }
  std::string Line(const std::string& sql) { return db_->Line(sql); }
  // The points as "tag ts value", in order.
  std::string Points(const std::string& table = "plant") {
    return Line("SELECT tag, ts, value FROM " + table + " ORDER BY tag, ts");
  }

  TemporaryDirectory folder_;
  std::unique_ptr<TestDatabase> db_;
};

}  // namespace xtdb
