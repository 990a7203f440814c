#include "engine/codec/time_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/base/types.h"
#include "engine/codec/time_codec.h"
#include "tests/engine/hex.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using Times = std::vector<int64_t>;
using ByteVector = std::vector<std::byte>;

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kDayUs = 86'400 * kSecondUs;

template <typename Make>
Times MakeTimes(size_t count, Make make) {
  Times times(count);
  for (size_t i = 0; i < count; ++i) times[i] = make(static_cast<int64_t>(i));
  return times;
}

ByteVector GridOf(const Times& times) {
  ByteVector bytes;
  AppendGrid(FitGrid(times), times, false, bytes);
  return bytes;
}

// Expects the times back, from exactly the grid's bytes; returns their number.
size_t ExpectRoundTrip(const Times& times) {
  ByteVector bytes = GridOf(times);
  const size_t size = bytes.size();
  bytes.resize(size + 2);
  ByteReader reader(bytes);
  Times read(times.size());
  EXPECT_THAT(ReadGrid(reader, times[0], read), IsOk());
  EXPECT_EQ(read, times);
  EXPECT_EQ(reader.rest().size(), 2U);
  return size;
}

TEST(TimeGridTest, BytesOfAGridWithFractionAndGaps) {
  // Thirds of 100 ms; two slots are missing before row 3.
  const Times times = MakeTimes(8, [](int64_t i) { return (i + (i >= 3 ? 2 : 0)) * 100'000 / 3; });
  EXPECT_EQ(Hex(GridOf(times)),
            "03 "              // fraction and gaps
            "d5 aa d5 91 08 "  // 33,333.33 * 65,536
            "01 03 02 "        // one gap: before row 3, 2 slots
            "01 00 01 90");    // 1 us more in rows 4 and 7
  ExpectRoundTrip(times);
}

TEST(TimeGridTest, ARegularClockHasNoResiduals) {
  for (const int64_t step : {int64_t{1}, int64_t{7}, kSecondUs, kDayUs, 100 * 365 * kDayUs}) {
    const Times times = MakeTimes(80, [&](int64_t i) { return kTsMin + i * step; });
    const TimeGrid grid = FitGrid(times);
    EXPECT_EQ(grid.step, static_cast<uint64_t>(step));
    EXPECT_EQ(grid.fraction_bits, 0);
    EXPECT_EQ(grid.gap_count, 0U);
    EXPECT_LE(ExpectRoundTrip(times), 14U);
  }
}

TEST(TimeGridTest, JitterCostsItsBitsOnce) {
  std::mt19937_64 random(1);
  for (const size_t count : {4, 5, 100, 1023, 1024}) {
    const Times times = MakeTimes(
        count, [&](int64_t i) { return i * kSecondUs + static_cast<int64_t>(random() % 1024); });
    EXPECT_LE(ExpectRoundTrip(times), 16 + count * 10 / 8 + 1) << count;
  }
}

TEST(TimeGridTest, APeriodThatIsNoWholeNumberDoesNotDrift) {
  for (const double period_us : {100'000.0 / 3, 16'683.35, 1.0 / 0.44, 1e6 / 60.0}) {
    const Times times = MakeTimes(1024, [&](int64_t i) {
      return kTsMax - 40'000 * kSecondUs +
             static_cast<int64_t>(std::floor(static_cast<double>(i) * period_us));
    });
    EXPECT_LE(ExpectRoundTrip(times), 20U + 1024 * 2 / 8) << period_us;
  }
}

TEST(TimeGridTest, MillisecondsStayMilliseconds) {
  std::mt19937_64 random(2);
  const Times times = MakeTimes(1024, [&](int64_t i) {
    return i * 10 * kSecondUs + static_cast<int64_t>(random() % 32) * 1000;
  });
  EXPECT_LE(ExpectRoundTrip(times), 20U + 1024 * 5 / 8) << "the factor of 1,000 is not lost";
}

TEST(TimeGridTest, GapsAreSlotsWithoutRows) {
  std::mt19937_64 random(3);
  int64_t slot = 0;
  const auto times = MakeTimes(1000, [&](int64_t i) {
    slot += i > 0 && i % 100 == 0 ? i : 1;
    return slot * 60 * kSecondUs + static_cast<int64_t>(random() % 256);
  });
  const TimeGrid grid = FitGrid(times);
  ASSERT_EQ(grid.gap_count, 9U);
  EXPECT_EQ(grid.gap_row[0], 100);
  EXPECT_EQ(grid.missing[0], 99U);
  EXPECT_EQ(grid.gap_row[8], 900);
  EXPECT_EQ(grid.missing[8], 899U);
  EXPECT_LE(ExpectRoundTrip(times), 60U + 1000);
}

TEST(TimeGridTest, MoreGapsThanThereIsRoomForAreResiduals) {
  for (const int64_t gaps : {1, 63, 64, 65, 200}) {
    int64_t slot = 0;
    const Times times = MakeTimes(1024, [&](int64_t i) {
      slot += i > 0 && i % 5 == 0 && i / 5 <= gaps ? 4 : 1;
      return slot * kSecondUs;
    });
    EXPECT_EQ(FitGrid(times).gap_count, static_cast<size_t>(std::min<int64_t>(gaps, 64)));
    ExpectRoundTrip(times);
  }
}

TEST(TimeGridTest, GapsAtTheFirstStepAndTheLast) {
  ExpectRoundTrip(MakeTimes(10, [](int64_t i) { return (i == 0 ? 0 : i + 500) * kSecondUs; }));
  ExpectRoundTrip(MakeTimes(10, [](int64_t i) { return (i == 9 ? i + 500 : i) * kSecondUs; }));
}

TEST(TimeGridTest, TheWholeCalendarComesBack) {
  ExpectRoundTrip({kTsMin, kTsMax});
  ExpectRoundTrip({kTsMin, kTsMin + 1, kTsMax - 1, kTsMax});
  ExpectRoundTrip({kTsMin, kTsMin + 1, kTsMin + 2, kTsMin + 3, kTsMax});
  ExpectRoundTrip({kTsMin, kTsMax - 3, kTsMax - 2, kTsMax - 1, kTsMax});
  ExpectRoundTrip({kTsMin, -1, 0, 1, kTsMax});
  // Steps of centuries, of nine years (from where a fraction's product would wrap) and of a day,
  // all with jitter.
  std::mt19937_64 random(4);
  for (const int64_t step : {300 * 365 * kDayUs, 9 * 365 * kDayUs, 3 * 365 * kDayUs, 4 * kDayUs}) {
    const auto count = std::min<size_t>(1024, static_cast<size_t>((kTsMax - kTsMin) / step));
    const Times times = MakeTimes(count, [&](int64_t i) {
      return kTsMin + i * step + i / 3 + static_cast<int64_t>(random() % 2);
    });
    EXPECT_LE(ExpectRoundTrip(times), 40 + count * 12 / 8) << step;
  }
}

TEST(TimeGridTest, RandomTimesComeBack) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    std::mt19937_64 random(seed);
    const size_t count = 2 + random() % (seed % 10 == 0 ? 1023 : 40);
    const uint64_t step_max = uint64_t{1} << random() % 36;
    const auto unit = static_cast<int64_t>(seed % 3 == 0 ? 1000 : 1);
    int64_t next = kTsMin;
    const Times times = MakeTimes(count, [&](int64_t) {
      const uint64_t longest = random() % 30 == 0 ? step_max * 20 : step_max;
      return next += (1 + static_cast<int64_t>(random() % longest)) * unit;
    });
    ExpectRoundTrip(times);
    if (HasFailure()) return;
  }
}

