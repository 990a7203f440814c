#include <fstream>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class ErrorTextTest : public SqlTest {
 protected:
  void ExpectRefused(const std::string& row, int code, const std::string& message) {
    const std::string sql =
        "INTO plant(tag, time, value, quality, ts, tag_id) VALUES (" + row + ")";
    EXPECT_THAT(Exec("INSERT " + sql), FailsWith(code, message)) << row;
    EXPECT_THAT(Exec("BEGIN; INSERT OR IGNORE " + sql), FailsWith(code, message)) << row;
    Run("COMMIT");
    EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0") << row;
  }
  void ExpectCreateRefused(const std::string& options, const std::string& message) {
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(" + options + ")"),
                FailsWith(SQLITE_ERROR, message))
        << options;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "test.db.t.xtdb"));
    EXPECT_EQ(Line("SELECT count(*) FROM sqlite_schema WHERE name LIKE 't%'"), "0");
  }
};

TEST_F(ErrorTextTest, WrongRowsAreRefusedAlsoUnderIgnore) {
  ExpectRefused("'a', 'yesterday', 1, NULL, NULL, NULL", SQLITE_MISMATCH, "\"yesterday\"");
  ExpectRefused("'a', 1767225600, 1, NULL, NULL, NULL", SQLITE_MISMATCH, "to_timestamp(x)");
  ExpectRefused("'a', '1767225600', 1, NULL, NULL, NULL", SQLITE_MISMATCH, "to_timestamp(x)");
  ExpectRefused("'a', x'00', 1, NULL, NULL, NULL", SQLITE_MISMATCH, "a BLOB of 1 bytes");
  ExpectRefused("'a', '2026-02-30', 1, NULL, NULL, NULL", SQLITE_MISMATCH, "2026-02-30");
  ExpectRefused("'a', NULL, 1, NULL, 1.5, NULL", SQLITE_MISMATCH, "ts is 1.5");
  ExpectRefused("'a', NULL, 1, NULL, 9223372036854775807, NULL", SQLITE_MISMATCH, "0001-01-01");
  ExpectRefused("'a', NULL, 1, 256, 1, NULL", SQLITE_MISMATCH, "quality is 256");
  ExpectRefused("'a', NULL, 1, 'good', 1, NULL", SQLITE_MISMATCH, "quality is \"good\"");
  ExpectRefused("'a', NULL, x'0102', NULL, 1, NULL", SQLITE_MISMATCH, "a BLOB of 2 bytes");
  ExpectRefused("'a', NULL, '', NULL, 1, NULL", SQLITE_MISMATCH, "value of tag \"a\" is ''");
  ExpectRefused("x'61', NULL, 1, NULL, 1, NULL", SQLITE_MISMATCH, "tag is a BLOB");
  ExpectRefused("NULL, NULL, 1, NULL, 1, 0", SQLITE_MISMATCH, "tag_id is 0");
  ExpectRefused("NULL, NULL, 1, NULL, 1, 77", SQLITE_ERROR, "no tag has tag_id 77");
  ExpectRefused("'a', NULL, 1, NULL, 1, 77", SQLITE_ERROR, "leave tag_id out");
  ExpectRefused("'a', '1970-01-01', 1, NULL, 1, NULL", SQLITE_ERROR, "leave one of them out");
  ExpectRefused("'', NULL, 1, NULL, 1, NULL", SQLITE_ERROR, "");
}

TEST_F(ErrorTextTest, NullsNameTheirColumn) {
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES (NULL, 1, 1)"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "plant.tag"));
  EXPECT_THAT(Exec("INSERT INTO plant(tag, value) VALUES ('a', 1)"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "plant.time"));
  Run("INSERT OR IGNORE INTO plant(tag, ts, value) VALUES (NULL, 1, 1), ('a', NULL, 1), ('a', 1, "
      "1)");
  EXPECT_EQ(Points(), "a 1 1");
}

