#include <cstring>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

template <typename T>
std::string Hex(const std::vector<T>& values) {
  std::string hex = "x'";
  for (const T& value : values) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) {
      hex += "0123456789abcdef"[byte >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
  }
  return hex + "'";
}

class WritingFunctionsTest : public SqlTest {
 protected:
  static std::string Append(const std::string& tag, const std::vector<int64_t>& ts,
                            const std::vector<double>& values) {
    return "SELECT xtdb_append('plant', '" + tag + "', " + Hex(ts) + ", " + Hex(values) + ")";
  }
};

TEST_F(WritingFunctionsTest, AppendWritesABatchAndCountsItsPoints) {
  EXPECT_EQ(Line(Append("a", {1, 2, 3}, {0.5, 1.5, 2.5})), "3");
  EXPECT_EQ(Points(), "a 1 0.5, a 2 1.5, a 3 2.5");
  EXPECT_EQ(Line(Append("a", {}, {})), "0");
  EXPECT_EQ(Points(), "a 1 0.5, a 2 1.5, a 3 2.5");
}

TEST_F(WritingFunctionsTest, AppendTakesQualities) {
  EXPECT_EQ(Line("SELECT xtdb_append('plant', 'a', " + Hex<int64_t>({1, 2}) + ", " +
                 Hex<double>({1, 2}) + ", x'c040')"),
            "2");
  EXPECT_EQ(Line("SELECT quality FROM plant ORDER BY ts"), "192, 64");
}

TEST_F(WritingFunctionsTest, AppendOfManyRowsReusesItsInsert) {
  Run("CREATE TABLE batches(tag, ts, value)");
  for (int i = 0; i < 5; ++i) {
    Run("INSERT INTO batches VALUES ('t" + std::to_string(i % 2) + "', " +
        Hex<int64_t>({i * 10, i * 10 + 1}) + ", " + Hex<double>({i * 1.0, i + 0.5}) + ")");
  }
  EXPECT_EQ(Line("SELECT sum(xtdb_append('plant', tag, ts, value)) FROM batches"), "10");
  EXPECT_EQ(Line("SELECT tag, count(*) FROM plant GROUP BY tag"), "t0 6, t1 4");
}

TEST_F(WritingFunctionsTest, TheTableMayDifferFromRowToRow) {
  Run("CREATE VIRTUAL TABLE other USING xtdb(chunk_size='4M')");
  Run("CREATE TABLE batches(tbl)");
  Run("INSERT INTO batches VALUES ('plant'), ('other'), ('plant')");
  EXPECT_EQ(Line("SELECT sum(xtdb_append(tbl, 'a', " + Hex<int64_t>({1}) + ", " + Hex<double>({1}) +
                 ")) FROM batches"),
            "3");
  EXPECT_EQ(Points("other"), "a 1 1.0");
}

TEST_F(WritingFunctionsTest, AppendBelongsToTheTransaction) {
  Run("BEGIN");
  Run(Append("a", {1}, {1}));
  Run("SAVEPOINT s");
  Run(Append("a", {2}, {2}));
  EXPECT_EQ(Points(), "a 1 1.0, a 2 2.0");
  Run("ROLLBACK TO s");
  EXPECT_EQ(Points(), "a 1 1.0");
  Run("ROLLBACK");
  EXPECT_EQ(Points(), "");
}

TEST_F(WritingFunctionsTest, OutsideATransactionACallCommitsByItself) {
  Run(Append("a", {1}, {1}));
  EXPECT_EQ(sqlite3_get_autocommit(db_->get()), 1);
  EXPECT_EQ(TestDatabase(DatabasePath()).Line("SELECT value FROM plant"), "1.0");
}

TEST_F(WritingFunctionsTest, AppendSaysWhatIsWrong) {
  EXPECT_THAT(Exec(Append("a", {1, 2}, {1})), FailsWith(SQLITE_MISMATCH, "xtdb_append: "));
  EXPECT_THAT(Exec("SELECT xtdb_append('plant', 'a', 'text', x'')"),
              FailsWith(SQLITE_MISMATCH, "ts_blob is \"text\""));
  EXPECT_THAT(Exec("SELECT xtdb_append('none', 'a', x'', x'')"),
              FailsWith(SQLITE_ERROR, "xtdb_append: no xtdb table \"none\"; there are: plant"));
  EXPECT_THAT(Exec("SELECT xtdb_append(NULL, 'a', x'', x'')"),
              FailsWith(SQLITE_ERROR, "xtdb_append: which table? write xtdb_append('plant'"));
  EXPECT_EQ(
      Exec("SELECT xtdb_append('plant', NULL, " + Hex<int64_t>({1}) + ", " + Hex<double>({1}) + ")")
              .code &
          0xFF,
      SQLITE_CONSTRAINT);
  EXPECT_EQ(Points(), "");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_tags('plant')"), "0");
}

