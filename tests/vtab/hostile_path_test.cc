#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/vtab/hostile.h"

// Goal: whatever path a schema or a shadow table names, nothing but a container is written or
// removed, and the table can be dropped.
namespace xtdb {
namespace {

using testing::HasSubstr;

class HostilePathTest : public HostileTest {
 protected:
  // Leads the table to `path` as a stranger would, in a file that is sent.
  void Lead(const std::string& path) { EditConfig("path", path); }
  // What stands there is refused with `message`, for reading and writing, and stays as it is.
  void ExpectRefused(const std::string& path, const std::string& message) {
    SCOPED_TRACE(path);
    Lead(path);
    EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr(message));
    EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)").message,
                HasSubstr(message));
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE other USING xtdb(path='" + path + "')").message,
                HasSubstr(message));
    EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'other%'"), "0");
  }
};

TEST_F(HostilePathTest, WhatIsNoContainerIsRefusedAndStaysAsItIs) {
  const std::string text(100'000, 'x');
  WriteFile(folder_ / "letter.txt", text);
  WriteFile(folder_ / "short.txt", "x");
  ExpectRefused("letter.txt", "not an xTdb container");
  ExpectRefused("short.txt", "not an xTdb container");
  Run("DROP TABLE plant");
  EXPECT_TRUE(ReadFile(folder_ / "letter.txt") == text);
  EXPECT_EQ(ReadFile(folder_ / "short.txt"), "x");
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    EXPECT_THAT(entry.path().string(), testing::Not(HasSubstr(".txt-")));
  }
}

TEST_F(HostilePathTest, FoldersPipesAndDevicesAreRefused) {
  std::filesystem::create_directory(folder_ / "sub");
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  ExpectRefused("sub", "not a regular file");
  ExpectRefused("pipe", "not a regular file");
  ExpectRefused("/dev/null", "not a regular file");
}

TEST_F(HostilePathTest, AnEmptyFileIsNotTakenForAContainerByATableThatHadOne) {
  WriteFile(folder_ / "empty", "");
  Lead("empty");
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "is missing"));
  EXPECT_EQ(ReadFile(folder_ / "empty"), "");
}

TEST_F(HostilePathTest, FilesOfTheOwnDatabaseAreNeverOpened) {
  const std::string message = "belongs to a database that is open here";
  for (const char* const journal_mode : {"DELETE", "WAL"}) {
    SCOPED_TRACE(journal_mode);
    Run(std::string("PRAGMA journal_mode = ") + journal_mode);
    for (const char* const suffix : {"", "-wal", "-shm", "-journal"}) {
      ExpectRefused("test.db" + std::string(suffix), message);
      ExpectRefused("./sub/../test.db" + std::string(suffix), "");
    }
  }
  std::filesystem::create_symlink(DatabasePath(), folder_ / "link");
  ExpectRefused("link", message);
}

// SQLite's locks on a file end when the process closes any descriptor of it.
TEST_F(HostilePathTest, ADatabaseOfAnotherConnectionKeepsItsLocks) {
  TestDatabase other(folder_ / "other.db");
  other.Run("CREATE TABLE t(x)");
  other.Run("BEGIN EXCLUSIVE");
  std::filesystem::create_hard_link(folder_ / "other.db", folder_ / "hard");
  ExpectRefused("other.db", "not an xTdb container");
  ExpectRefused("hard", "not an xTdb container");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    sqlite3* db = nullptr;
    sqlite3_open((folder_ / "other.db").c_str(), &db);
    ::_exit(sqlite3_exec(db, "SELECT * FROM t", nullptr, nullptr, nullptr));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), SQLITE_BUSY);
  other.Run("COMMIT");
}

TEST_F(HostilePathTest, ASchemaThatNamesManyFilesDoesNotUseUpTheOpenOnes) {
  const auto count_open = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  const auto before = count_open();
  for (int i = 0; i < 100; ++i) {
    const std::string name = "text" + std::to_string(i);
    WriteFile(folder_ / name, "x");
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE other USING xtdb(path='" + name + "')").message,
                HasSubstr("not an xTdb container"));
  }
  EXPECT_LT(count_open(), before + 50);
}

TEST_F(HostilePathTest, AnEmptyDatabaseOfTheConnectionIsNotMadeAContainer) {
  db_ = std::make_unique<TestDatabase>(folder_ / "new.db");
  WriteFile(folder_ / "new.db", "");
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(path='new.db')"),
              FailsWith(SQLITE_ERROR, "belongs to a database"));
  Run("CREATE TABLE plain(x)");
  EXPECT_EQ(Line("PRAGMA integrity_check"), "ok");
}

