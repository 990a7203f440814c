#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {

// One statement for both tables. In `sql`, {a|b} is `a` for the xtdb table and `b` for the plain
// one, and @ is the table.
struct Step {
  enum class Kind {
    kOnce,          // not for a table: BEGIN, SAVEPOINT, xtdb_flush
    kWrite,         // both, or `plain_sql` as a script instead
    kSelect,        // both, and without pushdown
    kPrepared,      // the same with the texts of `arguments` as parameters, prepared once
    kReopen,        // the connection
    kOpenCursor,    // begins a SELECT, whose rows are to be those of now
    kStepCursors,   // `number` rows of each open cursor
    kCloseCursors,  // after reading the rest
  };
  Kind kind = Kind::kOnce;
  std::string sql;
  std::string plain_sql;
  std::vector<std::string> arguments;
  int number = 0;
  bool ordered = false;          // the SELECT's ORDER BY leaves nothing open
  bool compares_changes = true;  // of a write
  bool cancels_cursors = false;  // ends what cursors opened in the transaction have seen
};

enum class Side { kXtdb, kPlain, kUnpushed };

inline std::string Render(const std::string& sql, Side side) {
  std::string out;
  for (size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '@') {
      out += side == Side::kXtdb ? "x" : side == Side::kPlain ? "plain" : "everything";
    } else if (sql[i] == '{') {
      const size_t bar = sql.find('|', i);
      const size_t end = sql.find('}', bar);
      out +=
          side == Side::kXtdb ? sql.substr(i + 1, bar - i - 1) : sql.substr(bar + 1, end - bar - 1);
      i = end;
    } else {
      out += sql[i];
    }
  }
  if (side != Side::kUnpushed) return out;
  // As NUMERIC, the copy would keep 5.0 as 5.
  const std::string cte =
      "WITH everything AS MATERIALIZED (SELECT tag, time, +value AS value, quality, ts, tag_id "
      "FROM x)";
  return out.starts_with("WITH ") ? cte + ", " + out.substr(5) : cte + " " + out;
}

// An xtdb table `x` and a table `plain` of SQLite's own in one database, and what tells them apart.
class TablePair {
 public:
  // All rows are compared after each `check_period`th write.
  explicit TablePair(int check_period = 16) : check_period_(check_period) {
    Open();
    db_->Run("PRAGMA journal_mode = memory");
    db_->Run("CREATE VIRTUAL TABLE x USING xtdb(chunk_size='4M', synchronous=off)");
    db_->Run(
        "CREATE TABLE tags(name TEXT PRIMARY KEY, kind TEXT, site TEXT);"
        "INSERT INTO tags VALUES ('f1', 'real', 'a'), ('F1', 'real', 'b'), ('boiler.temp', 'real', "
        "'a'), ('i1', 'integer', 'b'), ('i_2', 'integer', NULL), ('t1', 'text', 'a'), "
        "('Tag[3]', 'text', 'c'), ('\xC3\xA9', 'real', 'c'), ('f32', 'real', NULL);"
        "CREATE TABLE plain(tag TEXT NOT NULL, ts INTEGER NOT NULL, value, quality INTEGER,"
        " time TIMESTAMP AS (strftime('%Y-%m-%d %H:%M:%S', (ts - (ts % 1000000 + 1000000) % "
        "1000000) / 1000000, 'unixepoch') || CASE WHEN ts % 1000 = 0 THEN printf('.%03d', (ts % "
        "1000000 + 1000000) % 1000000 / 1000) ELSE printf('.%06d', (ts % 1000000 + 1000000) % "
        "1000000) END),"
        " tag_id INTEGER AS (CASE tag WHEN 'f1' THEN 1 WHEN 'F1' THEN 2 WHEN 'boiler.temp' THEN 3 "
        "WHEN 'i1' THEN 4 WHEN 'i_2' THEN 5 WHEN 't1' THEN 6 WHEN 'Tag[3]' THEN 7 WHEN '\xC3\xA9' "
        "THEN 8 WHEN 'f32' THEN 9 END),"
        " PRIMARY KEY(tag, ts)) WITHOUT ROWID;");
    for (const char* event : {"INSERT", "UPDATE"}) {
      db_->Run("CREATE TRIGGER check_" + std::string(event) + " BEFORE " + event +
               " ON plain WHEN NEW.tag IS NOT NULL AND NEW.ts IS NOT NULL AND "
               "(NEW.ts NOT BETWEEN -62135596800000000 AND 253402300799999999 OR NEW.quality NOT "
               "BETWEEN 0 AND 255 OR typeof(NEW.value) NOT IN ('null', ifnull((SELECT kind FROM "
               "tags WHERE name = NEW.tag), 'real'))) BEGIN SELECT RAISE(ABORT, 'refused'); END");
    }
    for (const Row& tag : db_->Query("SELECT name, kind FROM tags ORDER BY rowid")) {
      const std::string type = tag[0] == "f32" ? "float32" : tag[1];
      db_->Run("SELECT xtdb_define_tag('x', '" + tag[0] + "', '" + type + "')");
    }
  }
  ~TablePair() { Close(); }