TEST_F(WritingFunctionsTest, AFailedAppendLeavesTheTransactionUsable) {
  Run("BEGIN");
  Run(Append("a", {1}, {1}));
  EXPECT_THAT(Exec(Append("a", {2}, {})), FailsWith(SQLITE_MISMATCH, "xtdb_append"));
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 1 1.0");
}

TEST_F(WritingFunctionsTest, DefineTagGivesTypeUnitAndDescription) {
  EXPECT_EQ(Line("SELECT xtdb_define_tag('plant', 'it''s', 'int32', 'deg ''C''', 'a \"b\"')"), "1");
  EXPECT_EQ(Line("SELECT tag, type, unit, description FROM xtdb_tags('plant')"),
            "it's int32 deg 'C' a \"b\"");
  Run("SELECT xtdb_define_tag('plant', 'it''s', NULL, 'bar')");
  EXPECT_EQ(Line("SELECT type, unit, description FROM xtdb_tags('plant')"), "int32 bar a \"b\"");
  Run("SELECT xtdb_define_tag('plant', 'it''s', 'float32')");
  EXPECT_EQ(Line("SELECT type, unit FROM xtdb_tags('plant')"), "float32 bar");
}

TEST_F(WritingFunctionsTest, TheTypeOfATagWithValuesStays) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1)");
  EXPECT_THAT(Exec("SELECT xtdb_define_tag('plant', 'a', 'text')"),
              FailsWith(SQLITE_MISMATCH, "xtdb_define_tag: "));
  EXPECT_THAT(Exec("SELECT xtdb_define_tag('plant', 'b', 'decimal')"),
              FailsWith(SQLITE_ERROR, "decimal"));
  EXPECT_THAT(Exec("SELECT xtdb_define_tag('plant', NULL, 'text')"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "tag is NULL"));
}

TEST_F(WritingFunctionsTest, DefineTagBelongsToTheTransaction) {
  Run("BEGIN");
  EXPECT_EQ(Line("SELECT xtdb_define_tag('plant', 'a', 'text')"), "1");
  EXPECT_EQ(Line("SELECT tag, type FROM xtdb_tags('plant')"), "a text");
  Run("ROLLBACK");
  EXPECT_EQ(Line("SELECT tag, type FROM xtdb_tags('plant')"), "");
}

TEST_F(WritingFunctionsTest, WritingObeysQueryOnly) {
  Run("PRAGMA query_only = ON");
  EXPECT_THAT(Exec(Append("a", {1}, {1})), FailsWith(SQLITE_READONLY, "xtdb_append"));
  EXPECT_THAT(Exec("SELECT xtdb_define_tag('plant', 'a', 'text')"),
              FailsWith(SQLITE_READONLY, "xtdb_define_tag"));
}

TEST_F(WritingFunctionsTest, ChangingFunctionsAreNotForViewsAndTriggers) {
  Run("CREATE VIEW v AS SELECT xtdb_flush('plant')");
  EXPECT_THAT(Exec("SELECT * FROM v"), FailsWith(SQLITE_ERROR, "unsafe use"));
  Run("CREATE VIEW checked AS SELECT xtdb_check('plant') AS answer, xtdb_version() AS version");
  Run("PRAGMA trusted_schema = OFF");
  EXPECT_EQ(Line("SELECT answer FROM checked"), "ok");
}

class MaintenanceFunctionsTest : public WritingFunctionsTest {};

TEST_F(MaintenanceFunctionsTest, FlushMovesBuffersToBlocks) {
  Run(Append("a", {1, 2}, {1, 2}));
  EXPECT_EQ(Line("SELECT xtdb_flush('plant')"), "ok");
  EXPECT_EQ(Line("SELECT points FROM xtdb_blocks('plant')"), "2");
  EXPECT_EQ(Line("SELECT value FROM xtdb_stats('plant') WHERE name = 'buffered_points'"), "0");
  EXPECT_EQ(Points(), "a 1 1.0, a 2 2.0");
  EXPECT_EQ(Line("SELECT xtdb_flush('plant')"), "ok");
}

