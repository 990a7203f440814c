// Goal: the promises of docs/concurrency.md about several processes, each on its own and step by
// step. Method: real processes that do SQL one after the other as the test tells them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/crash/sql_process.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class SqlProcessesTest : public testing::Test {
 protected:
  // A process with a table `plant` on the one container; each name is a database of its own.
  std::unique_ptr<SqlProcess> Start(const std::string& name = "a", const std::string& more = "") {
    auto process = std::make_unique<SqlProcess>(Database(name));
    EXPECT_EQ(process->Text("CREATE VIRTUAL TABLE IF NOT EXISTS plant USING xtdb("
                            "path='plant.xtdb', chunk_size='4M', buffer='1M'" +
                            more + ")"),
              "");
    return process;
  }
  std::string Database(const std::string& name) const { return folder_ / (name + ".db"); }
  static std::string Insert(int64_t ts, const std::string& tag = "t") {
    return "INSERT INTO plant(tag, ts, value) VALUES ('" + tag + "', " + std::to_string(ts) + ", " +
           std::to_string(ts) + ")";
  }
  // `count` points from `from` on, of a kilobyte each, in one statement.
  static std::string Fill(int64_t from, int64_t count) {
    return "WITH RECURSIVE n(i) AS (SELECT " + std::to_string(from) +
           " UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " + std::to_string(from + count) +
           ") INSERT INTO plant(tag, ts, value) SELECT 'fill', i, hex(randomblob(500)) FROM n";
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      const std::string name = entry.path().filename();
      if (name.find(".xtdb") != std::string::npos) files.push_back(name);
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  TemporaryDirectory folder_;
  const std::string count_ = "SELECT count(*) FROM plant";
};

TEST_F(SqlProcessesTest, AnOpenCursorKeepsItsStateUnderCommitsFlushesSealsAndDrops) {
  const auto writer = Start();
  EXPECT_EQ(writer->Text(Fill(1, 3000)), "");
  EXPECT_EQ(writer->Text("SELECT xtdb_seal('plant')"), "ok");
  EXPECT_EQ(writer->Text(Fill(3001, 1000)), "");
  const auto reader = Start("b");
  EXPECT_EQ(reader->Text(".cursor SELECT ts FROM plant WHERE tag = 'fill' ORDER BY ts"), "");
  EXPECT_EQ(reader->Text(".rows 2"), "1\n2");
  for (int64_t round = 0; round < 5; ++round) {
    EXPECT_EQ(writer->Text(Fill(4001 + round * 3000, 3000)), "");
    EXPECT_EQ(writer->Text("SELECT xtdb_seal('plant')"), "ok");
    EXPECT_THAT(writer->Text("SELECT xtdb_drop('plant', 10000)"), testing::Not(HasSubstr(":")));
  }
  EXPECT_NE(writer->Text(count_), "19000") << "something was dropped";
  std::string expected;
  for (int64_t i = 3; i <= 4000; ++i) expected += (i == 3 ? "" : "\n") + std::to_string(i);
  EXPECT_EQ(reader->Text(".rows 100000"), expected);
  EXPECT_EQ(reader->Text(".finish"), "");
  EXPECT_EQ(reader->Text(count_), writer->Text(count_));
  EXPECT_EQ(reader->Text("SELECT xtdb_check('plant')"), "ok");
}

TEST_F(SqlProcessesTest, OneThatDiesBeforeItsCommitLeavesNoTrace) {
  const auto dying = Start();
  const auto other = Start("b");
  EXPECT_EQ(dying->Text(Insert(1)), "");
  EXPECT_EQ(dying->Text("BEGIN; " + Insert(2) + "; " + Insert(3, "new")), "");
  EXPECT_EQ(other->Text(count_), "1");
  dying->Kill();
  EXPECT_EQ(other->Text(count_), "1");
  EXPECT_EQ(other->Text(Insert(4)), "") << "its lock is free at once";
  EXPECT_EQ(other->Text("SELECT tag, ts FROM plant ORDER BY ts"), "t|1\nt|4");
}

