#include "engine/codec/codec_kernels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include "engine/base/types.h"
#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

constexpr double kPowersOfTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr uint64_t kUntouched = 0xDEAD'BEEF'DEAD'BEEF;
constexpr uint64_t kAdversarial[] = {0,
                                     1,
                                     ~uint64_t{0},
                                     uint64_t{1} << 63,
                                     (uint64_t{1} << 63) - 1,
                                     (uint64_t{1} << 51) - 1,
                                     uint64_t{1} << 51,
                                     (uint64_t{1} << 51) + 1,
                                     0 - (uint64_t{1} << 51),
                                     0 - (uint64_t{1} << 51) - 1,
                                     0x7FF0'0000'0000'0000,
                                     0xFFF0'0000'0000'0000,
                                     0x7FF8'0000'DEAD'BEEF,
                                     0xFFF0'0000'0000'0001,
                                     0x3FD3'3333'3333'3334,
                                     0x000F'FFFF'FFFF'FFFF};

const CodecKernels& Plain() { return *AllKernels()[0]; }

// Every count that a vectorised loop could end differently at.
std::vector<size_t> Counts(size_t least) {
  std::vector<size_t> counts;
  for (size_t n = least; n <= 70; ++n) counts.push_back(n);
  counts.push_back(1023);
  counts.push_back(1024);
  return counts;
}

std::vector<uint64_t> Inputs(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> values(n);
  for (uint64_t& value : values) {
    switch (seed % 5) {
      case 0:
        value = random();
        break;
      case 1:
        value = kAdversarial[random() % std::size(kAdversarial)];
        break;
      case 2:
        value = random() % 1000 - 500;
        break;
      case 3:
        value = FromDouble(static_cast<double>(random() % 100'000) / 100 * (random() & 1 ? 1 : -1));
        break;
      default:
        value = random() % 8 == 0 ? kAdversarial[random() % std::size(kAdversarial)] : 7;
    }
  }
  return values;
}

// Runs `work` with each table on its own copy of the same columns, which have a guard behind them,
// and expects the same result and columns from all.
template <typename Work>
void ExpectSameFromAll(size_t least, Work work) {
  for (const size_t n : Counts(least)) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      std::vector<uint64_t> expected = Inputs(n, seed), expected_out(n + 1, kUntouched);
      expected.push_back(kUntouched);
      const std::vector<uint64_t> in = expected;
      const auto result = work(Plain(), expected.data(), n, expected_out.data());
      ASSERT_EQ(expected.back(), kUntouched);
      ASSERT_EQ(expected_out.back(), kUntouched);
      for (const CodecKernels* kernels : AllKernels()) {
        std::vector<uint64_t> values = in, out(n + 1, kUntouched);
        ASSERT_EQ(work(*kernels, values.data(), n, out.data()), result)
            << kernels->name << " n=" << n << " seed=" << seed;
        ASSERT_EQ(values, expected) << kernels->name << " n=" << n << " seed=" << seed;
        ASSERT_EQ(out, expected_out) << kernels->name << " n=" << n << " seed=" << seed;
      }
    }
  }
}

TEST(CodecKernelsTest, ThePlainTableIsFirstAndTheBestIsUsed) {
  EXPECT_STREQ(Plain().name, "plain");
  EXPECT_EQ(&Kernels(), AllKernels().back());
}

TEST(CodecKernelsTest, EveryTableAddsAndMultiplies) {
  ExpectSameFromAll(0, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t*) {
    k.add(values, n, 0x8000'0000'0000'0003);
    k.multiply(values, n, 1'000'003);
    k.unzigzag(values, n, 77);
    return 0;
  });
}

TEST(CodecKernelsTest, EveryTableMakesResiduals) {
  ExpectSameFromAll(0, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t* out) {
    return k.subtract(values, n, 0xFFFF'FFFF'0000'0001, out);
  });
  ExpectSameFromAll(0, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t* out) {
    return k.zigzag(values, n, 0x7FFF'FFFF'0000'0001, out);
  });
  ExpectSameFromAll(0, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t* out) {
    k.differences(values, n, out);
    return 0;
  });
  ExpectSameFromAll(1, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t*) {
    int64_t least = 0, greatest = 0;
    k.signed_range(values, n, &least, &greatest);
    return std::pair(least, greatest);
  });
}

