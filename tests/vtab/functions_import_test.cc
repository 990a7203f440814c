// xtdb_import(tbl, file [, options]): an INSERT of a whole CSV file on the caller's connection.

#include <fstream>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

class ImportFunctionTest : public SqlTest {
 protected:
  std::string File(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string Import(const std::string& path, const std::string& options = "") {
    const std::string call = "SELECT xtdb_import('plant', '" + path + "'";
    return call + (options.empty() ? ")" : ", '" + options + "')");
  }
};

TEST_F(ImportFunctionTest, AFileGoesInAndItsRowsAreCounted) {
  const std::string path =
      File("plant.csv", "tag,time,value,quality\na,1970-01-01 00:00:01,1,192\nb,1970-01-01,x,64\n");
  EXPECT_EQ(Line(Import(path)), "2");
  EXPECT_EQ(Line("SELECT tag, ts, value, quality FROM plant ORDER BY tag"),
            "a 1000000 1 192, b 0 x 64");
}

TEST_F(ImportFunctionTest, ItBelongsToTheTransaction) {
  const std::string path = File("plant.csv", "tag,ts,value\na,1,1\na,2,2\n");
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 9, 9)");
  Run("SAVEPOINT s");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "2");
  EXPECT_EQ(Points(), "a 1 1, a 2 2, a 9 9");
  Run("ROLLBACK TO s");
  EXPECT_EQ(Points(), "a 9 9");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "2");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 3, 3)");
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 1 1, a 2 2, a 3 3, a 9 9");
}

TEST_F(ImportFunctionTest, ItReadsLineProtocolAndTimesOfAZone) {
  EXPECT_EQ(Line(Import(File("a.lp", "m,h=x v=2i,on=t 1000000\n"), "format=lines, time_format=us")),
            "1");
  EXPECT_EQ(Points(), "m.x.on 1000000 1, m.x.v 1000000 2");
  Run("DELETE FROM plant");
  const std::string path = File("a.csv", "tag,time,value\na,1970-01-01 01:00,1\n");
  EXPECT_EQ(Line(Import(path, "timezone=''Europe/Berlin''")), "1");
  EXPECT_EQ(Points(), "a 0 1");
}

TEST_F(ImportFunctionTest, DefinitionsBelongToTheTransaction) {
  const std::string path = File("a.csv", "#tag,a,float32,bar,,1\ntag,ts,value\na,1,1\n");
  Run("BEGIN");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "1");
  EXPECT_EQ(Line("SELECT type, unit, step FROM xtdb_tags('plant')"), "float32 bar 1");
  Run("ROLLBACK");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_tags('plant')"), "0");
}

TEST_F(ImportFunctionTest, ABadLineLeavesNothingOfTheFile) {
  const std::string path = File("plant.csv", "tag,ts,value\nnew,1,1\nnew,2,text\nnew,3,3\n");
  Run("BEGIN");
  Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 9, 9)");
  EXPECT_THAT(Exec(Import(path, "time_format=us")),
              FailsWith(SQLITE_MISMATCH, "plant.csv: line 3"));
  Run("COMMIT");
  EXPECT_EQ(Points(), "a 9 9");
  EXPECT_EQ(Line("SELECT count(*) FROM xtdb_tags('plant') WHERE tag = 'new'"), "0");
}

