// Goal: with atomic_commit=on, points and rows of SQLite's own tables that one transaction wrote
// are there together or not at all, wherever the process dies. Method: a child commits transactions
// and dies before the k-th call with which it, SQLite or the engine, changes a file, for k = 1..N;
// then the database is opened and all tables are compared. Transaction n writes n everywhere.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>

#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/storage_engine.h"
#include "tests/crash/crash_point.h"
#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

constexpr int kFirst = 3;  // transactions that are there before the one who dies begins
constexpr int kLast = 5;   // and the last one that it commits

struct Scenario {
  std::string name;
  std::string journal_mode;
  int containers = 1;
  std::string schema = "main";  // where the tables are
};
void PrintTo(const Scenario& scenario, std::ostream* out) { *out << scenario.name; }

std::string TableName(int container) { return container == 0 ? "plant" : "second"; }

// A database with the scenario's tables. Dies with the process, or closes what it opened.
class Store {
 public:
  Store(const Scenario& scenario, const std::string& folder) : scenario_(scenario) {
    db_ = std::make_unique<TestDatabase>(folder + "/main.db");
    if (scenario_.schema != "main") {
      db_->Run("ATTACH '" + folder + "/other.db' AS " + scenario_.schema);
    }
  }

  void Create() {
    db_->Run("PRAGMA " + scenario_.schema + ".journal_mode = " + scenario_.journal_mode);
    db_->Run("CREATE TABLE " + In("log") + "(n)");
    for (int i = 0; i < scenario_.containers; ++i) {
      db_->Run("CREATE VIRTUAL TABLE " + In(TableName(i)) +
               " USING xtdb(chunk_size='4M', atomic_commit=on)");
    }
  }
  // Makes `plant` again, if it was dropped.
  void Attach() {
    db_->Run("CREATE VIRTUAL TABLE IF NOT EXISTS " + In("plant") + " USING xtdb(path='" + File() +
             ".plant.xtdb')");
  }
  std::string Insertions(int n) const {
    const std::string number = std::to_string(n);
    std::string sql = "INSERT INTO " + In("log") + " VALUES (" + number + ")";
    for (int i = 0; i < scenario_.containers; ++i) {
      sql += "; INSERT INTO " + In(TableName(i)) + "(tag, ts, value) VALUES ('a', " + number +
             ", " + number + "), ('tag' || " + number + ", " + number + ", 0.5)";
    }
    return sql;
  }
  std::string Statements(int n) const { return "BEGIN; " + Insertions(n) + "; COMMIT"; }
  std::string File() const { return sqlite3_db_filename(db_->get(), scenario_.schema.c_str()); }
  bool Commit(int n) { return db_->Exec(Statements(n)).code == SQLITE_OK; }

  // Every table has 1..r; which r that is. `points_first`: the containers are asked before SQLite
  // has looked at its own tables.
  int Compare(bool points_first) {
    std::vector<std::string> found;
    const auto ask_log = [&] {
      found.push_back(
          db_->Line("SELECT group_concat(n) FROM (SELECT n FROM " + In("log") + " ORDER BY n)"));
    };
    if (!points_first) ask_log();
    for (int i = 0; i < scenario_.containers; ++i) {
      const std::string table = In(TableName(i));
      found.push_back(db_->Line("SELECT group_concat(ts) FROM (SELECT ts FROM " + table +
                                " WHERE tag = 'a' ORDER BY ts)"));
      found.push_back(db_->Line("SELECT group_concat(ts) FROM (SELECT ts FROM " + table +
                                " WHERE tag <> 'a' ORDER BY ts)"));
      EXPECT_EQ(db_->Line("SELECT xtdb_check('" + scenario_.schema + "." + TableName(i) + "')"),
                "ok");
    }
    if (points_first) ask_log();
    int last = 0;
    std::string expected;
    for (const char c : found[0]) last += c == ',' ? 1 : 0;
    last = found[0] == "NULL" ? 0 : last + 1;
    for (int n = 1; n <= last; ++n) expected += (n == 1 ? "" : ",") + std::to_string(n);
    if (last == 0) expected = "NULL";
    EXPECT_THAT(found, testing::Each(expected));
    return last;
  }
  TestDatabase& db() { return *db_; }
  std::string In(const std::string& table) const { return scenario_.schema + "." + table; }

