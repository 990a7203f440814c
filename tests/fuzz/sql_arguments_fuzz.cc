#include <sqlite3.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include "tests/support/temporary_directory.h"

extern "C" int sqlite3_xtdb_init(sqlite3* db, char** error, const struct sqlite3_api_routines* api);

namespace {

namespace fs = std::filesystem;

constexpr int kDepth = 4;  // folders between the scratch folder and the database

// Runs the first statement of `sql` to its end; an error must come with a message.
void Run(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  int code =
      sqlite3_prepare_v2(db, sql.c_str(), static_cast<int>(sql.size()) + 1, &statement, nullptr);
  if (code == SQLITE_OK && statement != nullptr) {
    int rows = 0;
    do {
      code = sqlite3_step(statement);
    } while (code == SQLITE_ROW && ++rows < 1000);
  }
  if (code == SQLITE_INTERNAL || code == SQLITE_MISUSE) __builtin_trap();
  if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE &&
      std::strlen(sqlite3_errmsg(db)) == 0) {
    __builtin_trap();
  }
  sqlite3_finalize(statement);
}

// A database `kDepth` folders deep in a scratch folder, with a table `plant` of two tags.
class Session {
 public:
  Session() {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
    std::string folder = scratch_.path();
    for (int i = 0; i < kDepth; ++i) folder += "/d";
    fs::create_directories(folder);
    folder_ = folder;
    if (sqlite3_open((folder + "/f.db").c_str(), &db_) != SQLITE_OK) __builtin_trap();
    Run(db_, "PRAGMA synchronous = off");
    Run(db_, "PRAGMA journal_mode = memory");
    Run(db_, "CREATE VIRTUAL TABLE plant USING xtdb(synchronous=off, chunk_size='4M')");
    Run(db_, "INSERT INTO plant VALUES ('a', '2026-01-01', 1, 192), ('b*', '2026-01-01', 'x', 0)");
  }
  ~Session() { sqlite3_close(db_); }

  void TryOptions(const std::string& options) {
    Run(db_, "CREATE VIRTUAL TABLE t USING xtdb(" + options + ")");
    Run(db_, "SELECT * FROM t LIMIT 3");
    Run(db_, "DROP TABLE IF EXISTS t");
    for (const auto& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with("f.db") || name.starts_with("f.db.t.")) fs::remove_all(entry.path());
    }
  }
  void TryArguments(const std::string& arguments) {
    for (const char* function : {"xtdb_tags", "xtdb_last", "xtdb_chunks", "xtdb_blocks",
                                 "xtdb_stats", "xtdb_events", "xtdb_last_query"}) {
      Run(db_, "SELECT * FROM " + std::string(function) + "(" + arguments + ")");
      Run(db_, "SELECT * FROM " + std::string(function) + " WHERE tbl = 'plant' AND " + arguments);
    }
    for (const char* function : {"xtdb_check", "xtdb_append", "xtdb_define_tag"}) {
      Run(db_, "SELECT " + std::string(function) + "(" + arguments + ")");
    }
  }

 private:
  xtdb::TemporaryDirectory scratch_;
  std::string folder_;
  sqlite3* db_ = nullptr;
};

// Whether a path in `text` cannot leave the scratch folder: no absolute one, and fewer steps up
// than there are folders. Nothing that attaches files of its own either.
bool StaysInside(const std::string& text) {
  int steps_up = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.' && i > 0 && text[i - 1] == '.') ++steps_up;
    if (text[i] != '/') continue;
    const auto before = i == 0 ? '\'' : text[i - 1];
    if (std::isalnum(static_cast<unsigned char>(before)) == 0 && before != '.') return false;
  }
  return steps_up < kDepth;
}

}  // namespace

// Goal: no options of CREATE VIRTUAL TABLE and no arguments of a function crash, and every refusal
// has a message. The first line of the input is the options, the second one the arguments.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Session session;
  if (size == 0) return 0;
  std::string options(reinterpret_cast<const char*>(data), std::min<size_t>(size, 2048));
  if (!StaysInside(options)) return 0;
  std::string arguments;
  const size_t line = options.find('\n');
  if (line != std::string::npos) {
    arguments = options.substr(line + 1);
    options.resize(line);
  }
  session.TryOptions(options);
  session.TryArguments(arguments);
  return 0;
}
