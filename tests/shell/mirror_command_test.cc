#include "shell/commands/mirror_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "shell/commands/command.h"
#include "shell/commands/retain_command.h"
#include "shell/mirror/sqlite_database.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/fake_clock.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kNewYearUs = 1'767'225'600'000'000;  // 2026-01-01
constexpr int64_t kHourUs = 3'600'000'000;

class MirrorCommandTest : public testing::Test {
 protected:
  MirrorCommandTest() {
    options_.container = folder_ / "plant.xtdb";
    options_.database = folder_ / "plant.db";
    clock_.Advance(100 * 24 * kHourUs);
  }

  void Write(const std::string& tag, int64_t ts_us, const Value& value,
             Quality quality = kQualityGood) {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
    ASSERT_OK(engine->WritePoint(tag, ts_us, value, quality));
    ASSERT_OK(engine->Close());
  }
  void Delete(const std::string& tag, int64_t ts_us) {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
    ASSERT_OK_AND_ASSIGN(const auto transaction, engine->Begin(kWriterTimeoutUs));
    ASSERT_OK(transaction->Delete(*transaction->FindTag(tag), ts_us));
    ASSERT_OK(transaction->Prepare());
    transaction->Commit();
  }
  void AddRollup(const std::string& width, const std::string& zone = "") {
    ASSERT_OK_AND_ASSIGN(const RollupWidth rollup, ParseRollupWidth(width, zone));
    options_.rollups.push_back(rollup);
  }
  Status Mirror() {
    return RunMirror(
        options_, clock_, [](int64_t) { return true; }, captured_.terminal());
  }
  // Rows, their columns apart by `|`.
  std::vector<std::string> Select(const std::string& sql, const std::string& columns) {
    auto db = SqliteDatabase::Open(options_.database, 0);
    EXPECT_OK(db);
    Result<SqliteStatement> statement =
        db.value()->Prepare("WITH given AS (" + sql + ") SELECT concat_row FROM (SELECT " +
                            Joined(columns) + " AS concat_row FROM given)");
    EXPECT_OK(statement);
    std::vector<std::string> rows;
    for (;;) {
      const Result<bool> more = statement.value().Step();
      EXPECT_OK(more);
      if (!more.ok() || !more.value()) return rows;
      rows.push_back(statement.value().Text(0));
    }
  }
  std::vector<std::string> Latest() {
    return Select("SELECT * FROM latest ORDER BY tag", "tag time epoch value quality");
  }
  std::vector<std::string> Hours() {
    return Select("SELECT * FROM rollup_1h ORDER BY tag, epoch",
                  "tag time epoch count min max avg first last");
  }

  const TemporaryDirectory folder_;
  FakeClock clock_;
  CapturedTerminal captured_;
  MirrorOptions options_;

 private:
  static std::string Joined(const std::string& columns) {
    std::string sql = "ifnull(";
    for (const char c : columns) {
      sql += c == ' ' ? std::string(", 'NULL') || '|' || ifnull(") : std::string(1, c);
    }
    return sql + ", 'NULL')";
  }
};

TEST_F(MirrorCommandTest, HasTheNewestPointsAndTheHours) {
  Write("t", kNewYearUs, Value::Real(1));
  Write("t", kNewYearUs + 1, Value::Real(2));
  Write("t", kNewYearUs + kHourUs, Value::Real(5), kQualityUncertain);
  Write("t", kNewYearUs + kHourUs + 1, Value::Real(99), kQualityBad);
  Write("state", kNewYearUs - 1, Value::Text("on"));
  Write("nulls", kNewYearUs, Value::Null());
  ASSERT_OK(Mirror());
  EXPECT_THAT(Latest(), ElementsAre("nulls|2026-01-01 00:00:00.000|1767225600.0|NULL|192",
                                    "state|2025-12-31 23:59:59.999999|1767225600.0|on|192",
                                    "t|2026-01-01 01:00:00.000001|1767229200.0|99.0|0"));
  EXPECT_THAT(Hours(),
              ElementsAre("nulls|2026-01-01 00:00:00.000|1767225600|0|NULL|NULL|NULL|NULL|NULL",
                          "state|2025-12-31 23:00:00.000|1767222000|1|on|on|NULL|on|on",
                          "t|2026-01-01 00:00:00.000|1767225600|2|1.0|2.0|1.5|1.0|2.0",
                          "t|2026-01-01 01:00:00.000|1767229200|1|5.0|5.0|5.0|5.0|5.0"));
  EXPECT_THAT(captured_.out(), HasSubstr("plant.db: 3 tags, 7 rows changed in "));
}