TEST_F(HostilePathTest, NobodyElsesContainerIsRemovedAsATemporaryOne) {
  TestDatabase(folder_ / "victim.db").Run("CREATE VIRTUAL TABLE v USING xtdb(path='victim.xtdb')");
  const std::string before = ReadFile(folder_ / "victim.xtdb");
  EditSchema("plant", "CREATE VIRTUAL TABLE plant USING xtdb");
  Run("DELETE FROM plant_config WHERE key = 'uuid'");
  Run("UPDATE plant_config SET value = '1' WHERE key = 'temporary'");
  Lead(folder_ / "victim.xtdb");
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0");
  Run("DROP TABLE plant");
  db_.reset();
  EXPECT_TRUE(ReadFile(folder_ / "victim.xtdb") == before);
}

TEST_F(HostilePathTest, AMemoryDatabaseThatSaysTemporaryRemovesNothingEither) {
  TestDatabase(folder_ / "victim.db").Run("CREATE VIRTUAL TABLE v USING xtdb(path='victim.xtdb')");
  {
    TestDatabase memory(":memory:");
    memory.Run("CREATE TABLE t_config(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID");
    memory.Run("INSERT INTO t_config VALUES ('temporary', '1'), ('path', '" +
               (folder_ / "victim.xtdb") + "')");
    memory.Run("PRAGMA writable_schema = ON");
    memory.Run(
        "INSERT INTO sqlite_schema VALUES ('table', 't', 't', 0, "
        "'CREATE VIRTUAL TABLE t USING xtdb')");
    memory.Run("PRAGMA writable_schema = RESET");
    EXPECT_EQ(memory.Line("SELECT count(*) FROM t"), "0");
    memory.Run("CREATE VIEW view AS SELECT * FROM t; PRAGMA trusted_schema = OFF");
    EXPECT_THAT(memory.Exec("SELECT * FROM view"), FailsWith(SQLITE_ERROR, "unsafe use"));
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "victim.xtdb"));
}

TEST_F(HostilePathTest, SharedMemoryThatIsALinkIsNotFollowed) {
  const std::string text(200'000, 'x');
  WriteFile(folder_ / "letter.txt", text);
  db_.reset();
  std::filesystem::create_symlink(folder_ / "letter.txt", ContainerPath() + "-shm");
  Reopen();
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "symbolic link"));
  db_.reset();
  EXPECT_TRUE(ReadFile(folder_ / "letter.txt") == text);
  std::filesystem::remove(ContainerPath() + "-shm");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostilePathTest, ALogThatIsALinkIsSetAsideAndNotFollowed) {
  const std::string text(200'000, 'x');
  WriteFile(folder_ / "letter.txt", text);
  db_.reset();
  std::filesystem::create_symlink(folder_ / "letter.txt", ContainerPath() + "-wal");
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
  Run("INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)");
  EXPECT_TRUE(ReadFile(folder_ / "letter.txt") == text);
}

TEST_F(HostilePathTest, ALogInUseThatIsALinkIsNotWritten) {
  Run("BEGIN; INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1); COMMIT");
  std::filesystem::create_directory(folder_ / "copy");
  for (const char* const suffix : {"", "-wal"}) {
    std::filesystem::copy_file(ContainerPath() + suffix,
                               folder_ / "copy/x.xtdb" + std::string(suffix));
  }
  const std::string log = folder_ / "copy/x.xtdb-wal";
  std::filesystem::rename(log, folder_ / "letter.txt");
  const std::string before = ReadFile(folder_ / "letter.txt");
  std::filesystem::create_symlink(folder_ / "letter.txt", log);
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(path='copy/x.xtdb')").message,
              HasSubstr("symbolic link"));
  EXPECT_TRUE(ReadFile(folder_ / "letter.txt") == before);
}

TEST_F(HostilePathTest, APipeAsSharedMemoryIsAnError) {
  db_.reset();
  ASSERT_EQ(::mkfifo((ContainerPath() + "-shm").c_str(), 0600), 0);
  Reopen();
  EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr("not a regular file"));
}

