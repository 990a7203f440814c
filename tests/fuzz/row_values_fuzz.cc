#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace {

constexpr std::array kStatements = {
    "INSERT INTO plant(tag, time, value, quality) VALUES (?1, ?2, ?3, ?4)",
    "INSERT OR IGNORE INTO plant(tag, ts, value, quality) VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO plant(tag_id, ts, value, time) VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO plant(tag, ts_blob, value_blob, quality_blob) VALUES (?1, ?2, ?3, ?4)",
    "INSERT INTO plant(command, tag) VALUES (?1, ?2)",
    "INSERT INTO plant(tag, time, ts, command, ts_blob) VALUES (?1, ?2, ?2, ?3, ?4)",
    "UPDATE plant SET tag = ?1, time = ?2, value = ?3, quality = ?4 WHERE ts < 3",
    "UPDATE OR IGNORE plant SET ts = ?2, tag_id = ?1 WHERE value IS NOT ?3",
    "DELETE FROM plant WHERE tag = ?1 AND ts >= ?2 AND value <> ?3",
    "SELECT * FROM plant WHERE tag IN (?1, ?2) AND time BETWEEN ?3 AND ?4 ORDER BY tag, ts DESC",
    "SELECT count(*) FROM plant WHERE ts > ?1 AND value < ?2 AND quality >= ?3 AND tag_id = ?4",
    "SELECT * FROM plant WHERE tag GLOB ?1 AND tag LIKE ?2 OR rowid = ?3 LIMIT ?4",
    "SELECT xtdb_append('plant', ?1, ?2, ?3, ?4)",
    "SELECT xtdb_define_tag('plant', ?1, ?2, ?3, ?4)",
    "SELECT * FROM xtdb_tags WHERE tbl = 'plant' AND tags = ?1 AND last_time > ?2",
    "SELECT * FROM xtdb_last('plant', ?1) WHERE time IN (?2, ?3) OR ts = ?4",
};

class Session {
 public:
  Session() {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
    if (sqlite3_open(":memory:", &db_) != SQLITE_OK) __builtin_trap();
    Must("CREATE VIRTUAL TABLE plant USING xtdb(synchronous=off, chunk_size='4M')");
    Must("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2.5), ('b', 1, 'x')");
  }
  ~Session() { sqlite3_close(db_); }

  void Must(const char* sql) {
    if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) __builtin_trap();
  }
  // An error must come with a message.
  void Run(const char* sql, std::span<const uint8_t> values) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) __builtin_trap();
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i) Bind(statement, i, values);
    int code = SQLITE_ROW;
    for (int rows = 0; code == SQLITE_ROW && rows < 1000; ++rows) code = sqlite3_step(statement);
    if (code == SQLITE_INTERNAL || code == SQLITE_MISUSE) __builtin_trap();
    const bool failed = code != SQLITE_ROW && code != SQLITE_DONE;
    if (failed && std::strlen(sqlite3_errmsg(db_)) == 0) __builtin_trap();
    sqlite3_finalize(statement);
  }

 private:
  // A value is its type, its length, its bytes; what is left out is NULL.
  static void Bind(sqlite3_stmt* statement, int place, std::span<const uint8_t>& values) {
    if (values.size() < 2) return;
    const size_t size = std::min<size_t>(values[1], values.size() - 2);
    const auto bytes = values.subspan(2, size);
    const uint8_t type = values[0] % 5;
    values = values.subspan(2 + size);
    uint64_t bits = 0;
    if (size != 0) std::memcpy(&bits, bytes.data(), std::min(size, sizeof(bits)));
    double real = 0;
    std::memcpy(&real, &bits, sizeof(real));
    const auto length = static_cast<int>(size);
    if (type == 1) sqlite3_bind_int64(statement, place, static_cast<int64_t>(bits));
    if (type == 2) sqlite3_bind_double(statement, place, real);
    if (type == 3) {
      const auto* const text = reinterpret_cast<const char*>(bytes.data());
      sqlite3_bind_text(statement, place, size == 0 ? "" : text, length, SQLITE_TRANSIENT);
    }
    if (type == 4 && size == 0) sqlite3_bind_zeroblob(statement, place, 0);
    if (type == 4 && size != 0) {
      sqlite3_bind_blob(statement, place, bytes.data(), length, SQLITE_TRANSIENT);
    }
  }

  sqlite3* db_ = nullptr;
};

}  // namespace

// Goal: no values in the columns of a row, beside columns in a condition, or as arguments crash,
// and the transaction can be undone. The first byte says which statement.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Session session;
  if (size == 0) return 0;
  session.Must("BEGIN");
  session.Run(kStatements[data[0] % kStatements.size()], {data + 1, size - 1});
  session.Run("SELECT sum(value), max(ts), min(time), count(quality) FROM plant", {});
  session.Must("ROLLBACK");
  return 0;
}
