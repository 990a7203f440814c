// Times and intervals: the same answers as a live PostgreSQL gives, to random questions.

#include "tests/postgres/postgres_fixture.h"

namespace xtdb {
namespace {

using Questions = std::vector<Question>;

std::string Quoted(const std::string& text) { return "'" + text + "'"; }
std::string Timestamptz(const std::string& text) { return "timestamptz '" + text + "'"; }
std::string IntervalOf(const std::string& text) { return "interval '" + text + "'"; }

const std::vector<std::string> kFields = {
    "microseconds", "milliseconds", "second",  "minute",    "hour",     "day",           "week",
    "month",        "quarter",      "year",    "decade",    "century",  "millennium",    "dow",
    "isodow",       "doy",          "isoyear", "epoch",     "julian",   "timezone_hour", "us",
    "MSEC",         "hrs",          "qtr",     "centuries", "timezone", "fortnight",     ""};

TEST_F(PostgresTest, DateTrunc) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomTime();
    const std::string field = Quoted(OneOf(kFields));
    questions.push_back({"date_trunc(" + field + ", " + Quoted(time) + ")",
                         "date_trunc(" + field + ", " + Timestamptz(time) + ")"});
  }
  Compare(questions);
}

TEST_F(PostgresTest, DateTruncOfAZone) {
  Questions questions;
  const std::vector<std::string> fields(kFields.begin(), kFields.begin() + 13);
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomRecentTime();
    const std::string field = Quoted(OneOf(fields)), zone = Quoted(RandomZone());
    questions.push_back({"date_trunc(" + field + ", " + Quoted(time) + ", " + zone + ")",
                         "date_trunc(" + field + ", " + Timestamptz(time) + ", " + zone + ")"});
  }
  Compare(questions);
}

TEST_F(PostgresTest, DatePart) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomTime();
    const std::string field = Quoted(OneOf(kFields));
    questions.push_back({"date_part(" + field + ", " + Quoted(time) + ")",
                         "date_part(" + field + ", " + Timestamptz(time) + ")"});
  }
  for (const std::string& field : kFields) {
    for (const std::string time : {"infinity", "-infinity"}) {
      questions.push_back({"date_part(" + Quoted(field) + ", " + Quoted(time) + ")",
                           "date_part(" + Quoted(field) + ", " + Timestamptz(time) + ")"});
    }
  }
  Compare(questions);
}

TEST_F(PostgresTest, PartsOfIntervals) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string interval = RandomInterval();
    const std::string field = Quoted(OneOf(kFields));
    const std::string function = i % 2 == 0 ? "date_part(" : "date_trunc(";
    questions.push_back({function + field + ", " + Quoted(interval) + ")",
                         function + field + ", " + IntervalOf(interval) + ")"});
  }
  Compare(questions);
}

TEST_F(PostgresTest, DateBinAndTimeBucket) {
  Questions questions;
  const std::vector<std::string> widths = {
      "1 s",  "7 s",   "250 ms", "5 min", "13 hours", "1 day", "10 days", "1 week",  "1.5 hours",
      "36 h", "00:17", "3 us",   "0 s",   "-1 h",     "1 mon", "1 year",  "400 days"};
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomTime(), origin = RandomTime(), width = OneOf(widths);
    questions.push_back(
        {"date_bin(" + Quoted(width) + ", " + Quoted(time) + ", " + Quoted(origin) + ")",
         "date_bin(" + IntervalOf(width) + ", " + Timestamptz(time) + ", " + Timestamptz(origin) +
             ")"});
    if (width.find("mon") != std::string::npos || width.find("year") != std::string::npos ||
        width == "0 s" || width == "-1 h") {
      continue;
    }
    questions.push_back({"time_bucket(" + Quoted(width) + ", " + Quoted(time) + ")",
                         "date_bin(" + IntervalOf(width) + ", " + Timestamptz(time) +
                             ", timestamptz '2000-01-03')"});
    questions.push_back(
        {"time_bucket(" + Quoted(width) + ", " + Quoted(time) + ", " + Quoted(origin) + ")",
         questions[questions.size() - 2].theirs});
  }
  Compare(questions);
}