TEST_F(MirrorCommandTest, WithoutNewPointsNothingIsWritten) {
  Write("t", kNewYearUs, Value::Real(1));
  ASSERT_OK(Mirror());
  const CapturedTerminal again;
  ASSERT_OK(RunMirror(
      options_, clock_, [](int64_t) { return true; }, again.terminal()));
  EXPECT_THAT(again.out(), HasSubstr(" 0 rows changed"));
}

TEST_F(MirrorCommandTest, LatePointsAndDeletionsInTheOverlapAreSeen) {
  for (int i = 0; i < 6; ++i) Write("t", kNewYearUs + i * kHourUs, Value::Integer(i));
  ASSERT_OK(Mirror());
  Write("t", kNewYearUs + 4 * kHourUs + 1, Value::Integer(100));
  Delete("t", kNewYearUs + 5 * kHourUs);
  ASSERT_OK(Mirror());
  const std::vector<std::string> hours = Hours();
  ASSERT_THAT(hours, SizeIs(5));
  EXPECT_THAT(hours[4], HasSubstr("|2|4|100|52.0|4|100"));
  EXPECT_THAT(Latest(), ElementsAre("t|2026-01-01 04:00:00.000001|1767240000.0|100|192"));
}

TEST_F(MirrorCommandTest, PointsThatComeLaterThanTheOverlapAreNoticedByTheirNumber) {
  for (int i = 0; i < 6; ++i) Write("t", kNewYearUs + i * kHourUs, Value::Integer(i));
  ASSERT_OK(Mirror());
  Write("t", kNewYearUs + 1, Value::Integer(7));
  ASSERT_OK(Mirror());
  EXPECT_THAT(Hours()[0], HasSubstr("|2|0|7|3.5|0|7"));
}

TEST_F(MirrorCommandTest, ALatePointLeavesTheHourThatRetentionHasCut) {
  const int64_t now_us = SystemClock().NowUs();
  clock_.Advance(now_us - clock_.NowUs());
  const int64_t hour_us = (now_us / kHourUs - 240) * kHourUs;
  for (const int64_t minute : {10, 50, 90, 600}) {
    Write("t", hour_us + minute * kHourUs / 60, Value::Integer(minute));
  }
  ASSERT_OK(Mirror());
  RetainOptions retain{.container = options_.container};
  retain.changes.retention_us = now_us - hour_us - kHourUs / 2;  // between the first two
  ASSERT_OK(RunRetain(retain, captured_.terminal()));
  Write("t", hour_us + 2 * kHourUs - 1, Value::Integer(7));
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM rollup_1h ORDER BY epoch", "count first last"),
              ElementsAre("2|10|50", "2|90|7", "1|600|600"));
  // A rollup that is added fills itself with what is left, and takes nothing from the others.
  AddRollup("1h");
  AddRollup("30min");
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM rollup_1h ORDER BY epoch", "count"),
              ElementsAre("2", "2", "1"));
  EXPECT_THAT(Select("SELECT * FROM rollup_30min ORDER BY epoch", "first"),
              ElementsAre("50", "90", "600"));
}

TEST_F(MirrorCommandTest, AChangeBeforeTheOverlapNeedsFull) {
  for (int i = 0; i < 6; ++i) Write("t", kNewYearUs + i * kHourUs, Value::Integer(i));
  ASSERT_OK(Mirror());
  const std::vector<std::string> before = Hours();
  Write("t", kNewYearUs, Value::Integer(7));
  Delete("t", kNewYearUs + kHourUs);
  ASSERT_OK(Mirror());
  EXPECT_EQ(Hours(), before);
  options_.full = true;
  ASSERT_OK(Mirror());
  EXPECT_THAT(Hours(), SizeIs(5));
  EXPECT_THAT(Hours()[0], HasSubstr("|1|7|7|7.0|7|7"));
}

TEST_F(MirrorCommandTest, APointInTheFutureDoesNotKeepThePresentOut) {
  Write("t", kNewYearUs, Value::Integer(1));
  Write("t", kTsMax, Value::Integer(2));
  ASSERT_OK(Mirror());
  clock_.Advance(kHourUs);
  Write("t", clock_.NowUs(), Value::Integer(3));
  ASSERT_OK(Mirror());
  EXPECT_THAT(Hours(), SizeIs(3));
}