Status ReadStatus(std::initializer_list<unsigned> section, size_t count) {
  ByteVector bytes;
  for (const unsigned byte : section) bytes.push_back(static_cast<std::byte>(byte));
  ByteReader reader(bytes);
  Times read(count);
  return ReadGrid(reader, 0, read);
}

TEST(TimeGridTest, FlagsAndGapsOutOfTheirRangeAreCorruption) {
  ASSERT_OK(ReadStatus({0, 5, 0, 0}, 3));
  ASSERT_OK(ReadStatus({1, 5, 0, 0}, 3));
  for (unsigned flags = 4; flags < 256; flags *= 2) {
    EXPECT_THAT(ReadStatus({flags, 5, 0, 0}, 3), HasMessage(HasSubstr("flags"))) << flags;
  }
  ASSERT_OK(ReadStatus({2, 5, 1, 3, 9, 0, 0}, 3));
  EXPECT_THAT(ReadStatus({2, 5, 1, 4, 9, 0, 0}, 3), HasMessage(HasSubstr("gap")));
  EXPECT_THAT(ReadStatus({2, 5, 2, 2, 9, 2, 9, 0, 0}, 3), HasMessage(HasSubstr("gap")));
  EXPECT_THAT(ReadStatus({2, 5, 0, 0, 0}, 3), HasMessage(HasSubstr("number of gaps")));
  EXPECT_THAT(ReadStatus({2, 5, 65, 0, 0}, 3), HasMessage(HasSubstr("number of gaps")));
  EXPECT_THAT(ReadStatus({0}, 3), HasCode(StatusCode::kCorruption));
}

// Goal: what estimates are spared for costs at most a tenth. Method: each encoding alone.
TEST(TimeCodecTest, TheChosenEncodingIsNearlyTheSmallest) {
  for (uint64_t seed = 0; seed < 600; ++seed) {
    std::mt19937_64 random(seed);
    const size_t count = seed % 4 == 0 ? 1 + random() % 30 : 1024;
    const auto step = static_cast<int64_t>(1 + random() % (uint64_t{1} << random() % 33));
    const auto unit = static_cast<int64_t>(seed % 5 == 0 ? 1000 : 1);
    const uint64_t jitter = 1 + static_cast<uint64_t>(step) / (1 + random() % 1000);
    int64_t last = 0;
    const Times times = MakeTimes(count, [&](int64_t row) {
      const auto noise = static_cast<int64_t>(random() % jitter);
      int64_t next = last + step + noise;                          // a walk
      if (seed % 3 == 0) next = row * (step + 1) + noise;          // a clock
      if (seed % 3 == 1 && random() % 20 == 0) next += step * 10;  // with gaps
      last = row == 0 ? 0 : std::max(next, last + 1);
      return last * unit;
    });
    for (const bool compress : {false, true}) {
      const TimeRows rows{times, compress};
      size_t best = std::numeric_limits<size_t>::max(), limit = best;
      for (const TimeCodec& codec : TimeCodecs()) {
        ByteVector alone, chosen;
        if (codec.try_append(rows, std::numeric_limits<size_t>::max(), alone)) {
          best = std::min(best, alone.size());
        }
        if (codec.try_append(rows, limit, chosen)) limit = chosen.size();
      }
      EXPECT_LE(limit, best + best / 10 + 16) << "seed=" << seed << " compress=" << compress;
    }
  }
}

}  // namespace
}  // namespace xtdb
