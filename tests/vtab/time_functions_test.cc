// Functions of PostgreSQL's and TimescaleDB's names, by values that those have published or given;
// tests/postgres asks a live server.

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

class TimeFunctionsTest : public testing::Test {
 protected:
  std::string Of(const std::string& expression) { return db_.Line("SELECT " + expression); }
  void ExpectError(const std::string& expression, const std::string& message) {
    EXPECT_THAT(db_.Exec("SELECT " + expression), FailsWith(SQLITE_ERROR, message)) << expression;
  }
  TestDatabase db_{":memory:"};
};

TEST_F(TimeFunctionsTest, TimeBucketCutsAsTimescale) {
  const std::pair<const char*, const char*> golden[] = {
      {"'5 min', '2024-03-10 12:34:56.789'", "2024-03-10 12:30:00.000"},
      {"'1 week', '2024-01-03'", "2024-01-01 00:00:00.000"},
      {"'1 week', '1999-12-31 23:59:59.999999'", "1999-12-27 00:00:00.000"},
      {"'10 days', '2024-01-01'", "2023-12-28 00:00:00.000"},
      {"'5 days', '1970-01-01'", "1969-12-31 00:00:00.000"},
      {"'13 hours', '2024-01-01'", "2023-12-31 15:00:00.000"},
      {"'36 hours', '2024-01-01'", "2023-12-31 00:00:00.000"},
      {"'250 ms', '2024-01-01 00:00:00.999999'", "2024-01-01 00:00:00.750"},
      {"'7 s', '1969-12-31 23:59:59'", "1969-12-31 23:59:56.000"},
      {"'1 day', '2024-01-01 05:59:59', '6 hours'", "2023-12-31 06:00:00.000"},
      {"'1 day', '2024-01-01 06:00', '6 hours'", "2024-01-01 06:00:00.000"},
      {"'1 day', '2024-03-10 12:00Z', 'America/New_York'", "2024-03-10 05:00:00.000"},
      {"'1 day', '2024-11-04 04:30Z', 'America/New_York'", "2024-11-03 04:00:00.000"},
      {"'2 months', '1990-02-03'", "1990-01-01 00:00:00.000"},
      {"'3 months', '1990-01-03', '2000-02-01'", "1989-11-01 00:00:00.000"},
      {"'3 months', '1990-06-03', '2000-02-01'", "1990-05-01 00:00:00.000"},
      {"'1 day', '2024-01-01 05:00', NULL, '6 hours'", "2023-12-31 06:00:00.000"},
      {"'1 day', '2024-07-01 03:00', 'Europe/Berlin', NULL, '6 hours'", "2024-06-30 04:00:00.000"},
      {"'1 h', 'infinity'", "infinity"},
      {"'1 h', '-infinity'", "-infinity"},
      {"NULL, '2024-01-01'", "NULL"},
      {"'1 h', NULL", "NULL"}};
  for (const auto& [arguments, expected] : golden) {
    EXPECT_EQ(Of("time_bucket(" + std::string(arguments) + ")"), expected) << arguments;
  }
}

TEST_F(TimeFunctionsTest, TimeBucketOfNumbers) {
  EXPECT_EQ(Of("time_bucket(10, 57), time_bucket(10, -3), time_bucket(10, 57, 3)"), "50 -10 53");
  EXPECT_EQ(Of("time_bucket('1 min', 1700000001000000)"), "1699999980000000");
  EXPECT_EQ(Of("typeof(time_bucket('1 min', 5))"), "integer");
}

TEST_F(TimeFunctionsTest, TimeBucketSaysWhatItTakes) {
  ExpectError("time_bucket('0 s', '2024-01-01')", "period must be greater than 0");
  ExpectError("time_bucket(0, 5)", "period must be greater than 0");
  ExpectError("time_bucket('-1 mon', '2024-01-01')", "period must be greater than 0");
  ExpectError("time_bucket('1 mon 1 day', '2024-01-01')",
              "month intervals cannot have day or time component");
  ExpectError("time_bucket(300, '2024-01-01')", "write the width's unit, too: '300 s'");
  ExpectError("time_bucket(3.5, '2024-01-01')", "write its unit, too: '3.5 s'");
  ExpectError("time_bucket('1 hour', '2024-01-01', 'nonsense')",
              "no origin ('2000-01-03'), no offset ('6 hours') and no time zone");
  ExpectError("time_bucket('1 hour', '2024-01-01', '1 h', '2 h')", "there are two of the kind");
  ExpectError("time_bucket('1 hour', 1.5)", "a time is a text or whole microseconds");
  ExpectError("time_bucket('1 hour', '1700000000')", "time does not take a number");
  for (const std::string call :
       {"date_trunc('year', -9223372036854775806)", "time_bucket('1 mon', -9223372036854775806)",
        "to_char(-9223372036854775806, 'YYYY')"}) {
    ExpectError(call, "timestamp out of range");
  }
  ExpectError("time_bucket('1 fortnight', '2024-01-01')", "invalid input syntax for type interval");
  ExpectError("time_bucket('10000 years', '4713-12-01 BC')", "timestamp out of range");
  ExpectError("time_bucket('1 hour', '2024-02-30')", "date/time field value out of range");
}