TEST_F(MirrorCommandTest, ItRemembersItsRollupsAndFillsNewOnes) {
  AddRollup("15 min");
  AddRollup("1 day", "Europe/Berlin");
  Write("t", kNewYearUs, Value::Integer(1));
  ASSERT_OK(Mirror());
  options_.rollups.clear();
  Write("t", kNewYearUs + 24 * kHourUs, Value::Integer(1));
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM rollup_1_day", "time count"),
              ElementsAre("2025-12-31 23:00:00.000|1", "2026-01-01 23:00:00.000|1"));
  EXPECT_THAT(Select("SELECT * FROM rollup_15_min", "time"), SizeIs(2));
  AddRollup("1 mon");
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM rollup_1_mon", "time count"),
              ElementsAre("2026-01-01 00:00:00.000|2"));
  options_.rollups.clear();
  AddRollup("1 DAY", "Europe/Berlin");
  ASSERT_OK(Mirror());
  options_.rollups.clear();
  AddRollup("1 day");
  EXPECT_THAT(Mirror(), HasMessage(HasSubstr("has buckets of '1 day' in Europe/Berlin")));
}

TEST_F(MirrorCommandTest, WrongDatabasesAreRefused) {
  Write("t", kNewYearUs, Value::Integer(1));
  ASSERT_OK(Mirror());
  options_.container = folder_ / "other.xtdb";
  Write("t", kNewYearUs, Value::Integer(1));
  EXPECT_THAT(Mirror(), HasMessage(HasSubstr("mirror of another container")));
  options_.database = folder_ / "text";
  WriteText(options_.database, std::string(5'000, 'x'));
  EXPECT_THAT(Mirror(), HasMessage(HasSubstr("not a database")));
  options_.tags = {"nothing"};
  options_.database = folder_ / "new.db";
  EXPECT_THAT(Mirror(), HasMessage(HasSubstr("no tag is called")));
}

TEST_F(MirrorCommandTest, TablesOfOthersAreLeftAsTheyAre) {
  Write("t", kNewYearUs, Value::Integer(1));
  for (const char* table : {"latest", "Rollup_1H"}) {
    options_.database = folder_ / table;
    {
      ASSERT_OK_AND_ASSIGN(const auto db, SqliteDatabase::Open(options_.database, 0));
      ASSERT_OK(db->Execute("CREATE TABLE " + std::string(table) + "(x)"));
    }
    const std::string before = ReadText(options_.database);
    EXPECT_THAT(Mirror(), HasMessage(HasSubstr("that no mirror has made")));
    EXPECT_EQ(ReadText(options_.database), before);
  }
  for (const char* none : {"", ":memory:"}) {
    options_.database = none;
    EXPECT_THAT(Mirror(), HasMessage(HasSubstr("names no file")));
  }
}

TEST_F(MirrorCommandTest, ARollupThatSomebodyHasDroppedIsMadeAnew) {
  for (int i = 0; i < 6; ++i) Write("t", kNewYearUs + i * kHourUs, Value::Integer(i));
  ASSERT_OK(Mirror());
  const std::vector<std::string> before = Hours();
  {
    ASSERT_OK_AND_ASSIGN(const auto db, SqliteDatabase::Open(options_.database, 0));
    ASSERT_OK(db->Execute("DROP TABLE rollup_1h"));
  }
  ASSERT_OK(Mirror());
  EXPECT_EQ(Hours(), before);
}

TEST_F(MirrorCommandTest, RenamedTagsKeepTheirRows) {
  Write("a", kNewYearUs, Value::Integer(1));
  Write("b", kNewYearUs, Value::Integer(2));
  Write("c", kNewYearUs, Value::Integer(3));
  ASSERT_OK(Mirror());
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenExisting(options_.container));
    ASSERT_OK(engine->RenameTag("c", "d", kWriterTimeoutUs));
    ASSERT_OK(engine->RenameTag("a", "between", kWriterTimeoutUs));
    ASSERT_OK(engine->RenameTag("b", "a", kWriterTimeoutUs));
    ASSERT_OK(engine->RenameTag("between", "b", kWriterTimeoutUs));
  }
  options_.tags = {"d"};  // the others have new names all the same
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM latest ORDER BY tag", "tag value"),
              ElementsAre("a|2", "b|1", "d|3"));
  EXPECT_THAT(Select("SELECT * FROM rollup_1h ORDER BY tag", "tag first"),
              ElementsAre("a|2", "b|1", "d|3"));
}