TEST_F(MaintenanceFunctionsTest, SealOfAnEmptyContainerIsNothing) {
  EXPECT_EQ(Line("SELECT xtdb_seal('plant')"), "ok");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_chunks('plant')"), "0");
}

TEST_F(MaintenanceFunctionsTest, TheyAreRefusedBesideAnOpenWrite) {
  Run("BEGIN");
  EXPECT_EQ(Line("SELECT xtdb_flush('plant'), xtdb_seal('plant'), xtdb_check('plant')"),
            "ok ok ok");
  Run(Append("a", {1}, {1}));
  for (const std::string name : {"xtdb_flush", "xtdb_seal", "xtdb_check"}) {
    EXPECT_THAT(Exec("SELECT " + name + "('plant')"),
                FailsWith(SQLITE_ERROR, name + ": this transaction has written to the container of "
                                               "plant; COMMIT or ROLLBACK first"));
  }
  Run("COMMIT");
  EXPECT_EQ(Line("SELECT xtdb_flush('plant'), xtdb_seal('plant'), xtdb_check('plant')"),
            "ok ok ok");
}

TEST_F(MaintenanceFunctionsTest, DropTakesOldChunksOutWhole) {
  Run(Append("a", {1, 2}, {1, 2}));
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', 3)"), "0") << "the chunk is open";
  Run("SELECT xtdb_seal('plant')");
  Run(Append("a", {3}, {3}));
  Run("SELECT xtdb_seal('plant')");
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', 2)"), "0") << "one of its points is not before 2";
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', '1970-01-01 00:00:00.000003')"), "1");
  EXPECT_EQ(Points(), "a 3 3.0");
  EXPECT_EQ(Line("SELECT value FROM xtdb_stats('plant') WHERE name IN ('chunks_dropped', "
                 "'slots_reclaimed')"),
            "1, 1");
  EXPECT_EQ(Line("SELECT slot, state FROM xtdb_chunks('plant')"), "1 sealed");
  EXPECT_EQ(Line("SELECT xtdb_check('plant')"), "ok");
}

TEST_F(MaintenanceFunctionsTest, AStatementUnderWayReadsWhatIsDropped) {
  Run(Append("a", {1, 2}, {1, 2}));
  Run("SELECT xtdb_seal('plant')");
  TestDatabase other(DatabasePath());
  EXPECT_EQ(Line("SELECT ts FROM plant"), "1, 2");
  sqlite3_stmt* reader = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(other.get(), "SELECT ts FROM plant", -1, &reader, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_step(reader), SQLITE_ROW);
  EXPECT_EQ(Line("SELECT xtdb_drop('plant', 3)"), "1");
  EXPECT_EQ(Line("SELECT slot, state, points FROM xtdb_chunks('plant')"), "0 deprecated 2");
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0");
  EXPECT_EQ(sqlite3_step(reader), SQLITE_ROW);
  EXPECT_EQ(sqlite3_column_int64(reader, 0), 2);
  EXPECT_EQ(sqlite3_step(reader), SQLITE_DONE);
  sqlite3_finalize(reader);
  // SQLite does not tell of a statement's end: a connection lets go of its view when it reads
  // again.
  EXPECT_EQ(other.Line("SELECT count(*) FROM plant"), "0");
  EXPECT_EQ(Line("SELECT xtdb_flush('plant')"), "ok");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_chunks('plant')"), "0");
}

TEST_F(MaintenanceFunctionsTest, DropSaysWhatItTakes) {
  EXPECT_THAT(Exec("SELECT xtdb_drop('plant', NULL)"),
              FailsWith(SQLITE_ERROR, "xtdb_drop: which table, and before what? write xtdb_drop"));
  EXPECT_THAT(Exec("SELECT xtdb_drop('plant', 1.5)"), FailsWith(SQLITE_ERROR, "before is 1.5"));
  EXPECT_THAT(Exec("SELECT xtdb_drop('plant', 'soon')"), FailsWith(SQLITE_ERROR, "soon"));
  EXPECT_THAT(Exec("SELECT xtdb_drop(NULL, 1)"), FailsWith(SQLITE_ERROR, "which table"));
  Run("CREATE VIEW dropping AS SELECT xtdb_drop('plant', 1)");
  EXPECT_THAT(Exec("SELECT * FROM dropping"), FailsWith(SQLITE_ERROR, "unsafe use"));
  Run("BEGIN");
  Run(Append("a", {1}, {1}));
  EXPECT_THAT(Exec("SELECT xtdb_drop('plant', 1)"),
              FailsWith(SQLITE_ERROR, "xtdb_drop: this transaction has written"));
  Run("ROLLBACK");
}

