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

// An hour ahead of UTC, two from day 100 to day 200.
class SummerZone : public TimeZone {
 public:
  static constexpr int64_t kForwardUs = 100 * kUsPerDay + kUsPerHour;
  static constexpr int64_t kBackUs = 200 * kUsPerDay + kUsPerHour;
  int64_t LocalOf(int64_t ts_us) const override {
    return ts_us + (ts_us >= kForwardUs && ts_us < kBackUs ? 2 : 1) * kUsPerHour;
  }
  int64_t UtcOf(int64_t local_us) const override {
    const int64_t winter_us = local_us - kUsPerHour, summer_us = local_us - 2 * kUsPerHour;
    if (LocalOf(winter_us) == local_us) return winter_us;
    return LocalOf(summer_us) == local_us ? summer_us : winter_us;
  }
};

TEST(BucketsTest, OfAZoneFollowItsClock) {
  const auto zone = std::make_shared<const SummerZone>();
  const Buckets day = Buckets::Fixed(kUsPerDay, Buckets::kDefaultOriginUs, zone);
  EXPECT_EQ(day.FloorOf(50 * kUsPerDay), 50 * kUsPerDay - kUsPerHour);
  EXPECT_EQ(day.FloorOf(150 * kUsPerDay), 150 * kUsPerDay - 2 * kUsPerHour);
  // The days on which the clock is put forward and back have 23 and 25 hours.
  const int64_t forward = 100 * kUsPerDay - kUsPerHour, back = 200 * kUsPerDay - 2 * kUsPerHour;
  EXPECT_EQ(day.NextOf(forward) - forward, 23 * kUsPerHour);
  EXPECT_EQ(day.NextOf(back) - back, 25 * kUsPerHour);
}

TEST(BucketsTest, ARepeatedHourIsTwoBuckets) {
  const auto zone = std::make_shared<const SummerZone>();
  const Buckets hour = Buckets::Fixed(kUsPerHour, Buckets::kDefaultOriginUs, zone);
  const int64_t first = SummerZone::kBackUs - kUsPerHour;
  EXPECT_EQ(zone->LocalOf(first), zone->LocalOf(SummerZone::kBackUs));
  EXPECT_EQ(hour.FloorOf(first + 1), first);
  EXPECT_EQ(hour.NextOf(first), SummerZone::kBackUs);
  EXPECT_EQ(hour.FloorOf(SummerZone::kBackUs + 1), SummerZone::kBackUs);
}

// Every time is in the bucket that its start begins, and no start lies between a bucket's start
// and the next.
TEST(BucketsTest, CoverTimeWithoutHolesOrOverlaps) {
  const auto zone = std::make_shared<const SummerZone>();
  const Buckets all[] = {Buckets::Fixed(kUsPerHour),
                         Buckets::Fixed(7 * kUsPerHour + 1, 12'345),
                         Buckets::Months(1),
                         Buckets::Months(5, At(2001, 3, 1)),
                         Buckets::Fixed(kUsPerHour, 0, zone),
                         Buckets::Fixed(5 * kUsPerHour, 0, zone),
                         Buckets::Fixed(kUsPerDay, 0, zone),
                         Buckets::Months(1, 0, zone)};
  std::mt19937_64 random(1);
  for (const Buckets& buckets : all) {
    for (int i = 0; i < 2000; ++i) {
      const auto ts_us = static_cast<int64_t>(random() % (400 * kUsPerDay));
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