TEST_F(MirrorCommandTest, WhatADropLetsGoStays) {
  std::vector<std::string> hours;
  {
    EngineOptions small;
    small.storage.chunk_size_bytes = 4 * kMiB;
    ASSERT_OK_AND_ASSIGN(const auto engine, StorageEngine::Open(PosixFileSystem(), SystemClock(),
                                                                options_.container, small));
    for (int i = 0; i < 60; ++i) {
      if (i == 27) {
        ASSERT_OK(engine->Seal(kWriterTimeoutUs));
      }
      ASSERT_OK(
          engine->WritePoint("t", kNewYearUs + i * kHourUs / 6, Value::Integer(i), kQualityGood));
    }
    ASSERT_OK(Mirror());
    hours = Hours();
    ASSERT_THAT(hours, SizeIs(10));
    // Up to the middle of the fifth hour. A run sees the drop alone, or with the points behind it.
    ASSERT_OK_AND_ASSIGN(const auto dropped,
                         engine->DropBefore(kNewYearUs + 5 * kHourUs, kWriterTimeoutUs));
    EXPECT_EQ(dropped.points, 27u);
    ASSERT_OK(engine->Close());
  }
  std::filesystem::copy(options_.database, folder_ / "later.db");
  ASSERT_OK(Mirror());
  EXPECT_EQ(Hours(), hours);
  // In the hour that was cut, in front of it, and behind it.
  Write("t", kNewYearUs + 4 * kHourUs + 1, Value::Integer(1000));
  Write("t", kNewYearUs + 2 * kHourUs + 1, Value::Integer(1000));
  Write("t", kNewYearUs + 6 * kHourUs + 1, Value::Integer(1000));
  const auto expect_only_the_last = [&] {
    ASSERT_OK(Mirror());
    std::vector<std::string> now = Hours();
    ASSERT_THAT(now, SizeIs(10));
    EXPECT_THAT(now[6], HasSubstr("|7|36|1000|"));
    now[6] = hours[6];
    EXPECT_EQ(now, hours);
  };
  expect_only_the_last();
  options_.database = folder_ / "later.db";
  expect_only_the_last();
}

TEST_F(MirrorCommandTest, AContainerThatWasRestoredIsMirroredAnew) {
  const std::string earlier = folder_ / "earlier.xtdb";
  for (int i = 0; i < 6; ++i) Write("t", kNewYearUs + i * kHourUs, Value::Integer(i));
  std::filesystem::copy(options_.container, earlier);
  for (int i = 0; i < 9; ++i) Write("lost", kNewYearUs + i * kHourUs, Value::Integer(i));
  Write("t", kNewYearUs + 7 * kHourUs, Value::Integer(7));
  ASSERT_OK(Mirror());
  std::filesystem::copy(earlier, options_.container,
                        std::filesystem::copy_options::overwrite_existing);
  Write("new", kNewYearUs, Value::Integer(1));  // with the number that `lost` had
  ASSERT_OK(Mirror());
  EXPECT_THAT(Select("SELECT * FROM latest", "tag value"), ElementsAre("new|1", "t|5"));
  EXPECT_THAT(Select("SELECT * FROM rollup_1h WHERE tag <> 't'", "tag first"),
              ElementsAre("new|1"));
  EXPECT_THAT(Select("SELECT * FROM rollup_1h WHERE tag = 't'", "first"), SizeIs(6));
}

TEST_F(MirrorCommandTest, WidthsAreIntervalsWithAUnit) {
  for (const char* wrong : {"3", "", "hourly", "1 mon 1 day", "-1h", "0s", "100 ms"}) {
    EXPECT_THAT(ParseRollupWidth(wrong, ""), Not(IsOk())) << wrong;
  }
  ASSERT_OK_AND_ASSIGN(const RollupWidth width, ParseRollupWidth(" 15  Min", ""));
  EXPECT_EQ(width.table, "rollup_15_min");
  EXPECT_THAT(ParseRollupWidth("1h", "Mars/Base"), HasMessage(HasSubstr("Mars/Base")));
}