TEST_F(SqlProcessesTest, TheSecondWriterWaitsAsLongAsItsBusyTimeout) {
  for (const char* second : {"a", "b"}) {  // the same database, and another
    SCOPED_TRACE(second);
    const auto first = Start();
    const auto other = Start(second);
    EXPECT_EQ(first->Text("BEGIN; " + Insert(1)), "");
    EXPECT_EQ(other->Run(Insert(2)).code, SQLITE_BUSY);
    EXPECT_EQ(other->Text("PRAGMA busy_timeout = 20000"), "20000");
    other->Begin(Insert(2));
    ::usleep(200'000);
    EXPECT_EQ(first->Text("COMMIT"), "");
    EXPECT_EQ(other->End().code, SQLITE_OK);
    EXPECT_EQ(first->Text(count_), "2");
  }
}

TEST_F(SqlProcessesTest, ABusyContainerTellsWhoWrites) {
  const auto first = Start();
  const auto other = Start("b");
  EXPECT_EQ(first->Text("BEGIN; " + Insert(1)), "");
  EXPECT_THAT(other->Text(Insert(2)),
              HasSubstr("process " + std::to_string(first->pid()) + " is writing"));
}

TEST_F(SqlProcessesTest, AForkedChildIsRefusedAndKeepsNoLock) {
  const auto parent = Start();
  EXPECT_EQ(parent->Text("BEGIN; " + Insert(1) + "; COMMIT; BEGIN; " + Insert(2)), "");
  const std::string child = parent->Text(".fork");
  const auto pid = static_cast<pid_t>(std::stol(child));
  EXPECT_THAT(child, HasSubstr("|1|")) << "an error, not a result";
  EXPECT_THAT(child, HasSubstr("fork"));
  EXPECT_EQ(parent->Text("COMMIT"), "") << "the parent goes on";
  EXPECT_EQ(parent->Text("BEGIN; " + Insert(3)), "");
  parent->Kill();
  {
    const auto other = Start("b");
    EXPECT_EQ(other->Text(count_), "2");
    EXPECT_EQ(other->Text(Insert(4)), "") << "the child lives, and has no lock";
    EXPECT_EQ(other->Text(".close"), "");
    EXPECT_THAT(Files(), ElementsAre("plant.xtdb"));
  }
  EXPECT_EQ(::kill(pid, SIGKILL), 0);
}

TEST_F(SqlProcessesTest, TheLastCloseLeavesOneFile) {
  std::vector<std::unique_ptr<SqlProcess>> processes;
  for (const char* name : {"a", "b", "c"}) processes.push_back(Start(name));
  EXPECT_EQ(processes[0]->Text(Insert(1)), "");
  EXPECT_EQ(processes[1]->Text(count_), "1");
  for (const auto& process : processes) {
    EXPECT_THAT(Files(), ElementsAre("plant.xtdb", "plant.xtdb-shm", "plant.xtdb-wal"));
    EXPECT_EQ(process->Text(".close"), "");
  }
  EXPECT_THAT(Files(), ElementsAre("plant.xtdb"));
}

TEST_F(SqlProcessesTest, ThreadsAndConnectionsOfSeveralProcessesWriteAtOnce) {
  const auto a = Start();
  const auto b = Start("b");
  for (const auto* process : {&a, &b}) (*process)->Text("PRAGMA journal_mode = wal");
  a->Begin(".threads 3 60");
  b->Begin(".threads 3 60");
  EXPECT_EQ(a->End().text, "ok");
  EXPECT_EQ(b->End().text, "ok");
  EXPECT_EQ(a->Text(count_), "360");
  EXPECT_EQ(b->Text("SELECT count(*), min(points), max(points) FROM xtdb_tags('plant')"),
            "6|60|60");
}

TEST_F(SqlProcessesTest, AReadOnlyTableFollowsAWriterOfAnotherProcess) {
  const auto writer = Start();
  EXPECT_EQ(writer->Text(Insert(1)), "");
  auto reader = std::make_unique<SqlProcess>(Database("b"));
  EXPECT_EQ(reader->Text("CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb', read_only=on)"),
            "");
  for (int64_t i = 2; i < 20; ++i) {
    EXPECT_EQ(writer->Text(Insert(i)), "");
    EXPECT_EQ(reader->Text(count_), std::to_string(i));
    if (i % 5 == 0) {
      EXPECT_EQ(writer->Text("SELECT xtdb_seal('plant')"), "ok");
    }
  }
  EXPECT_EQ(reader->Run(Insert(100)).code, SQLITE_READONLY);
  EXPECT_EQ(writer->Text("BEGIN; " + Insert(20)), "");
  EXPECT_EQ(reader->Text(count_), "19");
  writer->Kill();
  EXPECT_EQ(reader->Text(count_), "19") << "nobody recovers it, and it is read all the same";
}

TEST_F(SqlProcessesTest, AFolderThatMayNotBeWrittenCanBeRead) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  auto writer = Start();
  {
    SqlProcess other(Database("b"));
    ASSERT_EQ(other.Text("CREATE VIRTUAL TABLE plant USING xtdb(path='plant.xtdb', read_only=on)"),
              "");
  }
  EXPECT_EQ(writer->Text(Insert(1)), "");
  for (const bool has_log : {true, false}) {
    SCOPED_TRACE(has_log ? "with the log of a killed process" : "closed");
    if (has_log) {
      writer->Kill();
    } else {
      writer = Start();
      EXPECT_EQ(writer->Text(".close"), "");
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::filesystem::permissions(entry.path(), std::filesystem::perms{0444});
    }
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0555});
    const std::vector<std::string> files = Files();
    {
      SqlProcess nobody(Database("b"), /*as_nobody=*/true);
      EXPECT_EQ(nobody.Text("SELECT tag, ts, value FROM plant"), "t|1|1");
      EXPECT_EQ(nobody.Run(Insert(2)).code, SQLITE_READONLY);
      SqlProcess writable(Database("a"), /*as_nobody=*/true);
      EXPECT_THAT(writable.Text(count_), HasSubstr("read_only=on"));
    }
    EXPECT_EQ(Files(), files);
    std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
  }
}