TEST_F(PostgresTest, MonthBuckets) {
  Questions questions;
  for (int i = 0; i < 2000; ++i) {
    const std::string time = RandomTime();
    const std::string months = std::to_string(1 + Below(30));
    // Months since 2000-01, rounded down to a multiple.
    const std::string since =
        "(((date_part('year', t) - (date_part('year', t) > 0)::int + 1 - "
        "2000) * 12 + date_part('month', t) - 1)::int)";
    questions.push_back({"time_bucket('" + months + " mon', " + Quoted(time) + ")",
                         "SELECT timestamptz '2000-01-01' + make_interval(months => (floor(" +
                             since + "::numeric / " + months + ") * " + months +
                             ")::int) FROM (SELECT " + Timestamptz(time) + " AS t) x"});
  }
  Compare(questions);
}

TEST_F(PostgresTest, AddingIntervals) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomTime(), interval = RandomInterval();
    const bool adds = Below(2) == 0;
    questions.push_back(
        {(adds ? "ts_add(" : "ts_sub(") + Quoted(time) + ", " + Quoted(interval) + ")",
         Timestamptz(time) + (adds ? " + " : " - ") + IntervalOf(interval)});
  }
  Compare(questions);
}

TEST_F(PostgresTest, AddingIntervalsOnAWallClock) {
  for (int round = 0; round < 24; ++round) {
    const std::string zone = RandomZone();
    Questions questions;
    for (int i = 0; i < 200; ++i) {
      const std::string time = RandomRecentTime(), interval = RandomInterval();
      const bool adds = Below(2) == 0;
      questions.push_back({(adds ? "ts_add(" : "ts_sub(") + Quoted(time) + ", " + Quoted(interval) +
                               ", " + Quoted(zone) + ")",
                           "((" + Timestamptz(time + "+00") + (adds ? " + " : " - ") +
                               IntervalOf(interval) + ") AT TIME ZONE 'UTC')::text || '+00'"});
    }
    SCOPED_TRACE(zone);
    Compare(questions, "SET timezone = '" + zone + "'");
  }
}

TEST_F(PostgresTest, DifferencesAndAges) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string a = RandomTime(), b = RandomTime();
    questions.push_back(
        {"ts_diff(" + Quoted(a) + ", " + Quoted(b) + ")", Timestamptz(a) + " - " + Timestamptz(b)});
    questions.push_back({"age(" + Quoted(a) + ", " + Quoted(b) + ")",
                         "age(" + Timestamptz(a) + ", " + Timestamptz(b) + ")"});
  }
  Compare(questions);
}

TEST_F(PostgresTest, WallClocks) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const std::string time = RandomRecentTime(), zone = RandomZone();
    questions.push_back(
        {"timezone(" + Quoted(zone) + ", " + Quoted(time) + ")",
         "timezone(" + Quoted(zone) + ", " + Timestamptz(time) + ")::text || '+00'"});
    questions.push_back(
        {"date_trunc('us', " + Quoted(time + " " + zone) + ")", Timestamptz(time + " " + zone)});
  }
  Compare(questions);
}

// As rows come: what is known of the clock about a time is used for the next one.
TEST_F(PostgresTest, WallClocksOfTimesInOrder) {
  constexpr int64_t kSecondsOf60Years = 60LL * 365 * 86'400;
  Questions questions;
  for (int series = 0; series < 24; ++series) {
    const std::string zone = Quoted(RandomZone());
    const auto start = static_cast<int64_t>(Below(kSecondsOf60Years));
    const auto step = static_cast<int64_t>(1800 + Below(90'000));
    for (int64_t i = 0; i < 200; ++i) {
      const std::string time = "to_timestamp(" + std::to_string(start + i * step) + ")";
      const std::string field = i % 2 == 0 ? "'day'" : "'hour'";
      questions.push_back({"timezone(" + zone + ", " + time + ")",
                           "timezone(" + zone + ", " + time + ")::text || '+00'"});
      const std::string trunc = "date_trunc(" + field + ", " + time + ", " + zone + ")";
      questions.push_back({trunc, trunc});
    }
  }
  Compare(questions);
}

TEST_F(PostgresTest, SecondsBecomeTimes) {
  Questions questions;
  for (int i = 0; i < 4000; ++i) {
    const int64_t seconds = static_cast<int64_t>(Below(400'000'000'000)) - 150'000'000'000;
    const std::string number = std::to_string(seconds) + "." + std::to_string(Below(10'000'000));
    questions.push_back({"to_timestamp(" + number + ")", "to_timestamp(" + number + ")"});
  }
  Compare(questions);
}

}  // namespace
}  // namespace xtdb