TEST_F(TimeFunctionsTest, FieldsAreThoseOfPostgres) {
  EXPECT_EQ(Of("date_trunc('milliseconds', '2024-08-15 13:47:58.123456')"),
            "2024-08-15 13:47:58.123");
  EXPECT_EQ(Of("date_trunc('millennium', '2024-08-15'), date_trunc('decade', '2024-08-15')"),
            "2001-01-01 00:00:00.000 2020-01-01 00:00:00.000");
  EXPECT_EQ(Of("date_trunc('century', '0050-01-01 BC')"), "0100-01-01 00:00:00.000 BC");
  EXPECT_EQ(Of("date_trunc('day', '2024-11-03 12:00Z', 'America/New_York')"),
            "2024-11-03 04:00:00.000");
  EXPECT_EQ(Of("date_trunc('hour', 3600000001)"), "3600000000");
  EXPECT_EQ(Of("date_part('milliseconds', '2024-12-30 13:47:58.123456')"), "58123.456");
  EXPECT_EQ(Of("date_part('isoyear', '2024-12-30'), date_part('week', '2021-01-03'), "
               "date_part('isodow', '2021-01-03'), date_part('year', '0001-01-01 BC')"),
            "2025.0 53.0 7.0 -1.0");
  EXPECT_EQ(Of("date_part('epoch', '1 mon'), date_part('epoch', '1 year')"),
            "2592000.0 31557600.0");
  ExpectError("date_trunc('fortnight', '2024-01-01')",
              "unit \"fortnight\" not recognized for type timestamp with time zone");
  ExpectError("date_part('timezone', '1 day')",
              "unit \"timezone\" not supported for type interval");
}

TEST_F(TimeFunctionsTest, CalendarArithmetic) {
  EXPECT_EQ(Of("ts_add('2024-01-31', '1 mon'), ts_add('2024-02-29', '1 year')"),
            "2024-02-29 00:00:00.000 2025-02-28 00:00:00.000");
  EXPECT_EQ(Of("ts_add(0, '1 day'), ts_sub('2024-03-31', '1 mon')"),
            "86400000000 2024-02-29 00:00:00.000");
  EXPECT_EQ(Of("age('2024-03-01', '2024-01-31'), age('2024-01-31', '2024-03-01')"),
            "1 mon 1 day -1 mons -1 days");
  EXPECT_EQ(Of("age('2001-04-10', '1957-06-13'), ts_diff('2024-03-01', '2024-01-31')"),
            "43 years 9 mons 27 days 30 days");
  EXPECT_EQ(
      Of("timezone('Europe/Berlin', '2024-07-01 12:00'), ts('2024-07-01 12:00 Europe/Berlin')"),
      "2024-07-01 14:00:00.000 1719828000000000");
  EXPECT_EQ(Of("to_timestamp(1700000000.123456)"), "2023-11-14 22:13:20.123456");
  ExpectError("ts_add('294246-01-01', '10 years')", "timestamp out of range");
  ExpectError("ts_diff('infinity', '2024-01-01')", "cannot subtract infinite timestamps");
  ExpectError("ts_add('2024-01-01', 5)", "write its unit, too: '5 s'");
  ExpectError("ts_add('2024-01-01', '1 day', 'Mars/Base')",
              "time zone \"Mars/Base\" not recognized");
  ExpectError("to_timestamp('soon')", "to_timestamp takes seconds since 1970");
}

