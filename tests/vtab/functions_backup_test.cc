// xtdb_backup and PRAGMA integrity_check.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/vtab/sql_fixture.h"
#include "vtab/connection.h"
#include "vtab/integrity.h"
#include "vtab/module.h"
#include "vtab/table.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class BackupFunctionTest : public SqlTest {
 protected:
  void SetUp() override {
    Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1.5), ('a', 2, 2.5), ('b', 1, 'x')");
  }
  std::string Backup(const std::string& name = "copy.xtdb") const {
    return "SELECT xtdb_backup('plant', '" + (folder_ / name) + "')";
  }
  // Flips a bit of the first block's data.
  void Damage() {
    Run("SELECT xtdb_seal('plant')");
    std::fstream file(ContainerPath(), std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(file)), {});
    const size_t block = bytes.find("XTDBBLCK");
    ASSERT_NE(block, std::string::npos);
    file.clear();
    file.seekp(static_cast<std::streamoff>(block + 130));
    file.put(static_cast<char>(bytes[block + 130] ^ 0x10));
  }
};

TEST_F(BackupFunctionTest, TheCopyIsATableOfItsOwn) {
  EXPECT_EQ(Line(Backup()), "ok");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 3, 3.5)");
  Run("CREATE VIRTUAL TABLE copy USING xtdb(path='copy.xtdb')");
  EXPECT_EQ(Points("copy"), "a 1 1.5, a 2 2.5, b 1 x");
  EXPECT_EQ(Points(), "a 1 1.5, a 2 2.5, a 3 3.5, b 1 x");
  Run("INSERT INTO copy(tag, ts, value) VALUES ('c', 1, 1)");
  EXPECT_EQ(Line("SELECT xtdb_check('plant'), xtdb_check('copy')"), "ok ok");
}

TEST_F(BackupFunctionTest, ErrorsSayWhatToDo) {
  EXPECT_THAT(Exec("SELECT xtdb_backup('plant', NULL)"),
              FailsWith(SQLITE_ERROR, "xtdb_backup: which table, and to which file? write"));
  EXPECT_THAT(Exec("SELECT xtdb_backup('none', 'x')"), FailsWith(SQLITE_ERROR, "there are: plant"));
  EXPECT_THAT(Exec("SELECT xtdb_backup('plant', '')"), FailsWith(SQLITE_ERROR, "no name"));
  EXPECT_THAT(Exec("SELECT xtdb_backup('plant', '" + ContainerPath() + "')"),
              FailsWith(SQLITE_ERROR, "exists; remove it, or write another file"));
  EXPECT_THAT(Exec(Backup("no such folder/copy.xtdb")).message, HasSubstr("xtdb_backup: "));
}

TEST_F(BackupFunctionTest, ItIsRefusedBesideAnOpenWriteAndInViews) {
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 3, 3.5)");
  EXPECT_THAT(Exec(Backup()),
              FailsWith(SQLITE_ERROR, "xtdb_backup: this transaction has written to"));
  Run("COMMIT");
  Run("CREATE VIEW v AS " + Backup());
  EXPECT_THAT(Exec("SELECT * FROM v"), FailsWith(SQLITE_ERROR, "unsafe use"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy.xtdb"));
}

TEST_F(BackupFunctionTest, OfADamagedContainerThereIsNoCopy) {
  Damage();
  EXPECT_THAT(Exec(Backup()), FailsWith(SQLITE_CORRUPT_VTAB, "there is no backup: "));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy.xtdb"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "copy.xtdb.partial"));
}

// Hosts older than SQLite 3.44 do not ask virtual tables; those since then do.
TEST_F(BackupFunctionTest, IntegrityCheckOfASoundContainerIsOk) {
  EXPECT_EQ(Line("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(Line("PRAGMA quick_check"), "ok");
  EXPECT_EQ(WithIntegrity(kXtdbModule, 3'043'002), &kXtdbModule);
  const sqlite3_module* const extended = WithIntegrity(kXtdbModule, 3'044'000);
  EXPECT_EQ(extended->iVersion, 4);
  EXPECT_EQ(extended->xFilter, kXtdbModule.xFilter);
  EXPECT_EQ(extended->xShadowName, kXtdbModule.xShadowName);
}

TEST_F(BackupFunctionTest, TheIntegrityMethodNamesDamage) {
  const auto check = [&](int flags) {
    Table* const table = Connection::Of(db_->get()).FindTable("plant").value();
    char* error = nullptr;
    EXPECT_EQ(CheckIntegrity(table, "main", "plant", flags, &error), SQLITE_OK);
    const std::string text = error == nullptr ? "" : error;
    sqlite3_free(error);
    return text;
  };
  EXPECT_EQ(check(0), "");
  Damage();
  EXPECT_THAT(check(0), testing::AllOf(HasSubstr(ContainerPath()), HasSubstr("block 0")));
  EXPECT_EQ(check(1), "") << "quick_check does not read the blocks";
  if (sqlite3_libversion_number() >= 3'044'000) {
    EXPECT_THAT(Line("PRAGMA integrity_check"), HasSubstr("block 0"));
  } else {
    EXPECT_EQ(Line("PRAGMA integrity_check"), "ok");
  }
  db_.reset();
  std::filesystem::remove(ContainerPath());
  db_ = std::make_unique<TestDatabase>(DatabasePath());
  EXPECT_THAT(check(0), HasSubstr("test.db.plant.xtdb")) << "that it is away is a problem";
}

}  // namespace
}  // namespace xtdb