TEST_F(ErrorTextTest, ValuesThatATagCannotHoldExactly) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('real', 1, 0.5), ('text', 1, 'x')");
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('real', 2, 9007199254740993)"),
              FailsWith(SQLITE_MISMATCH, "9007199254740993"));
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('real', 2, 'off')"),
              FailsWith(SQLITE_MISMATCH, "off"));
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('text', 2, 5)"),
              FailsWith(SQLITE_MISMATCH, "text"));
}

TEST_F(ErrorTextTest, BatchesSayWhatDoesNotFit) {
  const auto batch = [&](const std::string& values) {
    return Exec("INSERT INTO plant(tag, ts_blob, value_blob, quality_blob) VALUES ('a', " + values +
                ")");
  };
  EXPECT_THAT(batch("zeroblob(16), zeroblob(8), NULL"),
              FailsWith(SQLITE_MISMATCH, "ts_blob has 2 points, value_blob 1"));
  EXPECT_THAT(batch("zeroblob(8), zeroblob(8), zeroblob(2)"),
              FailsWith(SQLITE_MISMATCH, "ts_blob has 1 points, quality_blob 2"));
  EXPECT_THAT(batch("zeroblob(7), zeroblob(7), NULL"),
              FailsWith(SQLITE_MISMATCH, "ts_blob has 7 bytes, which is no multiple of 8"));
  EXPECT_THAT(batch("zeroblob(8), 1.5, NULL"), FailsWith(SQLITE_MISMATCH, "value_blob is 1.5"));
  EXPECT_THAT(batch("zeroblob(8), NULL, NULL"), FailsWith(SQLITE_MISMATCH, "value_blob is NULL"));
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, ts_blob, value_blob) VALUES ('a', 1, x'', x'')"),
              FailsWith(SQLITE_ERROR, "column ts must not be given with ts_blob"));
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0");
}

TEST_F(ErrorTextTest, CommandsThatAreNotUnderstoodShowTheForm) {
  for (const std::string command :
       {"", "explode", "define_tag", "define_tag tag=a", "define_tag tag='a",
        "define_tag tag='a'unit='b'", "define_tag tag='a' tag='b'"}) {
    TestStatement insert(db_->get(), "INSERT INTO plant(command) VALUES (?)");
    sqlite3_bind_text(insert.get(), 1, command.c_str(), -1, SQLITE_STATIC);
    EXPECT_EQ(insert.Step(), SQLITE_ERROR);
    EXPECT_THAT(sqlite3_errmsg(db_->get()), testing::HasSubstr("write define_tag tag='a'"))
        << command;
  }
  EXPECT_THAT(Exec("INSERT INTO plant(tag, command) VALUES ('a', 'define_tag tag=''a''')"),
              FailsWith(SQLITE_ERROR, "column tag must not be given with command"));
}

TEST_F(ErrorTextTest, OptionsSayWhatTheyTake) {
  ExpectCreateRefused("colour=red", "path, synchronous");
  ExpectCreateRefused("synchronous=maybe",
                      "option synchronous: \"maybe\" is none of off, normal, full");
  ExpectCreateRefused("block_size='8K'", "none of 16K, 64K, 256K");
  ExpectCreateRefused("chunk_size='5M'", "power of two");
  ExpectCreateRefused("buffer='1K'", "less than 1M");
  ExpectCreateRefused("retention='soon'", "soon");
  ExpectCreateRefused("retention='-1 day'", "'90 days'");
  ExpectCreateRefused("retention=90", "has no unit; write '90 days'");
  ExpectCreateRefused("codec=best", "none of auto, raw");
  ExpectCreateRefused("read_only=perhaps", "perhaps");
  ExpectCreateRefused("threads=0", "number of threads");
  ExpectCreateRefused("atomic_commit=both", "both");
  ExpectCreateRefused("plant.xtdb", "write key=value, such as path='plant.xtdb'");
}