// Much of it is on the disk already, in blocks that must not count.
TEST_F(ImportFunctionTest, ABadLineBehindMoreThanMemoryTakesLeavesNothingOfTheFile) {
  std::string text = "tag,ts,value\n";
  for (int i = 1; i <= 400'000; ++i)
    text += "a," + std::to_string(i) + "," + std::to_string(i) + "\n";
  const std::string path = File("long.csv", text + "a,never,1\n");
  Run("CREATE VIRTUAL TABLE small USING xtdb(path='small.xtdb', chunk_size='4M', buffer='1M')");
  Run("INSERT INTO small(tag, ts, value) VALUES ('a', 7, -1)");
  Run("BEGIN");
  Run("INSERT INTO small(tag, ts, value) VALUES ('a', 9, -2)");
  const std::string call = "SELECT xtdb_import('small', '" + path + "', 'time_format=us')";
  EXPECT_THAT(Exec(call), FailsWith(SQLITE_ERROR, "line 400002"));
  EXPECT_EQ(Points("small"), "a 7 -1, a 9 -2");
  Run("COMMIT");
  EXPECT_EQ(Points("small"), "a 7 -1, a 9 -2");
  Reopen();
  EXPECT_EQ(Points("small"), "a 7 -1, a 9 -2");
  EXPECT_EQ(Line("SELECT xtdb_check('small')"), "ok");
  File("long.csv", text);
  EXPECT_EQ(Line(call), "400000");
  EXPECT_EQ(Line("SELECT count(*), sum(value), min(value) FROM small"), "400000 80000200000 1");
}

TEST_F(ImportFunctionTest, BadLinesAreLeftOutAndToldIfAsked) {
  const std::string path = File("plant.csv", "tag,ts,value\na,1,1\na,2,text\na,3,3\n");
  EXPECT_EQ(Line(Import(path, "time_format=us, on_error=skip")), "2");
  EXPECT_EQ(Points(), "a 1 1, a 3 3");
  EXPECT_THAT(Line("SELECT message FROM xtdb_events('plant') WHERE kind = 'import'"),
              HasSubstr("1 bad lines left out, the first: "));
}

TEST_F(ImportFunctionTest, OptionsSettleWhatCannotBeTold) {
  const std::string path = File("boiler.csv", "01.02.2026 00:00:00;20,5\n02.02.2026;21\n");
  EXPECT_EQ(Line(Import(path,
                        "delimiter='';'', header=off, time_format=dmy, tag=''boiler, "
                        "upper'', quality=64")),
            "2");
  EXPECT_EQ(Line("SELECT tag, time, value, quality FROM plant ORDER BY time"),
            "boiler, upper 2026-02-01 00:00:00.000 20.5 64, "
            "boiler, upper 2026-02-02 00:00:00.000 21.0 64");
  const std::string wide = File("wide.csv", "when,x,y\n1,10,20\n");
  EXPECT_EQ(Line(Import(wide, "layout=wide, time_column=when, time_format=s")), "1");
  EXPECT_EQ(Line("SELECT tag, value FROM plant WHERE tag IN ('x', 'y')"), "x 10, y 20");
}

TEST_F(ImportFunctionTest, WordsOfNumbersDoNotMakeATextTag) {
  const std::string path = File("plant.csv",
                                "tag,ts,value\n"
                                "a,1,NaN\na,2,-Infinity\na,3,null\na,4,1.5\na,5,+inf\n"
                                "state,1,idle\nstate,2,NULL\nstate,3,nan\nstate,4,\n");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "9");
  EXPECT_EQ(Points(),
            "a 1 NULL, a 2 -Inf, a 3 NULL, a 4 1.5, a 5 Inf, "
            "state 1 idle, state 2 NULL, state 3 nan, state 4 NULL");
  EXPECT_EQ(Line("SELECT tag, typeof(value) FROM plant WHERE ts IN (2, 4) AND value IS NOT NULL "
                 "ORDER BY tag, ts"),
            "a real, a real, state text");
  EXPECT_EQ(Line("SELECT tag, type FROM xtdb_tags('plant')"), "a float64, state text");
}

TEST_F(ImportFunctionTest, ABoolTagTakesTrueAndFalse) {
  Run("SELECT xtdb_define_tag('plant', 'pump', 'bool')");
  const std::string path =
      File("plant.csv", "tag,ts,value\npump,1,True\npump,2, false\npump,3,1\npump,4,f\npump,5,t\n");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "5");
  EXPECT_EQ(Points(), "pump 1 1, pump 2 0, pump 3 1, pump 4 0, pump 5 1");
  EXPECT_THAT(Exec(Import(File("yes.csv", "tag,ts,value\npump,6,yes\n"), "time_format=us")),
              FailsWith(SQLITE_MISMATCH, "yes"));
}

TEST_F(ImportFunctionTest, DecimalSaysWhatStandsBeforeTheFraction) {
  const std::string path = File("plant.csv", "tag;ts;value\na;1;1,5\ns;1;x\n");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "2");
  EXPECT_EQ(Points(), "a 1 1.5, s 1 x");
  const std::string plain = File("plain.csv", "tag;ts;value\na;1;1,5\n");
  EXPECT_THAT(Exec(Import(plain, "time_format=us, decimal=point")),
              FailsWith(SQLITE_MISMATCH, "1,5"));
  EXPECT_EQ(Line(Import(plain, "time_format=us, decimal=comma")), "1");
}