// What PostgreSQL 15 gives.
TEST_F(TimeFunctionsTest, ToTimestampReadsWhatTheTemplateAsksFor) {
  struct Golden {
    const char* text;
    const char* format;
    const char* expected;
  };
  const Golden golden[] = {
      {"02.01.2026 03:04 pm", "DD.MM.YYYY HH12:MI AM", "2026-01-02 15:04:00.000"},
      {"2026-01-02 15:04:05.678", "YYYY-MM-DD HH24:MI:SS.MS", "2026-01-02 15:04:05.678"},
      {"20260102150405678", "YYYYMMDDHH24MISSMS", "2026-01-02 15:04:05.678"},
      {"97/2/16 8:14:30", "FMYYYY/FMMM/FMDD FMHH:FMMI:FMSS", "0097-02-16 08:14:30.000"},
      {"tue FEBRUARY 2nd 2026", "Dy Month DDth YYYY", "2026-02-02 00:00:00.000"},
      {"2026 XII", "YYYY RM", "2026-12-01 00:00:00.000"},
      {"1 1 69", "DD MM YY", "2069-01-01 00:00:00.000"},
      {"1 1 70", "DD MM YY", "1970-01-01 00:00:00.000"},
      {"520", "YYY", "1520-01-01 00:00:00.000"},
      {"2,024", "Y,YYY", "2024-01-01 00:00:00.000"},
      {"21 24", "CC YY", "2024-01-01 00:00:00.000"},
      {"19", "CC", "1801-01-01 00:00:00.000"},
      {"44-03-15 BC", "YYYY-MM-DD BC", "0044-03-15 00:00:00.000 BC"},
      {"2026-W01-5", "IYYY-\"W\"IW-ID", "2026-01-02 00:00:00.000"},
      {"2026-001", "IYYY-IDDD", "2025-12-29 00:00:00.000"},
      {"2024-366", "YYYY-DDD", "2024-12-31 00:00:00.000"},
      {"2026 2", "YYYY WW", "2026-01-08 00:00:00.000"},
      {"2026 02 3", "YYYY MM W", "2026-02-15 00:00:00.000"},
      {"2026-3-15", "YYYY-Q-DD", "2026-01-15 00:00:00.000"},
      {"2460000", "J", "2023-02-24 00:00:00.000"},
      {"2026 86399", "YYYY SSSS", "2026-01-01 23:59:59.000"},
      {"2026 15.1", "YYYY SS.MS", "2026-01-01 00:00:15.100"},
      {"2026 1.16", "YYYY SS.FF1", "2026-01-01 00:00:01.200"},
      {"2026-01-02 12:00+05:30", "YYYY-MM-DD HH24:MITZH:TZM", "2026-01-02 06:30:00.000"},
      {"2026-01-02 12:00 -02", "YYYY-MM-DD HH24:MI TZH", "2026-01-02 14:00:00.000"},
      {"2026-01-02T15h04", "YYYY-MM-DD\"T\"HH24\"h\"MI", "2026-01-02 15:04:00.000"},
      {" 2026/ 01 02 and more", "YYYY-MM-DD", "2026-01-02 00:00:00.000"},
      {"2026x01", "FXYYYY MM", "2026-01-01 00:00:00.000"},
      {"12:30", "HH24:MI", "0001-01-01 12:30:00.000 BC"},
      {"", "YYYY", "0001-01-01 00:00:00.000 BC"},
      {"2026", "", "0001-01-01 00:00:00.000 BC"}};
  for (const auto& [text, format, expected] : golden) {
    EXPECT_EQ(Of("to_timestamp('" + std::string(text) + "', '" + format + "')"), expected) << text;
  }
  EXPECT_EQ(Of("to_timestamp(20260102, 'YYYYMMDD'), to_timestamp(NULL, 'YYYY'), "
               "to_timestamp('2026', NULL)"),
            "2026-01-02 00:00:00.000 NULL NULL");
}

// More than are remembered from row to row.
TEST_F(TimeFunctionsTest, TemplatesMayChangeFromRowToRow) {
  db_.Run(
      "CREATE TABLE written(at TEXT, format TEXT); INSERT INTO written VALUES "
      "('2026-01-02', 'YYYY-MM-DD'), ('02.01.2026', 'DD.MM.YYYY'), ('20260102', 'YYYYMMDD'), "
      "('2 Jan 26', 'DD Mon YY'), ('2026-002', 'YYYY-DDD'), ('2026-W01-5', 'IYYY-\"W\"IW-ID')");
  EXPECT_EQ(db_.Line("SELECT DISTINCT to_timestamp(a.at, a.format) FROM written a, written b"),
            "2026-01-02 00:00:00.000");
  EXPECT_EQ(db_.Line("SELECT count(DISTINCT to_char('2026-01-02', b.format)) FROM written a, "
                     "written b"),
            "6");
}