TEST(CodecKernelsTest, EveryTableKnowsTheSamePlacesOnAGrid) {
  for (const unsigned fraction_bits : {0U, 16U}) {
    for (const uint64_t step : {uint64_t{0}, uint64_t{1}, uint64_t{2'184'533'333}, ~uint64_t{0}}) {
      ExpectSameFromAll(0, [&](const CodecKernels& k, uint64_t* values, size_t n, uint64_t*) {
        std::vector<int64_t> ts_us(values, values + n);
        k.add_grid(ts_us.data(), n, -62'000'000'000'000'000, 3, step, fraction_bits);
        std::copy(ts_us.begin(), ts_us.end(), values);
        return 0;
      });
    }
  }
}

TEST(CodecKernelsTest, EveryTableSeesTheOneFallAnywhere) {
  for (const CodecKernels* kernels : AllKernels()) {
    for (const size_t n : Counts(0)) {
      std::vector<int64_t> ts_us(n);
      for (size_t i = 0; i < n; ++i) ts_us[i] = static_cast<int64_t>(i) - 10;
      ASSERT_TRUE(kernels->is_rising(ts_us.data(), n)) << kernels->name << " n=" << n;
      for (size_t at = 1; at < n; ++at) {
        const int64_t kept = ts_us[at];
        ts_us[at] = ts_us[at - 1];
        ASSERT_FALSE(kernels->is_rising(ts_us.data(), n)) << kernels->name << " at=" << at;
        ts_us[at] = kept;
      }
    }
    const std::array<int64_t, 2> limits{std::numeric_limits<int64_t>::min(),
                                        std::numeric_limits<int64_t>::max()};
    EXPECT_TRUE(kernels->is_rising(limits.data(), 2));
  }
}

TEST(CodecKernelsTest, EveryTableLooksUpCodesAndSeesTheOneOutsideAnywhere) {
  for (const CodecKernels* kernels : AllKernels()) {
    for (const size_t n : Counts(1)) {
      const std::vector<uint64_t> entries = Inputs(n, 5);
      std::vector<uint64_t> codes(n), out(n + 1, kUntouched);
      for (size_t i = 0; i < n; ++i) codes[i] = i * 7 % n;
      ASSERT_TRUE(kernels->look_up(codes.data(), n, entries.data(), n, out.data()));
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], entries[codes[i]]) << kernels->name;
      ASSERT_EQ(out[n], kUntouched);
      for (size_t at = 0; at < n; ++at) {
        for (const uint64_t outside : {uint64_t{n}, uint64_t{1} << 63, ~uint64_t{0}}) {
          const uint64_t kept = std::exchange(codes[at], outside);
          ASSERT_FALSE(kernels->look_up(codes.data(), n, entries.data(), n, out.data()))
              << kernels->name << " n=" << n << " at=" << at;
          codes[at] = kept;
        }
      }
    }
  }
}

TEST(CodecKernelsTest, EveryTableSplitsDecimalsAndPutsThemTogether) {
  for (const double scale : kPowersOfTen) {
    ExpectSameFromAll(0, [&](const CodecKernels& k, uint64_t* values, size_t n, uint64_t* out) {
      const std::vector<uint64_t> bits(values, values + n);
      std::vector<uint64_t> ulps(n);
      size_t outside = 0;
      const uint64_t all = k.split_decimals(bits.data(), n, scale, out, ulps.data(), &outside);
      std::copy(out, out + n, values);
      EXPECT_TRUE(k.are_decimals(values, n));
      k.quotients(values, n, scale);
      k.add_ulps(values, n, ulps.data());
      // What is inside comes back; what is outside is 0 in both parts.
      size_t others = 0;
      for (size_t i = 0; i < n; ++i) {
        const bool inside = std::fabs(AsDouble(bits[i]) * scale) < 0x1p51;
        others += inside ? 0 : 1;
        EXPECT_EQ(values[i], inside ? bits[i] : 0) << k.name;
      }
      EXPECT_EQ(others, outside);
      return std::pair(all, outside);
    });
  }
}

TEST(CodecKernelsTest, DecimalsEndAt51Bits) {
  constexpr uint64_t kMax = uint64_t{1} << 51;
  for (const CodecKernels* kernels : AllKernels()) {
    for (const size_t n : Counts(1)) {
      for (size_t at = 0; at < n; ++at) {
        std::vector<uint64_t> integers(n, kMax);
        integers[at] = 0 - kMax;
        ASSERT_TRUE(kernels->are_decimals(integers.data(), n));
        for (const uint64_t beyond : {kMax + 1, 0 - kMax - 1, uint64_t{1} << 63}) {
          integers[at] = beyond;
          ASSERT_FALSE(kernels->are_decimals(integers.data(), n)) << kernels->name << " " << at;
        }
        if (n > 70) at += 100;
      }
    }
  }
}

TEST(CodecKernelsTest, OrderKeysAreTheirOwnInverseAndRise) {
  ExpectSameFromAll(0, [](const CodecKernels& k, uint64_t* values, size_t n, uint64_t* out) {
    std::copy(values, values + n, out);
    k.order_keys(out, n);
    k.order_keys(out, n);
    EXPECT_TRUE(std::equal(out, out + n, values));
    k.order_keys(values, n);
    return 0;
  });
  const double ordered[] = {-std::numeric_limits<double>::infinity(),
                            -1e300,
                            -1,
                            -0x1p-1074,
                            -0.0,
                            0.0,
                            0x1p-1074,
                            1e-300,
                            1,
                            std::numeric_limits<double>::infinity()};
  std::vector<uint64_t> keys;
  for (const double value : ordered) keys.push_back(FromDouble(value));
  Plain().order_keys(keys.data(), keys.size());
  for (size_t i = 1; i < keys.size(); ++i) EXPECT_LT(AsInt64(keys[i - 1]), AsInt64(keys[i]));
}

// Goal: what the kernels make without a division is what a division makes. Method: as many random
// integers of every size as take a second, and those whose quotients are hardest to round: next to
// the middle between two doubles.
void ExpectTrueQuotients(const std::vector<uint64_t>& integers, double scale) {
  for (const CodecKernels* kernels : AllKernels()) {
    std::vector<uint64_t> quotients = integers;
    kernels->quotients(quotients.data(), quotients.size(), scale);
    for (size_t i = 0; i < integers.size(); ++i) {
      // Not a constant's division: the machine's own.
      volatile double dividend = static_cast<double>(AsInt64(integers[i]));
      ASSERT_EQ(quotients[i], FromDouble(dividend / scale))
          << kernels->name << " " << AsInt64(integers[i]) << " / " << scale;
    }
  }
}

TEST(CodecKernelsTest, QuotientsAreThoseOfADivision) {
  constexpr size_t kRounds = 640;  // of 1,024 integers for each of 16 powers
  std::mt19937_64 random(1);
  std::vector<uint64_t> integers(1024);
  for (size_t round = 0; round < kRounds; ++round) {
    for (const double scale : kPowersOfTen) {
      for (uint64_t& integer : integers) {
        const uint64_t magnitude = random() >> (13 + (round % 2 == 0 ? 0 : random() % 51));
        integer = (random() & 1) != 0 ? 0 - magnitude : magnitude;
      }
      if (round == 0) integers[0] = 0, integers[1] = 1ULL << 51, integers[2] = 0 - (1ULL << 51);
      ExpectTrueQuotients(integers, scale);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CodecKernelsTest, QuotientsNextToAMiddleAreThoseOfADivision) {
  // integer / scale is close to (m + 1/2) * 2^-s where integer * 2^(s + 1) is close to a multiple
  // of scale that is odd: integers solve integer * 2^(s + 1) = r (mod 5^e) for small r.
  std::vector<uint64_t> integers;
  uint64_t five = 1;
  for (int e = 0; e <= 15; ++e, five *= 5) {
    integers.clear();
    for (int shift = 1; shift <= 60; ++shift) {
      // Divided by two in the ring of 5^e, which is odd.
      for (const uint64_t rest : {uint64_t{1}, uint64_t{2}, five - 1, five - 2}) {
        uint64_t solution = rest % five;
        for (int i = 0; i < shift; ++i) {
          solution = solution % 2 == 0 ? solution / 2 : (solution + five) / 2;
        }
        const uint64_t most = (uint64_t{1} << 51) / five;
        for (const uint64_t times : {uint64_t{0}, uint64_t{1}, most / 2, most / 3, most - 1}) {
          integers.push_back(solution + times * five);
          integers.push_back(0 - integers.back());
        }
      }
    }
    ASSERT_TRUE(Plain().are_decimals(integers.data(), integers.size()));
    ExpectTrueQuotients(integers, kPowersOfTen[e]);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace xtdb