  TestDatabase& database() { return *db_; }

  // What is wrong after the step; nothing if both sides agree.
  std::optional<std::string> Run(const Step& step) {
    if (step.cancels_cursors) {
      for (OpenCursor& cursor : cursors_) cursor.compares &= !cursor.in_transaction;
    }
    switch (step.kind) {
      case Step::Kind::kOnce:
        db_->Exec(step.sql);
        return {};
      case Step::Kind::kWrite:
        return Write(step);
      case Step::Kind::kSelect:
        return Select(step);
      case Step::Kind::kPrepared:
        return RunPrepared(step);
      case Step::Kind::kReopen:
        Close();
        Open();
        return {};
      case Step::Kind::kOpenCursor:
        return Begin(step);
      case Step::Kind::kStepCursors:
        return StepCursors(step.number);
      case Step::Kind::kCloseCursors:
        return StepCursors(INT_MAX);
    }
    return {};
  }

 private:
  struct Answer {
    int code = SQLITE_OK;  // primary
    std::string message;
    std::vector<std::string> rows;
    int changes = 0;
  };
  struct OpenCursor {
    std::string sql;
    std::unique_ptr<TestStatement> statement;
    std::vector<std::string> expected;
    std::vector<std::string> rows;
    bool ordered = false;
    bool in_transaction = false;
    bool compares = true;
  };
  struct Prepared {
    std::string sql;
    std::unique_ptr<TestStatement> statements[2];
  };

  void Open() {
    db_ = std::make_unique<TestDatabase>(folder_ / "pair.db");
    db_->Run(
        "PRAGMA synchronous = off; PRAGMA temp_store = memory;"
        "CREATE TEMP TABLE moved(tag, ts, new_tag, new_ts, new_value, new_quality, "
        "PRIMARY KEY(tag, ts));");
  }
  void Close() {
    cursors_.clear();
    prepared_.clear();
    db_->Exec("ROLLBACK");
    db_.reset();
  }

