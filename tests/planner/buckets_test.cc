#include "planner/aggregate/buckets.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/calendar.h"

namespace xtdb {
namespace {

int64_t At(int64_t year, int month, int day, int64_t us = 0) {
  return DaysFromCivil(year, month, day) * kUsPerDay + us;
}

TEST(BucketsTest, BeginWhereTimescaleDBHasThem) {
  const Buckets five_minutes = Buckets::Fixed(5 * kUsPerMinute);
  EXPECT_EQ(five_minutes.FloorOf(At(2024, 3, 10, 12 * kUsPerHour + 34 * kUsPerMinute + 56'789'000)),
            At(2024, 3, 10, 12 * kUsPerHour + 30 * kUsPerMinute));
  const Buckets week = Buckets::Fixed(7 * kUsPerDay);
  EXPECT_EQ(week.FloorOf(At(2024, 1, 3)), At(2024, 1, 1));
  EXPECT_EQ(week.FloorOf(At(2000, 1, 1) - 1), At(1999, 12, 27));
  EXPECT_EQ(Buckets::Fixed(10 * kUsPerDay).FloorOf(At(2024, 1, 1)), At(2023, 12, 28));
  EXPECT_EQ(Buckets::Fixed(5 * kUsPerDay).FloorOf(At(1970, 1, 1)), At(1969, 12, 31));
  EXPECT_EQ(Buckets::Fixed(13 * kUsPerHour).FloorOf(At(2024, 1, 1)),
            At(2023, 12, 31, 15 * kUsPerHour));
  EXPECT_EQ(Buckets::Fixed(36 * kUsPerHour).FloorOf(At(2024, 1, 1)), At(2023, 12, 31));
  EXPECT_EQ(Buckets::Fixed(250'000).FloorOf(999'999), 750'000);
  EXPECT_EQ(Buckets::Fixed(7 * kUsPerSecond).FloorOf(At(1970, 1, 1) - kUsPerSecond),
            -4 * kUsPerSecond);
}

TEST(BucketsTest, OfMonthsBeginWithAMonth) {
  const Buckets two = Buckets::Months(2);
  EXPECT_EQ(two.FloorOf(At(1990, 2, 3)), At(1990, 1, 1));
  EXPECT_EQ(two.NextOf(At(1990, 1, 1)), At(1990, 3, 1));
  const Buckets three = Buckets::Months(3, At(2000, 2, 1));
  EXPECT_EQ(three.FloorOf(At(1990, 1, 3)), At(1989, 11, 1));
  EXPECT_EQ(three.FloorOf(At(1990, 6, 3)), At(1990, 5, 1));
  EXPECT_EQ(three.NextOf(At(1989, 11, 1)), At(1990, 2, 1));
  EXPECT_EQ(Buckets::Months(12).FloorOf(At(1, 1, 1)), At(1, 1, 1));
}

TEST(BucketsTest, AnOriginMovesThem) {
  const Buckets day = Buckets::Fixed(kUsPerDay, 6 * kUsPerHour);
  EXPECT_EQ(day.FloorOf(At(2024, 1, 1, 6 * kUsPerHour) - 1), At(2023, 12, 31, 6 * kUsPerHour));
  EXPECT_EQ(day.FloorOf(At(2024, 1, 1, 6 * kUsPerHour)), At(2024, 1, 1, 6 * kUsPerHour));
}

TEST(BucketsTest, OneBucketHasEverything) {
  const Buckets whole = Buckets::Whole();
  EXPECT_TRUE(whole.is_whole());
  EXPECT_EQ(whole.FloorOf(kTsMax), whole.FloorOf(kTsMin));
  EXPECT_GT(whole.NextOf(whole.FloorOf(0)), kTsMax);
}

std::shared_ptr<const TimeZone> Zone(const char* name) {
  Result<std::shared_ptr<const TimeZone>> zone = TimeZone::Load(name);
  EXPECT_TRUE(zone.ok()) << zone.status().message();
  return zone.value();
}

Buckets FixedIn(const char* zone, int64_t width_us) {
  return Buckets::Fixed(width_us, Buckets::kDefaultOriginUs, Zone(zone));
}

TEST(BucketsTest, OfAZoneFollowItsClock) {
  const Buckets new_york = FixedIn("America/New_York", kUsPerDay);
  EXPECT_EQ(new_york.FloorOf(At(2024, 3, 10, 12 * kUsPerHour)), At(2024, 3, 10, 5 * kUsPerHour));
  EXPECT_EQ(new_york.FloorOf(At(2024, 11, 4, 4 * kUsPerHour + 30 * kUsPerMinute)),
            At(2024, 11, 3, 4 * kUsPerHour));
  // The days on which the clock is put forward and back have 23 and 25 hours.
  const Buckets berlin = FixedIn("Europe/Berlin", kUsPerDay);
  const int64_t forward = At(2024, 3, 30, 23 * kUsPerHour),
                back = At(2024, 10, 26, 22 * kUsPerHour);
  EXPECT_EQ(berlin.NextOf(forward) - forward, 23 * kUsPerHour);
  EXPECT_EQ(berlin.NextOf(back) - back, 25 * kUsPerHour);
  const Buckets months = Buckets::Months(1, Buckets::kDefaultMonthOriginUs, Zone("Europe/Berlin"));
  EXPECT_EQ(months.FloorOf(At(2024, 3, 31, 22 * kUsPerHour)), At(2024, 3, 31, 22 * kUsPerHour));
  EXPECT_EQ(months.FloorOf(At(2024, 3, 31, 22 * kUsPerHour) - 1), At(2024, 2, 29, 23 * kUsPerHour));
}

TEST(BucketsTest, ARepeatedHourIsTwoBuckets) {
  const Buckets hour = FixedIn("Europe/Berlin", kUsPerHour);
  const int64_t back = At(2024, 10, 27, kUsPerHour), first = back - kUsPerHour;
  EXPECT_EQ(hour.FloorOf(first + 1), first);
  EXPECT_EQ(hour.NextOf(first), back);
  EXPECT_EQ(hour.FloorOf(back + 1), back);
  EXPECT_EQ(hour.NextOf(back), back + kUsPerHour);
  // A bucket that is wider than what is repeated stays whole.
  const Buckets two_hours = FixedIn("Europe/Berlin", 2 * kUsPerHour);
  EXPECT_EQ(two_hours.FloorOf(back + kUsPerHour / 2), first);
  EXPECT_EQ(two_hours.NextOf(first), back + 2 * kUsPerHour);
  // In narrow ones it is not looked for step by step.
  const Buckets microsecond = FixedIn("Europe/Berlin", 1);
  EXPECT_EQ(microsecond.NextOf(back - 1), back);
  EXPECT_EQ(microsecond.FloorOf(first), first);
}

// In Sao Paulo a day began at 01:00; in Apia there was no 30th of December; in Havana midnight came
// twice; Lord Howe's clock is put back by half an hour.
TEST(BucketsTest, OfStrangeDays) {
  const Buckets sao_paulo = FixedIn("America/Sao_Paulo", kUsPerDay);
  const int64_t late = At(2017, 10, 15, 3 * kUsPerHour);
  EXPECT_EQ(sao_paulo.FloorOf(late), late);
  EXPECT_EQ(sao_paulo.NextOf(late) - late, 23 * kUsPerHour);
  const Buckets apia = FixedIn("Pacific/Apia", kUsPerDay);
  const int64_t last = At(2011, 12, 29, 10 * kUsPerHour);
  EXPECT_EQ(apia.NextOf(last), At(2011, 12, 30, 10 * kUsPerHour));
  EXPECT_EQ(apia.NextOf(At(2011, 12, 30, 10 * kUsPerHour)), At(2011, 12, 31, 10 * kUsPerHour));
  const Buckets havana = FixedIn("America/Havana", kUsPerDay);
  const int64_t midnight = At(2020, 11, 1, 4 * kUsPerHour);
  EXPECT_EQ(havana.FloorOf(midnight + 90 * kUsPerMinute), midnight);
  EXPECT_EQ(havana.NextOf(midnight) - midnight, 25 * kUsPerHour);
  const Buckets lord_howe = FixedIn("Australia/Lord_Howe", kUsPerHour);
  const int64_t one = At(2024, 4, 6, 14 * kUsPerHour);
  EXPECT_EQ(lord_howe.NextOf(one) - one, 90 * kUsPerMinute);
}

// The clock of Sao Paulo has not been put forward since 2019, that of Berlin is for ever.
TEST(TimeZoneTest, KnowsTheChangesOfFarYears) {
  for (const int64_t year : {2030, 2400, 2436, 2437, 2438, 2500, 2837, 9000}) {
    const int64_t first_us = At(year, 1, 1), end_us = At(year + 1, 1, 1);
    const auto next = Zone("Europe/Berlin")->NextTransition(first_us);
    ASSERT_TRUE(next.has_value()) << year;
    const CivilDate forward = CivilFromDays(FloorDivide(next->ts_us, kUsPerDay));
    EXPECT_EQ(std::pair(forward.year, forward.month), std::pair(year, 3));
    EXPECT_EQ(Zone("Europe/Berlin")->LocalOf(next->ts_us), next->local_after_us) << year;
    const auto last = Zone("Europe/Berlin")->LastTransition(end_us);
    ASSERT_TRUE(last.has_value()) << year;
    EXPECT_EQ(CivilFromDays(FloorDivide(last->ts_us, kUsPerDay)).month, 10) << year;
    EXPECT_EQ(last->local_before_us - last->local_after_us, kUsPerHour);
    const auto none = Zone("America/Sao_Paulo")->NextTransition(first_us);
    EXPECT_FALSE(none.has_value()) << year;
  }
}

TEST(TimeZoneTest, NamesAreThoseOfTheDatabase) {
  EXPECT_TRUE(TimeZone::Load("europe/berlin").ok());
  EXPECT_TRUE(TimeZone::Load("AMERICA/NEW_YORK").ok());
  EXPECT_TRUE(TimeZone::Load("utc").ok());
  EXPECT_TRUE(TimeZone::Load("Etc/GMT-2").ok());
  for (const char* name : {"", "Europe/Atlantis", "/etc/passwd", "../../../etc/passwd", "localtime",
                           "file:/etc/localtime", "Europe", "Europe/Berlin/"}) {
    const Result<std::shared_ptr<const TimeZone>> zone = TimeZone::Load(name);
    EXPECT_EQ(zone.status().code(), StatusCode::kInvalidArgument) << name;
  }
}

constexpr const char* kZones[] = {"Europe/Berlin", "Australia/Lord_Howe", "America/Havana",
                                  "Pacific/Apia", "America/Sao_Paulo"};

// Every time is in the bucket that its start begins, and no start lies between a bucket's start
// and the next.
TEST(BucketsTest, CoverTimeWithoutHolesOrOverlaps) {
  const auto zone = Zone("Europe/Berlin");
  const Buckets all[] = {Buckets::Fixed(kUsPerHour),
                         Buckets::Fixed(7 * kUsPerHour + 1, 12'345),
                         Buckets::Months(1),
                         Buckets::Months(5, At(2001, 3, 1)),
                         Buckets::Fixed(kUsPerHour, 0, zone),
                         Buckets::Fixed(5 * kUsPerHour, 0, zone),
                         Buckets::Fixed(kUsPerDay, 0, zone),
                         Buckets::Months(1, 0, zone),
                         FixedIn("Europe/Berlin", 50 * kUsPerMinute),
                         FixedIn("Australia/Lord_Howe", 20 * kUsPerMinute),
                         FixedIn("Australia/Lord_Howe", kUsPerHour),
                         FixedIn("America/Havana", kUsPerDay),
                         FixedIn("America/Havana", 13 * kUsPerHour),
                         FixedIn("Pacific/Apia", 2 * kUsPerDay),
                         FixedIn("America/Sao_Paulo", 25 * kUsPerMinute)};
  std::mt19937_64 random(1);
  for (const Buckets& buckets : all) {
    for (int i = 0; i < 5000; ++i) {
      // Half of them near a change of the clock.
      // Some far beyond what is listed of transitions.
      const int64_t first_us = At(i % 8 == 0 ? 2400 : 2011, 1, 1);
      const auto days = static_cast<uint64_t>(i % 16 == 0 ? 2'700'000 : 4000);
      const int64_t somewhere_us = first_us + static_cast<int64_t>(random() % (days * kUsPerDay));
      const std::optional<TimeZone::Transition> change =
          Zone(kZones[random() % std::size(kZones)])->NextTransition(somewhere_us);
      const int64_t reach_us = i % 3 == 0 ? kUsPerSecond : 2 * kUsPerHour;
      const auto near_us = static_cast<int64_t>(random() % (2 * reach_us)) - reach_us;
      const int64_t ts_us = change && i % 2 == 0 ? change->ts_us + near_us : somewhere_us;
      const int64_t start_us = buckets.FloorOf(ts_us);
      ASSERT_LE(start_us, ts_us);
      const int64_t next_us = buckets.NextOf(start_us);
      ASSERT_GT(next_us, ts_us);
      ASSERT_EQ(buckets.FloorOf(start_us), start_us);
      ASSERT_EQ(buckets.FloorOf(next_us), next_us);
      ASSERT_EQ(buckets.FloorOf(next_us - 1), start_us);
    }
  }
}

}  // namespace
}  // namespace xtdb