// Goal: whatever comes between two runs, a mirror that was kept is one that was made anew. Method:
// seeded writes, some of them late, a run behind each few, and now and then one that is stopped.
TEST_F(MirrorCommandTest, AMirrorThatWasKeptIsOneMadeAnew) {
  std::mt19937_64 random(7);
  AddRollup("1h");
  AddRollup("10 min");
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
  for (int step = 0; step < 60; ++step) {
    for (int i = 0; i < 20; ++i) {
      const int64_t late_us =
          random() % 10 == 0 ? static_cast<int64_t>(random() % 20) * kHourUs : 0;
      const int64_t ts_us = kNewYearUs + (step * 20 + i) * kHourUs / 30 - late_us;
      // Nothing is written twice, which only --full would see.
      const std::string tag = "t" + std::to_string(random() % 3);
      ASSERT_OK(engine->WritePoint(tag, ts_us + static_cast<int64_t>(random() % 1'000'000'000),
                                   Value::Real(static_cast<double>(random() % 1000)),
                                   random() % 8 == 0 ? kQualityBad : kQualityGood));
    }
    if (random() % 4 == 0) {
      ASSERT_OK(engine->Flush(kWriterTimeoutUs));
    }
    int calls_left = random() % 3 == 0 ? static_cast<int>(random() % 3) : 1'000;
    const Status run = RunMirror(
        options_, clock_, [&calls_left](int64_t) { return calls_left-- > 0; },
        captured_.terminal());
    if (!run.ok()) {
      EXPECT_EQ(run.code(), StatusCode::kInterrupted) << run.message();
    }
  }
  ASSERT_OK(Mirror());
  const auto kept = std::make_tuple(
      Latest(), Hours(),
      Select("SELECT * FROM rollup_10_min ORDER BY tag, epoch", "tag epoch count avg"));
  EXPECT_GT(std::get<2>(kept).size(), 100u);
  options_.database = folder_ / "new.db";
  ASSERT_OK(Mirror());
  const auto made = std::make_tuple(
      Latest(), Hours(),
      Select("SELECT * FROM rollup_10_min ORDER BY tag, epoch", "tag epoch count avg"));
  EXPECT_TRUE(kept == made);
}

TEST_F(MirrorCommandTest, AgainAndAgainItFollowsTheContainerUntilItIsStopped) {
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(options_.container));
  options_.every_us = 1'000'000;
  options_.tags = {"t*"};  // of which there is none yet
  int64_t waits = 0;
  std::vector<size_t> seen;
  const auto wait = [&](int64_t us) {
    if (us == 0) return true;
    clock_.Advance(us);
    seen.push_back(Latest().size());
    EXPECT_OK(engine->WritePoint("t" + std::to_string(waits), kNewYearUs, Value::Integer(1),
                                 kQualityGood));
    return ++waits < 4;
  };
  ASSERT_OK(RunMirror(options_, clock_, wait, captured_.terminal()));
  EXPECT_THAT(seen, ElementsAre(0u, 1u, 2u, 3u));
  EXPECT_THAT(captured_.err(), IsEmpty());
}

TEST_F(MirrorCommandTest, AContainerThatIsReplacedEndsIt) {
  Write("t", kNewYearUs, Value::Integer(1));
  options_.every_us = 1'000'000;
  const auto wait = [&](int64_t us) {
    if (us != 0) std::filesystem::rename(options_.container, options_.container + ".old");
    return true;
  };
  EXPECT_THAT(RunMirror(options_, clock_, wait, captured_.terminal()),
              HasMessage(HasSubstr("was moved or replaced")));
}

TEST_F(MirrorCommandTest, ALockedDatabaseIsTriedAgain) {
  Write("t", kNewYearUs, Value::Integer(1));
  ASSERT_OK(Mirror());
  Write("t", kNewYearUs + 1, Value::Integer(2));
  ASSERT_OK_AND_ASSIGN(const auto db, SqliteDatabase::Open(options_.database, 0));
  ASSERT_OK(db->Execute("BEGIN IMMEDIATE"));
  options_.every_us = 1;
  options_.busy_timeout_ms = 1;
  int waits = 0;
  const auto wait = [&](int64_t us) {
    if (us == 0) return true;
    clock_.Advance(us);
    if (waits == 0) {
      EXPECT_OK(db->Execute("ROLLBACK"));
    }
    return ++waits < 2;
  };
  ASSERT_OK(RunMirror(options_, clock_, wait, captured_.terminal()));
  EXPECT_THAT(captured_.err(), AllOf(HasSubstr("locked"), HasSubstr("trying again")));
  EXPECT_THAT(Latest(), ElementsAre(HasSubstr("|2|")));
}

}  // namespace
}  // namespace xtdb