  static std::string RowOf(sqlite3_stmt* statement) {
    std::string row;
    for (int i = 0; i < sqlite3_data_count(statement); ++i) {
      switch (sqlite3_column_type(statement, i)) {
        case SQLITE_NULL:
          row += "NULL, ";
          break;
        case SQLITE_INTEGER:
          row += std::to_string(sqlite3_column_int64(statement, i)) + ", ";
          break;
        case SQLITE_FLOAT: {
          char text[40];
          std::snprintf(text, sizeof(text), "%.17gf, ", sqlite3_column_double(statement, i));
          row += text;
          break;
        }
        default:
          row += "'" +
                 std::string(static_cast<const char*>(sqlite3_column_blob(statement, i)),
                             static_cast<size_t>(sqlite3_column_bytes(statement, i))) +
                 "', ";
      }
    }
    return row;
  }
  Answer RunToEnd(sqlite3_stmt* statement, bool ordered) {
    Answer answer;
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) {
      answer.rows.push_back(RowOf(statement));
    }
    answer.changes = sqlite3_changes(db_->get());
    if (code != SQLITE_DONE) {
      answer.code = code & 0xFF;
      answer.message = sqlite3_errmsg(db_->get());
      answer.changes = 0;
      answer.rows.clear();
    }
    sqlite3_reset(statement);
    if (!ordered) std::sort(answer.rows.begin(), answer.rows.end());
    return answer;
  }
  Answer Ask(const std::string& sql, bool ordered) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_->get(), sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      return {SQLITE_MISUSE, std::string("not understood: ") + sqlite3_errmsg(db_->get()), {}, 0};
    }
    Answer answer = RunToEnd(statement, ordered);
    sqlite3_finalize(statement);
    return answer;
  }
  // A script of several statements as one, with the size of `moved` as changes.
  Answer RunScript(const std::string& sql) {
    Answer answer;
    db_->Run("SAVEPOINT script");
    const Outcome outcome = db_->Exec(sql);
    if (outcome.code != SQLITE_OK) {
      answer.code = outcome.code & 0xFF;
      answer.message = outcome.message;
      db_->Run("ROLLBACK TO script");
    } else {
      answer.changes = std::stoi(db_->Query("SELECT count(*) FROM moved")[0][0]);
    }
    db_->Run("RELEASE script");
    return answer;
  }

  // Some rows from the first different one on.
  static std::string Difference(const std::vector<std::string>& ours,
                                const std::vector<std::string>& other) {
    size_t i = 0;
    while (i < ours.size() && i < other.size() && ours[i] == other[i]) ++i;
    std::string text;
    for (const auto* rows : {&ours, &other}) {
      text += (rows == &ours ? "  xtdb, " : "  other, ") + std::to_string(rows->size()) +
              " rows, from row " + std::to_string(i) + ":\n";
      for (size_t k = i; k < std::min(i + 6, rows->size()); ++k) text += "    " + (*rows)[k] + "\n";
    }
    return text;
  }
  static std::optional<std::string> Compare(const Answer& ours, const Answer& plain,
                                            bool compares_changes) {
    const bool agree = (ours.code == SQLITE_OK) == (plain.code == SQLITE_OK) &&
                       ours.code != SQLITE_MISUSE && plain.code != SQLITE_MISUSE;
    if (!agree) {
      return "  code " + std::to_string(ours.code) + " " + ours.message + "\n  plain: code " +
             std::to_string(plain.code) + " " + plain.message + "\n";
    }
    if (compares_changes && ours.changes != plain.changes) {
      return "  changes " + std::to_string(ours.changes) + ", plain " +
             std::to_string(plain.changes) + "\n";
    }
    if (ours.rows == plain.rows) return {};
    return Difference(ours.rows, plain.rows);
  }

  std::optional<std::string> Write(const Step& step) {
    const std::string sql = Render(step.sql, Side::kXtdb);
    const Answer ours = Ask(sql, false);
    const Answer plain = step.plain_sql.empty() ? Ask(Render(step.sql, Side::kPlain), false)
                                                : RunScript(Render(step.plain_sql, Side::kPlain));
    auto wrong = Compare(ours, plain, step.compares_changes);
    if (!wrong) wrong = CompareEverything();
    if (wrong) return sql + "\n" + *wrong;
    return {};
  }
  std::optional<std::string> CompareEverything() {
    if (++writes_ % check_period_ != 0) return {};
    const std::string sql = "SELECT tag, ts, value, quality, time FROM @ ORDER BY tag, ts";
    return Compare(Ask(Render(sql, Side::kXtdb), true), Ask(Render(sql, Side::kPlain), true),
                   false);
  }
  std::optional<std::string> Select(const Step& step) {
    const std::string sql = Render(step.sql, Side::kXtdb);
    const Answer ours = Ask(sql, step.ordered);
    if (auto wrong = Compare(ours, Ask(Render(step.sql, Side::kPlain), step.ordered), false)) {
      return sql + "\n" + *wrong;
    }
    const std::string unpushed = Render(step.sql, Side::kUnpushed);
    if (auto wrong = Compare(ours, Ask(unpushed, step.ordered), false)) {
      return unpushed + "\n" + *wrong;
    }
    return {};
  }

  static void Bind(sqlite3_stmt* statement, int index, const std::string& literal) {
    if (literal == "NULL") {
      sqlite3_bind_null(statement, index);
    } else if (literal.front() == '\'') {
      sqlite3_bind_text(statement, index, literal.data() + 1, static_cast<int>(literal.size()) - 2,
                        SQLITE_TRANSIENT);
    } else if (literal.find('.') != std::string::npos) {
      sqlite3_bind_double(statement, index, std::stod(literal));
    } else {
      sqlite3_bind_int64(statement, index, std::stoll(literal));
    }
  }
  std::optional<std::string> RunPrepared(const Step& step) {
    auto found = std::find_if(prepared_.begin(), prepared_.end(),
                              [&](const Prepared& prepared) { return prepared.sql == step.sql; });
    if (found == prepared_.end()) {
      prepared_.push_back({step.sql, {}});
      found = prepared_.end() - 1;
      found->statements[0] =
          std::make_unique<TestStatement>(db_->get(), Render(step.sql, Side::kXtdb));
      found->statements[1] =
          std::make_unique<TestStatement>(db_->get(), Render(step.sql, Side::kPlain));
    }
    Answer answers[2];
    std::string text = Render(step.sql, Side::kXtdb) + " with";
    for (const std::string& argument : step.arguments) text += " " + argument;
    for (int side = 0; side < 2; ++side) {
      sqlite3_stmt* const statement = found->statements[side]->get();
      for (size_t i = 0; i < step.arguments.size(); ++i) {
        const Side of = side == 0 ? Side::kXtdb : Side::kPlain;
        Bind(statement, static_cast<int>(i) + 1, Render(step.arguments[i], of));
      }
      answers[side] = RunToEnd(statement, step.ordered);
    }
    const bool writes = sqlite3_stmt_readonly(found->statements[1]->get()) == 0;
    const auto wrong = Compare(answers[0], answers[1], writes && step.compares_changes);
    return wrong ? std::optional(text + "\n" + *wrong) : std::nullopt;
  }

  std::optional<std::string> Begin(const Step& step) {
    OpenCursor cursor;
    cursor.sql = Render(step.sql, Side::kXtdb);
    cursor.ordered = step.ordered;
    cursor.in_transaction = sqlite3_get_autocommit(db_->get()) == 0;
    cursor.expected = Ask(Render(step.sql, Side::kPlain), step.ordered).rows;
    cursor.statement = std::make_unique<TestStatement>(db_->get(), cursor.sql);
    cursors_.push_back(std::move(cursor));
    return StepCursor(cursors_.back(), 1);
  }
  // Closes the cursor at its end.
  std::optional<std::string> StepCursor(OpenCursor& cursor, int count) {
    while (cursor.statement != nullptr && count-- > 0) {
      const int code = cursor.statement->Step();
      if (code == SQLITE_ROW) {
        cursor.rows.push_back(RowOf(cursor.statement->get()));
        continue;
      }
      const std::string message = sqlite3_errmsg(db_->get());
      cursor.statement.reset();
      if (!cursor.compares) return {};
      if (code != SQLITE_DONE) return "open " + cursor.sql + ": " + message;
      if (!cursor.ordered) std::sort(cursor.rows.begin(), cursor.rows.end());
      if (cursor.rows != cursor.expected) {
        return "open while others wrote: " + cursor.sql + "\n" +
               Difference(cursor.rows, cursor.expected);
      }
    }
    return {};
  }
  std::optional<std::string> StepCursors(int count) {
    std::optional<std::string> wrong;
    for (OpenCursor& cursor : cursors_) {
      if (auto of_this = StepCursor(cursor, count)) wrong = of_this;
    }
    std::erase_if(cursors_, [](const OpenCursor& cursor) { return cursor.statement == nullptr; });
    return wrong;
  }

  const int check_period_;
  TemporaryDirectory folder_;
  std::unique_ptr<TestDatabase> db_;
  std::vector<OpenCursor> cursors_;
  std::vector<Prepared> prepared_;
  int writes_ = 0;
};

}  // namespace xtdb
