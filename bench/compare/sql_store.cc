#include "bench/compare/sql_store.h"

namespace xtdb::bench {
namespace {

class SqlReader : public Reader {
 public:
  SqlReader(SqliteConnection& db, StatementPtr statement)
      : db_(db), statement_(std::move(statement)) {}

  Answer Read(const ReadKey& key) override {
    sqlite3_stmt* const statement = statement_.get();
    Bind(key);
    Answer answer;
    const int columns = sqlite3_column_count(statement);
    int code = SQLITE_ROW;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
      ++answer.rows;
      for (int column = 0; column < columns; ++column) AddColumn(column, answer);
    }
    if (code != SQLITE_DONE) db_.FailWith(sqlite3_sql(statement));
    sqlite3_reset(statement);
    return answer;
  }

 private:
  void Bind(const ReadKey& key) {
    sqlite3_stmt* const statement = statement_.get();
    const auto place = [&](const char* name) {
      return sqlite3_bind_parameter_index(statement, name);
    };
    if (const int at = place(":tag"); at > 0) {
      sqlite3_bind_text(statement, at, key.tag.data(), static_cast<int>(key.tag.size()),
                        SQLITE_STATIC);
    }
    if (const int at = place(":from"); at > 0) sqlite3_bind_int64(statement, at, key.from_us);
    if (const int at = place(":to"); at > 0) sqlite3_bind_int64(statement, at, key.to_us);
    if (const int at = place(":bound"); at > 0) sqlite3_bind_double(statement, at, key.bound);
  }

  // Text is fetched and does not count: stores may write a tag's name with other bytes behind it.
  void AddColumn(int column, Answer& answer) {
    sqlite3_stmt* const statement = statement_.get();
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_INTEGER:
        answer.sum += static_cast<double>(sqlite3_column_int64(statement, column));
        return;
      case SQLITE_FLOAT:
        answer.sum += sqlite3_column_double(statement, column);
        return;
      case SQLITE_TEXT:
        sqlite3_column_text(statement, column);
        return;
      default:
        sqlite3_column_blob(statement, column);
    }
  }

  SqliteConnection& db_;
  StatementPtr statement_;
};

}  // namespace

void SqlStore::Insert(const Dataset& dataset, size_t begin, size_t end) {
  if (insert_ == nullptr)
    insert_ = db_.Prepare("INSERT INTO t(tag, ts, value, quality) VALUES (?, ?, ?, 192)");
  sqlite3_stmt* const insert = insert_.get();
  for (size_t i = begin; i < end; ++i) {
    const std::string& name = dataset.tags[dataset.tag[i]];
    sqlite3_bind_text(insert, 1, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, dataset.ts_us[i]);
    sqlite3_bind_double(insert, 3, dataset.value[i]);
    if (sqlite3_step(insert) != SQLITE_DONE) db_.FailWith("INSERT");
    sqlite3_reset(insert);
  }
}

std::unique_ptr<Reader> SqlStore::PrepareRead(ReadKind kind) {
  const std::string sql = SqlOf(kind);
  if (sql.empty()) return nullptr;
  StatementPtr statement = db_.TryPrepare(sql);
  if (statement == nullptr) return nullptr;
  return std::make_unique<SqlReader>(db_, std::move(statement));
}

std::string SqlStore::SqlOf(ReadKind kind) const {
  constexpr const char* kHourly =
      "ts / 3600000000 * 3600000000, count(*), avg(value), min(value), max(value) FROM t ";
  switch (kind) {
    case ReadKind::kPoint:
      return "SELECT value FROM t WHERE tag = :tag AND ts = :from";
    case ReadKind::kRange:
      return "SELECT ts, value, quality FROM t WHERE tag = :tag AND ts >= :from AND ts < :to";
    case ReadKind::kWholeTag:
      return "SELECT ts, value, quality FROM t WHERE tag = :tag";
    case ReadKind::kHourlyOfTag:
      return std::string("SELECT ") + kHourly + "WHERE tag = :tag GROUP BY 1";
    case ReadKind::kHourlyOfAll:
      return std::string("SELECT tag, ") + kHourly + "GROUP BY 1, 2";
    case ReadKind::kCountAbove:
      return "SELECT count(*) FROM t WHERE tag = :tag AND value > :bound";
    default:
      return "";
  }
}

}  // namespace xtdb::bench