TEST_F(HostilePathTest, AFolderThatIsNotThereIsToldAtUseAndTheTableCanBeDropped) {
  for (const std::string path : {"gone/x.xtdb", "test.db/x.xtdb", "/dev/null/x"}) {
    Lead(path);
    EXPECT_NE(Exec("SELECT * FROM plant").code, SQLITE_OK);
  }
  Lead(std::string(4000, 'x'));
  EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr("File name too long"));
  std::filesystem::create_symlink("loop", folder_ / "loop");
  Lead("loop");
  EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr("Too many levels"));
  Run("DROP TABLE plant");
  EXPECT_TRUE(std::filesystem::exists(ContainerPath()));
}

TEST_F(HostilePathTest, ANulInThePathIsAnError) {
  Run("UPDATE plant_config SET value = 'a' || char(0) || 'b' WHERE key = 'path'");
  Reopen();
  EXPECT_THAT(Exec("SELECT * FROM plant"), FailsWith(SQLITE_ERROR, "NUL"));
  Run("DROP TABLE plant");
}

TEST_F(HostilePathTest, ALinkOutOfTheFolderCountsAsElsewhere) {
  const TemporaryDirectory elsewhere;
  TestDatabase(elsewhere / "far.db").Run("CREATE VIRTUAL TABLE t USING xtdb(path='far.xtdb')");
  std::filesystem::create_symlink(elsewhere / "far.xtdb", folder_ / "near.xtdb");
  for (const std::string& path : {std::string("near.xtdb"), elsewhere / "far.xtdb"}) {
    SCOPED_TRACE(path);
    Run("CREATE VIRTUAL TABLE far USING xtdb(path='" + path + "')");
    Run("CREATE VIEW v AS SELECT * FROM far");
    Run("CREATE VIEW f AS SELECT * FROM xtdb_tags('far')");
    Run("CREATE VIEW c AS SELECT xtdb_check('far')");
    EXPECT_THAT(Exec("SELECT * FROM v; SELECT * FROM f; SELECT * FROM c"), Succeeds());
    Run("PRAGMA trusted_schema = OFF");
    EXPECT_THAT(Exec("SELECT * FROM v"), FailsWith(SQLITE_ERROR, "unsafe use"));
    EXPECT_THAT(Exec("SELECT * FROM f"), FailsWith(SQLITE_ERROR, "trusted_schema"));
    EXPECT_THAT(Exec("SELECT * FROM c"), FailsWith(SQLITE_ERROR, "trusted_schema"));
    EXPECT_THAT(Exec("SELECT * FROM far"), Succeeds());
    Run("PRAGMA trusted_schema = ON; DROP VIEW v; DROP VIEW f; DROP VIEW c; DROP TABLE far");
  }
}

TEST_F(HostilePathTest, AFileWithoutPermissionIsAnErrorThatNamesIt) {
  if (::getuid() == 0) GTEST_SKIP() << "root may read everything";
  db_.reset();
  std::filesystem::permissions(ContainerPath(), std::filesystem::perms::none);
  Reopen();
  EXPECT_THAT(Exec("SELECT * FROM plant").message, HasSubstr("Permission denied"));
}

TEST_F(HostilePathTest, OddNamesMakeOneFileInTheFolder) {
  const std::vector<std::string> names = {
      "..", "../up", ".", "a\nb", "it's", "\xC3\xA9t\xC3\xA9", "$(touch x)", "-rf *", "a;b", "%2F"};
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    Run("CREATE VIRTUAL TABLE \"" + name + "\" USING xtdb");
    Run("INSERT INTO \"" + name + "\"(tag, ts, value) VALUES ('a', 1, 1)");
  }
  Reopen();
  for (const std::string& name : names) EXPECT_EQ(Points("\"" + name + "\""), "a 1 1");
  size_t containers = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
    containers += entry.path().extension() == ".xtdb" ? 1 : 0;
  }
  EXPECT_EQ(containers, names.size() + 1);
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE \"" + std::string(300, 'n') + "\" USING xtdb").message,
              HasSubstr("File name too long"));
}

TEST_F(HostilePathTest, LogAndSharedMemoryAreAsPrivateAsTheContainer) {
  db_.reset();
  ASSERT_EQ(::chmod(ContainerPath().c_str(), 0600), 0);
  Reopen();
  Run("INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)");
  for (const char* const suffix : {"-wal", "-shm"}) {
    struct stat info {};
    ASSERT_EQ(::stat((ContainerPath() + suffix).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << suffix;
  }
}

}  // namespace
}  // namespace xtdb
