#include "vtab/chart/time_axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/base/types.h"
#include "tests/support/status_matchers.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

int64_t Us(const std::string& text) {
  const Result<int64_t> ts_us = ParseTime(text, 0);
  EXPECT_OK(ts_us);
  return ts_us.ok() ? ts_us.value() : 0;
}

// "label" or "label|date" of each tick.
std::vector<std::string> Ticks(const std::string& from, const std::string& to, int columns) {
  const TimeAxis axis(Us(from), Us(to), columns);
  std::vector<std::string> ticks;
  for (const TimeAxis::Tick& tick : axis.ticks()) {
    ticks.push_back(tick.label + (tick.date.empty() ? "" : "|" + tick.date));
  }
  return ticks;
}

using testing::ElementsAre;

TEST(TimeAxisTest, TheDateIsShownWhereItChanges) {
  EXPECT_THAT(Ticks("2026-01-01 10:00", "2026-01-02 15:00", 70),
              ElementsAre("12:00|2026-01-01", "18:00", "00:00|2026-01-02", "06:00", "12:00"));
}

TEST(TimeAxisTest, StepsAreThoseOfAClock) {
  EXPECT_THAT(Ticks("2026-01-01 00:00:07", "2026-01-01 00:01:05", 60),
              ElementsAre("00:00:15|2026-01-01", "00:00:30", "00:00:45", "00:01:00"));
  EXPECT_THAT(
      Ticks("2026-01-01 00:00:00.1", "2026-01-01 00:00:01", 60),
      ElementsAre("00:00:00.2|2026-01-01", "00:00:00.4", "00:00:00.6", "00:00:00.8", "00:00:01.0"));
  EXPECT_THAT(Ticks("2026-01-01 00:00:00", "2026-01-01 00:00:00.000010", 60),
              ElementsAre("00:00:00.000000|2026-01-01", "00:00:00.000005", "00:00:00.000010"));
}

TEST(TimeAxisTest, StepsAreThoseOfACalendar) {
  EXPECT_THAT(Ticks("2025-12-29", "2026-01-03", 60),
              ElementsAre("Dec 29|2025", "Dec 30", "Dec 31", "Jan 01|2026", "Jan 02", "Jan 03"));
  EXPECT_THAT(Ticks("2025-12-20", "2026-01-20", 60),
              ElementsAre("Dec 22|2025", "Dec 29", "Jan 05|2026", "Jan 12", "Jan 19"))
      << "weeks begin on Mondays";
  EXPECT_THAT(Ticks("2025-10-15", "2026-03-15", 60),
              ElementsAre("Nov|2025", "Dec", "Jan|2026", "Feb", "Mar"));
  EXPECT_THAT(Ticks("1999-06-01", "2026-03-15", 60),
              ElementsAre("2000", "2005", "2010", "2015", "2020", "2025"));
  EXPECT_FALSE(TimeAxis(Us("1999-06-01"), Us("2026-03-15"), 60).has_dates());
}

TEST(TimeAxisTest, AShortAxisHasOneTickAtLeast) {
  EXPECT_THAT(Ticks("2026-01-06", "2026-01-10", 8), ElementsAre("Jan 07|2026"));
}

// Goal: over any range ticks lie in it and rise, and their labels have room.
TEST(TimeAxisTest, AnyRangeHasTicksWithRoom) {
  std::mt19937_64 random(11);
  std::uniform_int_distribution<int64_t> any_ts(kTsMin, kTsMax);
  std::uniform_int_distribution<int> any_columns(8, 480), any_shift(0, 57);
  for (int i = 0; i < 20'000; ++i) {
    const int64_t from_us = any_ts(random);
    const int64_t to_us = from_us + 1 + ((any_ts(random) - kTsMin) >> any_shift(random));
    const int columns = any_columns(random);
    SCOPED_TRACE(testing::Message() << from_us << " .. " << to_us << " on " << columns);
    const TimeAxis axis(from_us, to_us, columns);
    ASSERT_FALSE(axis.ticks().empty());
    for (size_t k = 0; k < axis.ticks().size(); ++k) {
      const TimeAxis::Tick& tick = axis.ticks()[k];
      ASSERT_GE(tick.ts_us, from_us);
      ASSERT_LE(tick.ts_us, to_us);
      if (k == 0) continue;
      const double room = static_cast<double>(tick.ts_us - axis.ticks()[k - 1].ts_us) /
                          static_cast<double>(to_us - from_us) * columns;
      // February is shorter than a month is on average.
      ASSERT_GE(room * 1.1, static_cast<double>(tick.label.size() + 1));
    }
  }
}

}  // namespace
}  // namespace xtdb