TEST_F(TimeFunctionsTest, ToTimestampSaysWhatDoesNotFit) {
  ExpectError("to_timestamp('2026-13', 'YYYY-MM')",
              "date/time field value out of range: \"2026-13\"");
  ExpectError("to_timestamp('2026-02-30', 'YYYY-MM-DD')", "date/time field value out of range");
  ExpectError("to_timestamp('24:00', 'HH24:MI')", "date/time field value out of range: \"24:00\"");
  ExpectError("to_timestamp('13', 'HH12')", "hour \"13\" is invalid for the 12-hour clock");
  ExpectError("to_timestamp('xx', 'MM')", "invalid value \"xx\" for \"MM\"");
  ExpectError("to_timestamp('2026-1x', 'yyyy-mmdd')", "invalid value \"1x\" for \"mm\"");
  ExpectError("to_timestamp('\xe6\x97\xa5 1', 'MMDD')",
              "invalid value \"\xe6\x97\xa5\" for \"MM\"");
  ExpectError("to_timestamp('3 Maerz', 'DD Mon')", "invalid value \"Maerz\" for \"Mon\"");
  ExpectError("to_timestamp('12:30 a.m.', 'HH:MI AM')", "invalid value \"a.m.\" for \"AM\"");
  ExpectError("to_timestamp('202', 'YYYYMM')",
              "source string too short for \"YYYY\" formatting field");
  ExpectError("to_timestamp('1 2', 'MM MM')",
              "conflicting values for \"MM\" field in formatting string");
  ExpectError("to_timestamp('123', 'DDD')",
              "cannot calculate day of year without year information");
  ExpectError("to_timestamp('2026-01', 'IYYY-MM')", "invalid combination of date conventions");
  ExpectError("to_timestamp('2026 UTC', 'YYYY TZ')",
              "formatting field \"TZ\" is only supported in to_char");
  ExpectError("to_timestamp('12 +16', 'HH24 TZH')",
              "time zone displacement out of range: \"12 +16\"");
  ExpectError("to_timestamp('1999', 'Y,YYY')", "invalid input string for \"Y,YYY\"");
  ExpectError("to_timestamp('99999999999', 'YYYY')",
              "value for \"YYYY\" in source string is out of range");
  ExpectError("to_timestamp('-21474836490', 'YYYY')",
              "value for \"YYYY\" in source string is out of range");
  ExpectError("to_timestamp('2147484,123', 'Y,YYY')", "is out of range");
  ExpectError("to_timestamp('300000', 'YYYY')", "timestamp out of range");
  ExpectError("to_timestamp('2147483647', 'CC')", "timestamp out of range");
  ExpectError("to_timestamp('2147483647 2147483647', 'IYYY IW')", "timestamp out of range");
  ExpectError("to_timestamp('1234567890', 'US')", "date/time field value out of range");
  ExpectError("to_timestamp(1.5, 'SS')", "to_timestamp with a template takes a text, not 1.5");
  ExpectError("to_timestamp(x'31', 'SS')", "to_timestamp with a template takes a text");
}

TEST_F(TimeFunctionsTest, NowIsOneMomentOfAStatement) {
  EXPECT_EQ(Of("count(DISTINCT now()) FROM (WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
               "WHERE i < 20000) SELECT i FROM n)"),
            "1");
  EXPECT_EQ(Of("ts(now()) = ts('now'), now() >= '2024', age(now()) <= '1 day'"), "1 1 1");
  TestStatement statement(db_.get(), "SELECT now()");
  const Row first = statement.NextRow();
  statement.Reset();
  EXPECT_NE(statement.NextRow(), first);
}

TEST_F(TimeFunctionsTest, SeriesGoOnFromStepToStep) {
  const auto series = [&](const std::string& arguments) {
    return db_.Line("SELECT substr(time, 1, 10) FROM ts_series(" + arguments + ")");
  };
  EXPECT_EQ(series("'2024-01-31', '2024-05-01', '1 month'"),
            "2024-01-31, 2024-02-29, 2024-03-29, 2024-04-29");
  EXPECT_EQ(series("'2024-01-02', '2024-01-01', '-12 hours'"),
            "2024-01-02, 2024-01-01, 2024-01-01");
  EXPECT_EQ(series("'2024-01-02', '2024-01-01', '1 day'"), "");
  EXPECT_EQ(series("'2024-01-02', NULL, '1 day'"), "");
  EXPECT_EQ(db_.Line("SELECT ts FROM ts_series('2024-03-30 12:00 Europe/Berlin', '2024-04-01', "
                     "'1 day', 'Europe/Berlin')"),
            "1711796400000000, 1711879200000000");
  EXPECT_EQ(
      db_.Line("SELECT count(*) FROM ts_series WHERE start = 0 AND stop = 9 AND step = '1 us'"),
      "10");
  EXPECT_THAT(db_.Exec("SELECT * FROM ts_series('2024-01-01', '2024-01-02', '0 s')"),
              FailsWith(SQLITE_ERROR, "step size cannot equal zero"));
  EXPECT_THAT(db_.Exec("SELECT * FROM ts_series('2024-01-01')"),
              FailsWith(SQLITE_ERROR, "write ts_series("));
}