TEST_F(MaintenanceFunctionsTest, SetChangesWhatTheContainerKeeps) {
  const std::string kept =
      "SELECT value FROM xtdb_stats('rolling') WHERE name IN ('retention', 'max_bytes')";
  Run("CREATE VIRTUAL TABLE rolling USING xtdb(path='r.xtdb', retention='90 days')");
  EXPECT_EQ(Line("SELECT xtdb_set('rolling', 'retention', '1 day')"), "ok");
  EXPECT_EQ(Line("SELECT xtdb_set('rolling', 'MAX_BYTES', 4194304)"), "ok");
  EXPECT_EQ(Line(kept), "86400000000, 4194304");
  Run("INSERT INTO rolling(tag, ts, value) VALUES ('a', 1, 1)");
  Run("SELECT xtdb_retain('rolling')");
  EXPECT_EQ(Points("rolling"), "");
  TestDatabase other(DatabasePath());
  EXPECT_EQ(other.Line(kept), "86400000000, 4194304");
  Reopen();
  EXPECT_EQ(Line(kept), "86400000000, 4194304") << "whatever its CREATE says";
  EXPECT_EQ(Line("SELECT xtdb_set('rolling', 'retention', 0)"), "ok");
  EXPECT_EQ(Line("SELECT xtdb_set('rolling', 'max_bytes', '0')"), "ok");
  EXPECT_THAT(Exec("SELECT xtdb_retain('rolling')"), FailsWith(SQLITE_ERROR, "for ever"));
  EXPECT_THAT(Exec("CREATE VIRTUAL TABLE again USING xtdb(path='r.xtdb', retention='90 days')"),
              FailsWith(SQLITE_ERROR, "leave the option out"));
}

TEST_F(MaintenanceFunctionsTest, SetChangesHowBlocksAreMade) {
  const std::string encodings = "SELECT encoding FROM xtdb_blocks('plant') ORDER BY first_time";
  Run(Append("a", {1, 2, 3}, {1, 2, 3}));
  Run("SELECT xtdb_flush('plant')");
  const std::string before = Line(encodings);
  EXPECT_EQ(Line("SELECT xtdb_set('plant', 'codec', 'raw')"), "ok");
  EXPECT_EQ(Line("SELECT xtdb_set('plant', 'block_size', '16K')"), "ok");
  Run(Append("a", {4, 5, 6}, {1, 2, 3}));
  Run("SELECT xtdb_flush('plant')");
  EXPECT_NE(Line(encodings), before + ", " + before);
  EXPECT_EQ(Line("SELECT sum(value), xtdb_check('plant') FROM plant"), "12.0 ok");
}

TEST_F(MaintenanceFunctionsTest, SetSaysWhatItTakes) {
  const std::pair<std::string, std::string> wrong[] = {
      {"'plant', NULL, 1", "which table, option and value?"},
      {"'plant', 'retention', NULL", "which table, option and value?"},
      {"'plant', 'chunk_size', '4M'", "\"chunk_size\" cannot be changed; retention, max_bytes"},
      {"'plant', 'colour', 'red'", "\"colour\" cannot be changed"},
      {"'plant', 'retention', 90", "option retention: \"90\" has no unit"},
      {"'plant', 'max_bytes', 'much'", "much"},
      {"'plant', 'codec', 'zip'", "none of auto, raw"},
      {"'none', 'codec', 'raw'", "there are: plant"},
  };
  for (const auto& [arguments, message] : wrong) {
    EXPECT_THAT(Exec("SELECT xtdb_set(" + arguments + ")"), FailsWith(SQLITE_ERROR, message));
  }
  Run("BEGIN");
  Run(Append("a", {1}, {1}));
  EXPECT_THAT(Exec("SELECT xtdb_set('plant', 'codec', 'raw')"),
              FailsWith(SQLITE_ERROR, "xtdb_set: this transaction has written"));
  Run("ROLLBACK");
  Run("CREATE VIEW setting AS SELECT xtdb_set('plant', 'codec', 'raw')");
  EXPECT_THAT(Exec("SELECT * FROM setting"), FailsWith(SQLITE_ERROR, "unsafe use"));
}