TEST_F(ErrorTextTest, OptionsThatDifferFromTheOpenContainerNameBoth) {
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb', synchronous=off)"),
              FailsWith(SQLITE_ERROR, "states off, the open container has full"));
  EXPECT_THAT(
      Exec("CREATE VIRTUAL TABLE t USING xtdb(path='test.db.plant.xtdb', chunk_size='64M')"),
      FailsWith(SQLITE_ERROR, "states 67108864, the open container has 4194304"));
}

TEST_F(ErrorTextTest, TimesInComparisons) {
  EXPECT_THAT(Exec("SELECT * FROM plant WHERE time > 'soon'"), FailsWith(SQLITE_ERROR, "\"soon\""));
  EXPECT_THAT(Exec("SELECT * FROM plant WHERE time > 5"),
              FailsWith(SQLITE_ERROR, "to_timestamp(x)"));
  EXPECT_THAT(Exec("SELECT * FROM plant WHERE ts > 'soon'"), FailsWith(SQLITE_ERROR, "\"soon\""));
}

TEST_F(ErrorTextTest, ReadOnlyTablesRefuseWrites) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  Run("DROP TABLE plant");
  Run("CREATE VIRTUAL TABLE plant USING xtdb(read_only=on)");
  EXPECT_EQ(Points(), "a 1 1");
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('a', 2, 1)"),
              FailsWith(SQLITE_READONLY, ""));
}

TEST_F(ErrorTextTest, PathsThatAreNoContainerSayWhatToWrite) {
  std::ofstream(folder_ / "notes.txt") << "boiler: look at valve 3";
  std::ofstream(folder_ / "large.txt") << std::string(100'000, 'x');
  ExpectCreateRefused("path='missing/folder/x.xtdb'", "missing/folder");
  ExpectCreateRefused("path='missing/folder/x.xtdb'", "make it first");
  ExpectCreateRefused("path='.'", "write a name such as plant.xtdb");
  ExpectCreateRefused("path='/dev/null'", "a container is a file");
  ExpectCreateRefused("path='test.db'", "write another path");
  ExpectCreateRefused("path='gone.xtdb', read_only=on", "it is not made with read_only=on");
  for (const std::string file : {"notes.txt", "large.txt"}) {
    const auto size = std::filesystem::file_size(folder_ / file);
    EXPECT_THAT(Exec("CREATE VIRTUAL TABLE t USING xtdb(path='" + file + "')"),
                FailsWith(SQLITE_CORRUPT_VTAB, "choose another path"));
    EXPECT_EQ(std::filesystem::file_size(folder_ / file), size);
  }
}

TEST_F(ErrorTextTest, AValueOfAnotherTypeIsSentToAnotherTag) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('i', 1, 1)");
  EXPECT_THAT(Exec("INSERT INTO plant(tag, ts, value) VALUES ('i', 2, 'broken')"),
              FailsWith(SQLITE_MISMATCH, "tag 'i': the text 'broken' does not fit the type int64"));
  EXPECT_THAT(Exec("UPDATE plant SET value = 'broken'"),
              FailsWith(SQLITE_MISMATCH, "write such values to another tag"));
}

TEST_F(ErrorTextTest, WhatSqliteDoesNotOfferIsRefusedByItself) {
  for (const std::string sql :
       {"CREATE INDEX i ON plant(tag)", "ALTER TABLE plant ADD COLUMN unit TEXT",
        "CREATE TRIGGER t AFTER INSERT ON plant BEGIN SELECT 1; END",
        "INSERT INTO plant VALUES ('a', '2026-01-01', 1, 192) ON CONFLICT DO NOTHING",
        "DELETE FROM plant RETURNING *", "INSERT INTO plant VALUES ('a', '2026-01-01', 1)"}) {
    EXPECT_EQ(Exec(sql).code, SQLITE_ERROR) << sql;
  }
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0");
}

}  // namespace
}  // namespace xtdb