TEST_F(SqlProcessesTest, AStoppedReaderHoldsNobodyUpAndGoesOnWhereItWas) {
  const auto writer = Start();
  EXPECT_EQ(writer->Text(Fill(1, 2000)), "");
  const auto reader = Start("b");
  EXPECT_EQ(reader->Text(".cursor SELECT ts FROM plant ORDER BY ts"), "");
  EXPECT_EQ(reader->Text(".rows 1"), "1");
  reader->Signal(SIGSTOP);
  for (int64_t round = 0; round < 10; ++round) {
    EXPECT_EQ(writer->Text(Fill(2001 + round * 2000, 2000)), "");
  }
  EXPECT_EQ(writer->Text("SELECT xtdb_seal('plant')"), "ok");
  EXPECT_EQ(
      writer->Text("SELECT value FROM xtdb_stats('plant') WHERE name = 'oldest_snapshot_pid'"),
      std::to_string(reader->pid()));
  reader->Signal(SIGCONT);
  const std::string rest = reader->Text(".rows 1000000");
  EXPECT_THAT(rest, StartsWith("2\n3\n"));
  EXPECT_EQ(std::count(rest.begin(), rest.end(), '\n'), 1998);
  EXPECT_EQ(reader->Text(".finish"), "");
  EXPECT_EQ(reader->Text(count_), "22000");
}

TEST_F(SqlProcessesTest, AllThatOpenWhileOneRecoversSeeEverything) {
  const auto writer = Start();
  for (const char* name : {"b", "c", "d"}) {
    const auto made = Start(name);
    EXPECT_EQ(made->Text(".close"), "");
  }
  for (int round = 1; round <= 5; ++round) {
    SqlProcess dying(Database("a"));
    EXPECT_EQ(dying.Text("BEGIN; " + Fill(round * 1000, 700) + "; COMMIT"), "");
    EXPECT_EQ(dying.Text("BEGIN; " + Insert(round)), "");
    dying.Kill();
    if (round == 1) writer->Kill();
    std::vector<std::unique_ptr<SqlProcess>> opening;
    for (const char* name : {"a", "b", "c", "d"}) {
      opening.push_back(std::make_unique<SqlProcess>(Database(name)));
    }
    for (const auto& process : opening) process->Begin(count_);
    for (const auto& process : opening) EXPECT_EQ(process->End().text, std::to_string(round * 700));
    for (const auto& process : opening) process->Kill();
  }
}

}  // namespace
}  // namespace xtdb