 private:
  const Scenario scenario_;
  std::unique_ptr<TestDatabase> db_;
};

// Runs `work` in a child that dies before its `call`-th change of a file. False: it came to the
// end. `acknowledged` is what the child reported last by the given function.
using Report = std::function<void(int)>;
bool Dies(uint64_t call, const std::function<void(const Report&)>& work, int* acknowledged) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) {
    ArmCrashPoint(call);
    work([&](int n) {
      if (::write(ends[1], &n, sizeof(n)) != sizeof(n)) ::_exit(1);
    });
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  ::close(ends[1]);
  for (int n = 0; ::read(ends[0], &n, sizeof(n)) == sizeof(n);) *acknowledged = n;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_THAT(WEXITSTATUS(status), testing::AnyOf(0, kCrashExitCode));
  return WEXITSTATUS(status) == kCrashExitCode;
}

class AtomicCommitCrashTest : public testing::TestWithParam<Scenario> {
 protected:
  AtomicCommitCrashTest() {
    std::filesystem::create_directory(folder_ / "new");
    Store store(GetParam(), folder_ / "new");
    store.Create();
    for (int n = 1; n <= kFirst; ++n) EXPECT_TRUE(store.Commit(n));
  }
  std::string Fresh() {
    const std::string folder = folder_ / "run";
    std::filesystem::remove_all(folder);
    std::filesystem::copy(folder_ / "new", folder);
    return folder;
  }
  static void CommitAll(Store& store, const Report& report) {
    for (int n = kFirst + 1; n <= kLast; ++n) {
      if (store.Commit(n)) report(n);
    }
  }
  using Work = std::function<void(Store&, const Report&)>;
  // Lets a child do the work and die before each `step`-th call, or before each one if
  // XTDB_CRASH_EVERYWHERE is set; how many places that were.
  uint64_t DieEverywhere(uint64_t step, const Work& work) {
    if (std::getenv("XTDB_CRASH_EVERYWHERE") != nullptr) step = 1;
    uint64_t places = 0;
    uint64_t call = 1;
    for (bool died = true; died && !HasFailure(); call += step, ++places) {
      SCOPED_TRACE(testing::Message() << "dies before call " << call);
      const std::string folder = Fresh();
      int acknowledged = kFirst;
      died = Dies(
          call,
          [&](const Report& report) {
            Store store(GetParam(), folder);
            work(store, report);
          },
          &acknowledged);
      Verify(folder, acknowledged, call % 2 == 0);
    }
    std::clog << GetParam().name << ": " << places << " places to die\n";
    return places;
  }
  // What a died process left is a prefix with everything acknowledged, and can be written to.
  void Verify(const std::string& folder, int acknowledged, bool points_first) {
    int last = 0;
    {
      Store store(GetParam(), folder);
      store.Attach();
      last = store.Compare(points_first);
      EXPECT_GE(last, acknowledged);
      EXPECT_LE(last, kLast);
      EXPECT_TRUE(store.Commit(last + 1));
      EXPECT_EQ(store.Compare(points_first), last + 1);
    }
    Store store(GetParam(), folder);
    EXPECT_EQ(store.Compare(points_first), last + 1);
  }

  TemporaryDirectory folder_;
};

TEST_P(AtomicCommitCrashTest, PointsAndRowsAreThereTogetherOrNotAtAll) {
  const uint64_t places = DieEverywhere(1, CommitAll);
  EXPECT_GT(places, 40u) << "far fewer than the steps of two commits";
}

// A reader makes the first COMMIT fail after xSync; the second has more to commit.
TEST_P(AtomicCommitCrashTest, ACommitThatWasBusyIsThereOnceOrNotAtAll) {
  if (GetParam().journal_mode == "wal") GTEST_SKIP() << "there no reader makes a COMMIT fail";
  DieEverywhere(2, [](Store& store, const Report& report) {
    store.db().Run("BEGIN; " + store.Insertions(kFirst + 1));
    {
      TestDatabase reader(store.File());
      TestStatement reading(reader.get(), "SELECT n FROM log");
      EXPECT_EQ(reading.Step(), SQLITE_ROW);
      EXPECT_THAT(store.db().Exec("COMMIT"), FailsWith(SQLITE_BUSY, ""));
    }
    store.db().Run("INSERT INTO " + store.In("plant") + "(tag, ts, value) VALUES ('a', " +
                   std::to_string(kFirst + 1) + ", 0)");
    if (store.db().Exec("COMMIT").code == SQLITE_OK) report(kFirst + 1);
  });
}