TEST_F(ImportFunctionTest, WrongArgumentsAreNamed) {
  const std::string path = File("plant.csv", "tag,ts,value\na,1,1\n");
  EXPECT_THAT(Exec("SELECT xtdb_import(NULL, 'a.csv')"), FailsWith(SQLITE_ERROR, "which table?"));
  EXPECT_THAT(Exec("SELECT xtdb_import('plant', NULL)"),
              FailsWith(SQLITE_CONSTRAINT_NOTNULL, "which file?"));
  EXPECT_THAT(Exec("SELECT xtdb_import('none', 'a.csv')"), FailsWith(SQLITE_ERROR, "none"));
  EXPECT_THAT(Exec(Import(folder_ / "none.csv")), FailsWith(SQLITE_ERROR, "No such file"));
  EXPECT_THAT(Exec(Import(folder_.path())), FailsWith(SQLITE_ERROR, "is no file"));
  EXPECT_THAT(Exec(Import("-")), FailsWith(SQLITE_ERROR, "No such file"));
  const std::pair<std::string, std::string> options[] = {
      {"tags=a", "unknown option \"tags\"; the options are tag, delimiter"},
      {"tag", "it has no value; write key=value, such as time_format=dmy"},
      {"tag=a, tag=b", "given twice"},
      {"decimal=dot", "write point or comma"},
      {"delimiter=ab", "write one character, or tab"},
      {"layout=square", "write long or wide"},
      {"on_error=hope", "write stop or skip"},
      {"quality=256", "a number from 0 to 255"},
      {"quality=x", "a number from 0 to 255"},
      {"header=maybe", "write on or off"},
      {"time_format=never", "never"},
      {"format=xml", "write csv, json or lines"},
      {"timezone=''Mars/Base''", "Mars/Base"}};
  for (const auto& [option, message] : options) {
    EXPECT_THAT(Exec(Import(path, option)), FailsWith(SQLITE_ERROR, message)) << option;
  }
  EXPECT_EQ(Points(), "");
}

// A trigger in somebody else's database could contain it.
TEST_F(ImportFunctionTest, TheCommandAloneReadsNoFile) {
  EXPECT_THAT(Exec("INSERT INTO plant(command) VALUES ('import')"),
              FailsWith(SQLITE_ERROR, "is a part of xtdb_import"));
  Run("CREATE VIEW v AS SELECT xtdb_import('plant', 'plant.csv')");
  EXPECT_THAT(Exec("SELECT * FROM v"), FailsWith(SQLITE_ERROR, "unsafe use"));
}

TEST_F(ImportFunctionTest, QueryOnlyAndTheAuthorizerHold) {
  const std::string path = File("plant.csv", "tag,ts,value\na,1,1\n");
  Run("PRAGMA query_only = on");
  EXPECT_THAT(Exec(Import(path)), FailsWith(SQLITE_READONLY, ""));
  Run("PRAGMA query_only = off");
  const auto no_insert = [](void*, int action, const char*, const char*, const char*, const char*) {
    return action == SQLITE_INSERT ? SQLITE_DENY : SQLITE_OK;
  };
  sqlite3_set_authorizer(db_->get(), no_insert, nullptr);
  EXPECT_THAT(Exec(Import(path)), FailsWith(SQLITE_ERROR, "not authorized"));
  sqlite3_set_authorizer(db_->get(), nullptr, nullptr);
  EXPECT_EQ(Points(), "");
}

TEST_F(ImportFunctionTest, AnInterruptEndsItAndLeavesNothing) {
  std::string text = "tag,ts,value\n";
  for (int i = 1; i <= 300'000; ++i) text += "a," + std::to_string(i) + ",1\n";
  const std::string path = File("long.csv", text);
  const auto interrupt = [](unsigned, void*, void* statement, void*) {
    const char* const sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
    if (std::string_view(sql) == "SELECT 1") {
      sqlite3_interrupt(sqlite3_db_handle(static_cast<sqlite3_stmt*>(statement)));
    }
    return 0;
  };
  sqlite3_trace_v2(db_->get(), SQLITE_TRACE_STMT, interrupt, nullptr);
  EXPECT_THAT(Exec(Import(path, "time_format=us")), FailsWith(SQLITE_INTERRUPT, "interrupted"));
  sqlite3_trace_v2(db_->get(), 0, nullptr, nullptr);
  EXPECT_EQ(Line("SELECT count(*) FROM plant"), "0");
  EXPECT_EQ(Line(Import(path, "time_format=us")), "300000");
}

}  // namespace
}  // namespace xtdb