TEST_F(MaintenanceFunctionsTest, AnotherWriterIsBusy) {
  TestDatabase other(DatabasePath());
  other.Run("BEGIN");
  other.Run(Append("a", {1}, {1}));
  EXPECT_THAT(Exec("SELECT xtdb_flush('plant')"), FailsWith(SQLITE_BUSY, "xtdb_flush: "));
  other.Run("COMMIT");
  EXPECT_EQ(Line("SELECT xtdb_flush('plant')"), "ok");
}

TEST_F(MaintenanceFunctionsTest, TheTableIsAskedFor) {
  EXPECT_THAT(Exec("SELECT xtdb_check(NULL)"),
              FailsWith(SQLITE_ERROR, "xtdb_check: which table? write xtdb_check('plant')"));
  EXPECT_THAT(Exec("SELECT xtdb_seal('none')"), FailsWith(SQLITE_ERROR, "there are: plant"));
}

TEST_F(MaintenanceFunctionsTest, CheckNamesWhatIsDamaged) {
  Run(Append("a", {1, 2, 3}, {1.25, 2.5, 3.75}));
  Run("SELECT xtdb_seal('plant')");
  EXPECT_EQ(Line("SELECT xtdb_check('plant')"), "ok");
  const std::string path = ContainerPath();
  std::FILE* const file = std::fopen(path.c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  std::string bytes(std::filesystem::file_size(path), '\0');
  ASSERT_EQ(std::fread(bytes.data(), 1, bytes.size(), file), bytes.size());
  const size_t block = bytes.find("XTDBBLCK");
  ASSERT_NE(block, std::string::npos);
  ASSERT_EQ(std::fseek(file, static_cast<long>(block) + 201, SEEK_SET), 0);
  std::fputc(bytes[block + 201] ^ 0x10, file);
  std::fclose(file);
  EXPECT_THAT(Line("SELECT xtdb_check('plant')"), HasSubstr("block 0"));
}

TEST_F(MaintenanceFunctionsTest, TheVersionIsJson) {
  EXPECT_EQ(Line("SELECT xtdb_version() ->> 'sqlite' = sqlite_version(), "
                 "xtdb_version() ->> 'format', xtdb_version() ->> '$.left_to_host', "
                 "json_array_length(xtdb_version(), '$.codecs.time') > 0"),
            "1 1 [] 1");
  EXPECT_THAT(Line("SELECT xtdb_version() ->> 'version'"),
              testing::MatchesRegex("[0-9]+.[0-9]+.[0-9]+"));
}

TEST_F(WritingFunctionsTest, ATagGetsAnotherName) {
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('b', 1, 2)");
  EXPECT_EQ(Line("SELECT xtdb_rename_tag('plant', 'a', 'c')"), "ok");
  EXPECT_EQ(Line("SELECT tag, value FROM plant"), "b 2, c 1");
  EXPECT_EQ(TestDatabase(DatabasePath()).Line("SELECT tag FROM xtdb_tags('plant')"), "b, c");
  EXPECT_THAT(Exec("SELECT xtdb_rename_tag('plant', 'a', 'd')"),
              FailsWith(SQLITE_ERROR, "xtdb_rename_tag: no tag 'a'"));
  EXPECT_THAT(Exec("SELECT xtdb_rename_tag('plant', 'b', 'c')"),
              FailsWith(SQLITE_ERROR, "there is a tag 'c'"));
  EXPECT_THAT(Exec("SELECT xtdb_rename_tag('plant', 'b', NULL)"),
              FailsWith(SQLITE_ERROR, "write xtdb_rename_tag('plant', 'old', 'new')"));
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('b', 2, 3)");
  EXPECT_THAT(Exec("SELECT xtdb_rename_tag('plant', 'b', 'd')"),
              FailsWith(SQLITE_ERROR, "COMMIT or ROLLBACK first"));
  Run("ROLLBACK");
  Run("CREATE VIRTUAL TABLE whole USING xtdb(path='whole.xtdb', atomic_commit=on)");
  EXPECT_THAT(Exec("SELECT xtdb_rename_tag('whole', 'a', 'b')"),
              FailsWith(SQLITE_ERROR, "atomic_commit cannot be renamed"));
}

}  // namespace
}  // namespace xtdb