TEST_P(AtomicCommitCrashTest, RolledBackTransactionsBetweenCommitsLeaveNothing) {
  DieEverywhere(3, [](Store& store, const Report& report) {
    store.db().Run("BEGIN; " + store.Insertions(90) + "; ROLLBACK");
    if (store.Commit(kFirst + 1)) report(kFirst + 1);
    store.db().Run("BEGIN; SAVEPOINT s; " + store.Insertions(91) + "; ROLLBACK TO s; COMMIT");
    if (store.Commit(kFirst + 2)) report(kFirst + 2);
  });
}

TEST_P(AtomicCommitCrashTest, ATableThatIsDroppedAndMadeAgainKeepsWhatWasCommitted) {
  DieEverywhere(5, [](Store& store, const Report& report) {
    if (store.Commit(kFirst + 1)) report(kFirst + 1);
    store.db().Run("DROP TABLE " + store.In("plant"));
    store.Attach();
    if (store.Commit(kFirst + 2)) report(kFirst + 2);
    store.db().Run("BEGIN; DROP TABLE " + store.In("plant"));
    store.Attach();
    store.db().Run("COMMIT");
  });
}

TEST_P(AtomicCommitCrashTest, ARecoveryThatDiesAgainAndAgainEndsTheSame) {
  uint64_t recoveries = 0;
  uint64_t call = 1;
  for (bool died = true; died && !HasFailure(); call += 7) {
    SCOPED_TRACE(testing::Message() << "dies before call " << call);
    const std::string folder = Fresh();
    int acknowledged = kFirst;
    died = Dies(
        call,
        [&](const Report& report) {
          Store store(GetParam(), folder);
          CommitAll(store, report);
        },
        &acknowledged);
    uint64_t step = 1;
    int nothing = 0;
    const auto recover = [&](const Report&) {
      Store store(GetParam(), folder);
      store.Compare(step % 2 == 0);
    };
    for (; Dies(step, recover, &nothing) && !HasFailure(); ++step, ++recoveries) {
    }
    Verify(folder, acknowledged, call % 2 == 0);
  }
  std::clog << GetParam().name << ": " << recoveries << " recoveries cut short\n";
}

// A store whose last transaction is prepared in the container: committed by SQLite, too, or not.
class UndecidedTest : public testing::Test {
 protected:
  UndecidedTest() {
    Store store(scenario_, folder_.path());
    store.Create();
    EXPECT_TRUE(store.Commit(1));
  }
  // Dies at the first call where the container is left undecided, and transaction 2 committed or
  // not, as wanted.
  void LeaveUndecided(bool committed) {
    for (uint64_t call = 1; call < 200; ++call) {
      std::filesystem::remove_all(Folder());
      std::filesystem::copy(folder_.path(), Folder());
      int nothing = 0;
      const bool died = Dies(
          call, [&](const Report&) { Store(scenario_, Folder()).Commit(2); }, &nothing);
      ASSERT_TRUE(died) << "never undecided";
      if (IsUndecided() && LogRows() == (committed ? "1,2" : "1")) return;
    }
  }
  std::string Folder() const { return kept_ / "files"; }
  std::string Container() const { return Folder() + "/main.db.plant.xtdb"; }
  static Result<std::shared_ptr<StorageEngine>> Open(const std::string& path, bool read_only) {
    EngineOptions options;
    options.read_only = read_only;
    return StorageEngine::Open(PosixFileSystem(), SystemClock(), path, options);
  }
  bool IsUndecided() const {
    const auto engine = Open(Container(), true);
    return engine.ok() && engine.value()->has_undecided();
  }
  // Without xtdb, which would settle. The files stay as they are.
  std::string LogRows() const {
    const std::string copy = kept_ / "look";
    std::filesystem::remove_all(copy);
    std::filesystem::copy(Folder(), copy);
    return TestDatabase(copy + "/main.db").Line("SELECT group_concat(n) FROM log");
  }
  static std::string Times(TestDatabase& db, const std::string& table) {
    return db.Line("SELECT group_concat(ts) FROM (SELECT ts FROM " + table +
                   " WHERE tag = 'a' ORDER BY ts)");
  }