TEST_F(TimeFunctionsTest, MayStandInAnIndex) {
  db_.Run("CREATE TABLE t(at TEXT); INSERT INTO t VALUES ('2024-01-01 12:34'), ('2024-01-02')");
  db_.Run("CREATE INDEX by_day ON t(time_bucket('1 day', at))");
  EXPECT_EQ(db_.Line("SELECT at FROM t WHERE time_bucket('1 day', at) = "
                     "'2024-01-01 00:00:00.000'"),
            "2024-01-01 12:34");
  EXPECT_THAT(db_.Exec("CREATE INDEX wrong ON t(now())"),
              FailsWith(SQLITE_ERROR, "non-deterministic"));
}

TEST_F(TimeFunctionsTest, QualityIsThatOfOpc) {
  EXPECT_EQ(Of("q_good(192), q_good(64), q_uncertain(88), q_bad(0), q_bad(128), q_good(NULL)"),
            "1 0 1 1 1 NULL");
  EXPECT_EQ(Of("q_text(192), q_text(80), q_text(9)"),
            "good uncertain: sensor not accurate bad: not connected, limited low");
  EXPECT_EQ(Of("quality_to_ua(192), quality_to_ua(64), quality_to_ua(0), quality_to_ua(8)"),
            "0 1073741824 2147483648 2156527616");
  // The codes of OPC UA Part 8, table A.7.
  EXPECT_EQ(
      Of("quality_from_ua(0x00960000), quality_from_ua(0x40950000), "
         "quality_from_ua(0x808B0000), quality_from_ua(0x80320000), quality_from_ua(-2147483648)"),
      "216 88 12 32 0");
  // There and back, but for what OPC UA has no code of its own for.
  EXPECT_EQ(db_.Line("WITH n(q) AS (SELECT 0 UNION ALL SELECT q + 1 FROM n WHERE q < 255) "
                     "SELECT count(*) FROM n WHERE quality_from_ua(quality_to_ua(q)) >> 6 <> "
                     "iif(q >> 6 = 2, 0, q >> 6)"),
            "0");
  ExpectError("q_good(256)", "a quality is a whole number from 0 to 255");
  ExpectError("quality_from_ua(4294967296)", "a whole number of 32 bits");
}

// A host with functions of its own.
int InitHost(sqlite3* db, char** /*error*/, const sqlite3_api_routines* /*api*/) {
  const auto own = [](sqlite3_context* context, int, sqlite3_value**) {
    sqlite3_result_text(context, "the host's", -1, SQLITE_STATIC);
  };
  sqlite3_create_function(db, "Date_Trunc", 2, SQLITE_UTF8, nullptr, own, nullptr, nullptr);
  return sqlite3_create_function(db, "age", -1, SQLITE_UTF8, nullptr, own, nullptr, nullptr);
}

TEST(HostFunctionsTest, NamesThatTheHostHasAreLeftToIt) {
  const TestDatabase registers_xtdb(":memory:");
  sqlite3_reset_auto_extension();
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(InitHost));
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  {
    TestDatabase db(":memory:");
    EXPECT_EQ(
        db.Line("SELECT date_trunc('day', '2024-01-01'), age(1), date_trunc('day', 0, 'UTC')"),
        "the host's the host's 0");
    EXPECT_EQ(db.Line("SELECT xtdb_version() ->> 'left_to_host'"),
              "[\"date_trunc/2\",\"age/2\",\"age/1\"]");
  }
  sqlite3_reset_auto_extension();
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
}

// Python holds its global lock while an extension is loaded: a load that waits for a lock of the
// database makes the threads wait that hold it.
TEST(HostFunctionsTest, LoadingDoesNotLookAtTheDatabase) {
  const TemporaryDirectory folder;
  const std::string path = folder / "host.db";
  TestDatabase other(path);
  other.Run("CREATE TABLE t(x); BEGIN EXCLUSIVE");
  sqlite3_reset_auto_extension();
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(InitHost));
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  {
    TestDatabase db(path);
    EXPECT_THAT(db.Exec("SELECT * FROM t"), FailsWith(SQLITE_BUSY, "locked"));
    other.Run("COMMIT");
    EXPECT_EQ(db.Line("SELECT age(1)"), "the host's");
  }
  sqlite3_reset_auto_extension();
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
}

}  // namespace
}  // namespace xtdb
