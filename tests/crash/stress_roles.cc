#include "tests/crash/stress_roles.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <random>

namespace xtdb {

std::atomic<bool> stress_must_stop = false;

namespace {

constexpr int kWriterTimeoutMs = 10'000;
constexpr int64_t kKept = 3'000;  // commits that a drop leaves at least

class StressWriter {
 public:
  StressWriter(const StressRole& role, StressBoard& board)
      : board_(board),
        is_second_(role.name == "second"),
        path_(is_second_ ? role.store.SecondPath() : role.store.DatabasePath()),
        random_(role.seed),
        db_(role.store, board) {}

  bool Run() {
    if (!Open()) return false;
    while (!stress_must_stop) {
      const uint64_t what = Draw(400);
      if (what == 0 && !(db_.CountRecoveries() && db_.Close() && Open())) return false;
      if (what == 1 && !db_.CountRecoveries()) return false;
      if (!Commit(what < 20)) return false;
      if (is_second_) ::usleep(static_cast<useconds_t>(Draw(20'000)));
    }
    return db_.CountRecoveries() && db_.Close();
  }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }

  bool Open() {
    ++board_.writer_opens;
    return db_.Open(path_, kWriterTimeoutMs);
  }

  // Letters that do not compress, so that space is used up. Begins as no number does.
  std::string Filler() {
    std::string text(static_cast<size_t>(Draw(4'000)), ' ');
    for (char& c : text) c = static_cast<char>('0' + random_() % 64);
    std::replace(text.begin(), text.end(), '\'', ' ');
    return "fill " + text;
  }

  // The transaction's first write, which takes the right to write; `is_ours`: whether it got it.
  bool Begin(bool* is_ours) {
    const int64_t ts = std::max<int64_t>(1, board_.acknowledged.load() + 1);
    const std::string sql = "INSERT INTO plant(tag, ts, value) VALUES ('fill" +
                            std::to_string(Draw(5)) + "', " + std::to_string(ts) + ", '" +
                            Filler() + "')";
    if (!db_.Exec("BEGIN")) return false;
    const auto begun = std::chrono::steady_clock::now();
    const int code = db_.Try(sql);
    const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun);
    *is_ours = code == SQLITE_OK;
    RaiseTo(board_.busy_wait_us_max, static_cast<uint64_t>(waited.count()));
    if (code == SQLITE_OK) return true;
    // A tenth less, since SQLite's own handler gives up when the next nap would be too long.
    if (code == SQLITE_BUSY && waited.count() > kWriterTimeoutMs * 900) {
      ++board_.busy;
      return db_.Exec("ROLLBACK");
    }
    return db_.Fail("code " + std::to_string(code) + " after " + std::to_string(waited.count()) +
                    " us: " + db_.Message());
  }

  bool WriteAll(int64_t k) {
    std::string sql = "INSERT INTO plant(tag, ts, value) VALUES ";
    const auto first = static_cast<int>(Draw(kStressTags));
    for (int i = 0; i < kStressTags; ++i) {
      if (i > 0) sql += ", ";
      sql += "('" + StressTag((first + i) % kStressTags) + "', " + std::to_string(k) + ", " +
             std::to_string(k) + ")";
    }
    return db_.Exec(sql);
  }

  bool Commit(bool with_detours) {
    bool is_ours = false;
    if (!Begin(&is_ours)) return false;
    if (!is_ours) return true;
    int64_t last = 0;
    // Nobody else commits from here on.
    const int64_t acknowledged = board_.acknowledged;
    if (!db_.ReadNumber("SELECT ts FROM plant WHERE tag = 'c0' ORDER BY ts DESC LIMIT 1", &last)) {
      return false;
    }
    if (last < acknowledged) {
      return db_.Fail("commit " + std::to_string(acknowledged) + " is gone, the last one is " +
                      std::to_string(last));
    }
    if (with_detours && !TakeDetours(last)) return false;
    if (!WriteAll(last + 1)) return false;
    if (with_detours && Draw(3) == 0) {
      ++board_.rollbacks;
      return db_.Exec("ROLLBACK");
    }
    int code = db_.Try("COMMIT");
    while (code == SQLITE_BUSY) {  // without a WAL: a reader has the database file
      ++board_.busy;
      code = db_.Try("COMMIT");
    }
    if (code != SQLITE_OK) return db_.Fail("COMMIT: " + db_.Message());
    RaiseTo(board_.acknowledged, last + 1);
    ++board_.commits;
    board_.points += kStressTags + 1;
    return true;
  }

  // Changes that are undone or come to the same.
  bool TakeDetours(int64_t last) {
    if (!db_.Exec("SAVEPOINT s") || !WriteAll(last + 2) || !db_.Exec("ROLLBACK TO s")) return false;
    const std::string tags_at = "tag GLOB 'c[0-9]' AND ts = " + std::to_string(last);
    int64_t found = 0;
    return db_.ReadNumber("SELECT count(*) FROM plant WHERE " + tags_at, &found) &&
           (found == 0 || (db_.Exec("DELETE FROM plant WHERE " + tags_at) && WriteAll(last)));
  }

  StressBoard& board_;
  const bool is_second_;
  const std::string path_;
  std::mt19937_64 random_;
  StressDatabase db_;
};

class StressOperator {
 public:
  StressOperator(const StressRole& role, StressBoard& board)
      : board_(board), store_(role.store), random_(role.seed), db_(role.store, board) {}

  bool Run() {
    if (!db_.Open(store_.DatabasePath(), kWriterTimeoutMs)) return false;
    while (!stress_must_stop) {
      if (!Step()) return false;
      ::usleep(static_cast<useconds_t>(Draw(300'000)));
    }
    return db_.CountRecoveries() && db_.Close();
  }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }

  bool Step() {
    switch (Draw(9)) {
      case 0:
        return Act("SELECT xtdb_flush('plant')", board_.flushes);
      case 1:
        return Act("SELECT xtdb_seal('plant')", board_.seals);
      case 2:
        return Act(
            Draw(2) == 0 ? "SELECT xtdb_compact('plant')" : "SELECT xtdb_compact('plant', 'full')",
            board_.compactions);
      case 3:
        return Draw(8) != 0 || Check();
      case 4:
        return db_.CountRecoveries() && Look();
      default:
        return Drop();
    }
  }

  bool Act(const std::string& sql, StressBoard::Count& count) {
    const int code = db_.Try(sql);
    if (code == SQLITE_OK) ++count;
    return IsDoneOrBusy(sql, code);
  }

  bool IsDoneOrBusy(const std::string& sql, int code) {
    if (code == SQLITE_BUSY) ++board_.busy;
    return code == SQLITE_OK || code == SQLITE_BUSY ||
           db_.Fail(sql + ": " + std::to_string(code) + ", " + db_.Message());
  }

  bool Drop() {
    const int64_t before =
        board_.acknowledged - kKept - static_cast<int64_t>(Draw(static_cast<uint64_t>(kKept)));
    if (before < board_.drop_limit + kKept / 10) return true;
    RaiseTo(board_.drop_limit, before);
    const std::string sql = "SELECT xtdb_drop('plant', " + std::to_string(before) + ")";
    int64_t chunks = 0;
    const int code = db_.TryNumber(sql, &chunks);
    if (code == SQLITE_OK) {
      ++board_.drops;
      board_.chunks_dropped += static_cast<uint64_t>(chunks);
    }
    return IsDoneOrBusy(sql, code);
  }

  bool Check() {
    ++board_.checks;
    return db_.Read("SELECT xtdb_check('plant')", [&](sqlite3_stmt* row) {
      const std::string told = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
      return told == "ok" || db_.Fail("xtdb_check: " + told);
    });
  }

  bool Look() {
    int64_t log_bytes = 0;
    int64_t container_bytes = 0;
    const std::string stat = "SELECT value FROM xtdb_stats('plant') WHERE name = ";
    if (!db_.ReadNumber(stat + "'log_bytes'", &log_bytes) ||
        !db_.ReadNumber(stat + "'container_bytes'", &container_bytes)) {
      return false;
    }
    RaiseTo(board_.log_bytes_max, static_cast<uint64_t>(log_bytes));
    RaiseTo(board_.container_bytes_max, static_cast<uint64_t>(container_bytes));
    return true;
  }

  StressBoard& board_;
  const StressStore store_;
  std::mt19937_64 random_;
  StressDatabase db_;
};

}  // namespace

int RunStressRole(const StressRole& role, StressBoard& board) {
  struct sigaction stop {};
  stop.sa_handler = [](int) { stress_must_stop = true; };
  ::sigaction(SIGTERM, &stop, nullptr);
  if (role.name == "reader") return RunStressReader(role, board);
  if (role.name == "operator") return StressOperator(role, board).Run() ? 0 : 1;
  return StressWriter(role, board).Run() ? 0 : 1;
}

int RunStressRoleIfAsked(int argc, char** argv) {
  if (argc != 7 || std::string(argv[1]) != "--stress") return -1;
  StressRole role;
  role.name = argv[2];
  role.store.folder = argv[3];
  role.store.journal = argv[4];
  role.store.synchronous = argv[5];
  role.seed = std::strtoull(argv[6], nullptr, 10);
  const BoardMemory memory(kBoardFd);
  return RunStressRole(role, memory.board());
}

}  // namespace xtdb