  Scenario scenario_{"Undecided", "wal"};
  TemporaryDirectory folder_;
  TemporaryDirectory kept_;
};

TEST_F(UndecidedTest, WhoCannotTellReadsTheRestAndChangesNothing) {
  for (const bool committed : {true, false}) {
    LeaveUndecided(committed);
    {
      TestDatabase other(Folder() + "/other.db");
      other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='main.db.plant.xtdb')");
      EXPECT_EQ(Times(other, "t"), "1");
      EXPECT_THAT(other.Exec("INSERT INTO t(tag, ts, value) VALUES ('a', 9, 9)"),
                  FailsWith(SQLITE_READONLY, "which knows"));
      EXPECT_THAT(other.Exec("SELECT xtdb_flush('t')"), FailsWith(SQLITE_READONLY, "which knows"));
      EXPECT_EQ(other.Line("SELECT xtdb_check('t')"), "ok");
    }
    EXPECT_TRUE(IsUndecided()) << "opened and closed for writing";
    {
      const auto engine = Open(Container(), false);
      ASSERT_TRUE(engine.ok());
      EXPECT_EQ(engine.value()->WritePoint("a", 9, Value::Real(9), kQualityGood).code(),
                StatusCode::kReadOnly);
    }
    EXPECT_TRUE(IsUndecided());
    Store store(scenario_, Folder());
    EXPECT_EQ(store.Compare(true), committed ? 2 : 1);
  }
}

TEST_F(UndecidedTest, ItsOwnDatabaseSettlesItForThoseWhoHaveTheContainerOpen) {
  LeaveUndecided(true);
  TestDatabase other(Folder() + "/other.db");
  other.Run("CREATE VIRTUAL TABLE t USING xtdb(path='main.db.plant.xtdb')");
  EXPECT_EQ(Times(other, "t"), "1");
  Store store(scenario_, Folder());
  EXPECT_EQ(store.Compare(true), 2);
  EXPECT_EQ(Times(other, "t"), "1,2");
  EXPECT_TRUE(store.Commit(3));
  EXPECT_EQ(Times(other, "t"), "1,2,3");
}

// A snapshot from before the commit would answer that it never happened.
TEST_F(UndecidedTest, AnOlderSnapshotOfTheDatabaseIsNotAsked) {
  LeaveUndecided(true);
  Store store(scenario_, Folder());
  store.db().Run("BEGIN; SELECT * FROM log");
  TestDatabase(Folder() + "/main.db").Run("UPDATE plant_commit SET number = number + 8");
  EXPECT_EQ(Times(store.db(), "plant"), "1") << "its own connection sees the newer record";
}

// xtdb read-only settles in memory and leaves the files alone.
TEST_F(UndecidedTest, AReadOnlyTableSeesWhatItsDatabaseSays) {
  for (const bool committed : {true, false}) {
    LeaveUndecided(committed);
    {
      TestDatabase db(Folder() + "/main.db");
      db.Run("CREATE VIRTUAL TABLE looking USING xtdb(path='main.db.plant.xtdb', read_only=on)");
      EXPECT_EQ(Times(db, "looking"), committed ? "1,2" : "1");
    }
    EXPECT_TRUE(IsUndecided());
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, AtomicCommitCrashTest,
                         testing::Values(Scenario{"Delete", "delete"}, Scenario{"Wal", "wal"},
                                         Scenario{"DeleteTwoContainers", "delete", 2},
                                         Scenario{"WalTwoContainers", "wal", 2},
                                         Scenario{"TruncateAttached", "truncate", 1, "aux"},
                                         Scenario{"PersistTwoContainers", "persist", 2},
                                         Scenario{"WalAttached", "wal", 2, "aux"}),
                         [](const auto& scenario) { return scenario.param.name; });

}  // namespace
}  // namespace xtdb
