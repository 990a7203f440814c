// Whatever the shape of the columns, they come back, in few bytes: seeded shapes of all types, and
// the real series beside the sources.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "engine/codec/int_stream.h"
#include "engine/codec/plain_codec.h"
#include "engine/codec/value_codec.h"
#include "tests/engine/section_test_support.h"
#include "tests/engine/vector_codec_support.h"

namespace xtdb {
namespace {

using testing::ValuesIn;

constexpr size_t kAnySize = std::numeric_limits<size_t>::max();

// A shape gives the row's number, which each type makes its value of.
struct Shape {
  const char* name;
  double (*at)(size_t row, std::mt19937_64& random);
};

double Uniform(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
double Below(std::mt19937_64& random, uint64_t end) { return static_cast<double>(random() % end); }

constexpr Shape kShapes[] = {
    {"constant", [](size_t, std::mt19937_64&) { return 21.5; }},
    {"counter", [](size_t row, std::mt19937_64&) { return static_cast<double>(row * 3); }},
    {"decimals", [](size_t, std::mt19937_64& random) { return Below(random, 5000) / 100; }},
    {"quarters", [](size_t, std::mt19937_64& random) { return Below(random, 400) / 4; }},
    {"computed",
     [](size_t, std::mt19937_64& random) {
       return Below(random, 4000) * 0.01 + 0.07 * Below(random, 9);
     }},
    {"sine",
     [](size_t row, std::mt19937_64&) {
       return std::round(5000 + 2000 * std::sin(static_cast<double>(row) / 60)) / 10;
     }},
    {"smooth",
     [](size_t row, std::mt19937_64&) { return std::sin(static_cast<double>(row) / 60); }},
    {"steps",
     [](size_t row, std::mt19937_64&) { return static_cast<double>(row / 97 * 7 % 10) / 10; }},
    {"states", [](size_t, std::mt19937_64& random) { return std::sqrt(Below(random, 6)); }},
    {"many_states", [](size_t, std::mt19937_64& random) { return std::sqrt(Below(random, 350)); }},
    {"converter", [](size_t, std::mt19937_64& random) { return Below(random, 1 << 20) * 0x1p-20; }},
    {"noise", [](size_t, std::mt19937_64& random) { return 1 + Uniform(random); }},
    {"exponential",
     [](size_t row, std::mt19937_64& random) {
       return std::exp(static_cast<double>(row % 600)) * (1 + Uniform(random));
     }},
    {"outliers",
     [](size_t row, std::mt19937_64& random) {
       return row % 90 == 7 ? -9.99e7 : Below(random, 300) / 10;
     }},
    {"every_fourth",
     [](size_t row, std::mt19937_64& random) {
       return row % 4 == 0 ? 1e6 + Below(random, 1000) : Below(random, 10);
     }},
    {"pattern",
     [](size_t row, std::mt19937_64&) { return static_cast<double>(row * row % 64) / 8; }},
    {"with_nan",
     [](size_t row, std::mt19937_64& random) {
       return row % 50 == 3 ? std::numeric_limits<double>::quiet_NaN() : Below(random, 999) / 10;
     }},
    {"huge",
     [](size_t row, std::mt19937_64& random) {
       return (row % 2 == 0 ? 1e18 : -1e18) * Uniform(random);
     }},
};

constexpr ValueType kNumberTypes[] = {ValueType::kBool, ValueType::kInt32, ValueType::kInt64,
                                      ValueType::kFloat32, ValueType::kFloat64};

ValueBits BitsOf(ValueType type, double value) {
  const double whole = std::isnan(value) ? 0 : std::clamp(value * 100, -9e18, 9e18);
  switch (type) {
    case ValueType::kBool:
      return static_cast<uint64_t>(std::fabs(whole)) % 2;
    case ValueType::kInt32:
      return FromInt64(static_cast<int32_t>(static_cast<int64_t>(whole)));
    case ValueType::kInt64:
      return FromInt64(static_cast<int64_t>(whole));
    case ValueType::kFloat32:
      return FromFloat(static_cast<float>(std::clamp(value, -1e38, 1e38)));
    default:
      return FromDouble(value);
  }
}

std::vector<ValueBits> BitsOf(const Shape& shape, ValueType type, size_t count) {
  std::mt19937_64 random(count);
  std::vector<ValueBits> bits(count);
  for (size_t row = 0; row < count; ++row) bits[row] = BitsOf(type, shape.at(row, random));
  return bits;
}

PointColumns ColumnsOf(const Shape& shape, ValueType type, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<ValueBits> bits = BitsOf(shape, type, count);
  const uint64_t gap_share = seed % 3 == 0 ? 0 : 1 + random() % 20;
  const uint64_t jitter = seed % 2 == 0 ? 1 : 1 + random() % 100'000;
  PointColumns columns = xtdb::ColumnsOf(type);
  auto ts_us = static_cast<int64_t>(random() % 4'000'000'000'000'000) - 2'000'000'000'000'000;
  for (size_t row = 0; row < count; ++row) {
    const bool gap = gap_share != 0 && random() % gap_share == 0;
    const auto flags = gap ? static_cast<uint8_t>(1 + random() % 3) : uint8_t{0};
    const auto quality = static_cast<Quality>(seed % 5 == 4 ? random() % 4 * 64 : kQualityGood);
    columns.Append(Point{
        ts_us + static_cast<int64_t>(random() % jitter), gap ? 0 : bits[row], quality, flags, {}});
    ts_us += 1'000'000;
  }
  return columns;
}

class VectorShapeTest : public testing::TestWithParam<Shape> {};

TEST_P(VectorShapeTest, RowsOfEveryTypeComeBackWithEveryOption) {
  for (const ValueType type : kNumberTypes) {
    for (const size_t count : {1, 2, 3, 5, 64, 255, 1023, 1024, 1500}) {
      for (uint64_t seed = 0; seed < 6; ++seed) {
        SCOPED_TRACE(testing::Message() << "type=" << static_cast<int>(type) << " count=" << count
                                        << " seed=" << seed);
        ExpectRoundTrips(ColumnsOf(GetParam(), type, count, seed));
        if (HasFatalFailure()) return;
      }
    }
  }
}

// A vector is never much larger than its values are, whatever they are.
TEST_P(VectorShapeTest, NothingTakesMoreThanPlainBytes) {
  for (const ValueType type : kNumberTypes) {
    for (const size_t count : {1, 2, 3, 17, 1024}) {
      const PointColumns columns = ColumnsWithBits(type, BitsOf(GetParam(), type, count));
      for (const bool compress : {false, true}) {
        // Head and step of time.
        EXPECT_LE(Encoded(columns, CodecOptions{false, compress}).size(),
                  count * PlainBytes(type) + 2 + 4)
            << static_cast<int>(type) << " " << count;
      }
    }
  }
}

TEST_P(VectorShapeTest, TheChosenEncodingIsNearlyTheSmallest) {
  for (const ValueType type : kNumberTypes) {
    for (const size_t count : {1, 2, 3, 5, 64, 255, 1023, 1024}) {
      const std::vector<ValueBits> bits = BitsOf(GetParam(), type, count);
      for (const bool compress : {false, true}) {
        const ValueRows rows{type, bits, {}, compress};
        ByteVector chosen;
        AppendValues(rows, chosen);
        size_t best = kAnySize;
        std::string_view best_name;
        for (const ValueCodec& codec : ValueCodecs()) {
          ByteVector alone;
          if (!codec.try_append(rows, kAnySize, alone) || alone.size() >= best) continue;
          best = alone.size();
          best_name = codec.name;
        }
        EXPECT_LE(chosen.size(), best + best / 10 + 16)
            << best_name << " instead of " << std::to_integer<int>(chosen[0]) << ", type "
            << static_cast<int>(type) << ", " << count << " rows, compress=" << compress;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, VectorShapeTest, ValuesIn(kShapes),
                         [](const auto& shape) { return shape.param.name; });

TEST(VectorPropertyTest, TimesAreNeverMuchLargerThanPlain) {
  std::mt19937_64 random(1);
  for (const size_t count : {1, 2, 3, 10, 1024}) {
    std::vector<int64_t> times;
    for (size_t i = 0; i < count; ++i) {
      times.push_back(kTsMin +
                      static_cast<int64_t>(random() % static_cast<uint64_t>(kTsMax - kTsMin)));
    }
    std::sort(times.begin(), times.end());
    const PointColumns columns = ColumnsWithTimes(times);
    ExpectRoundTrips(columns);
    for (const bool compress : {false, true}) {
      EXPECT_LE(Encoded(columns, CodecOptions{false, compress}).size(), count * 8 + 20);
    }
  }
}

TEST(VectorPropertyTest, TextsTakeNoMoreThanTheirBytesAndLengths) {
  std::mt19937_64 random(2);
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::vector<std::string> texts(1 + random() % 300);
    size_t bytes = 0;
    for (std::string& text : texts) {
      text.resize(random() % (1 + seed % 60));
      for (char& one : text) one = static_cast<char>(seed % 2 == 0 ? random() : 'a' + random() % 3);
      bytes += text.size();
    }
    const PointColumns columns = ColumnsWithTexts(texts);
    ExpectRoundTrips(columns);
    for (const bool compress : {false, true}) {
      EXPECT_LE(Encoded(columns, CodecOptions{false, compress}).size(),
                bytes + texts.size() * 6 / 8 + 12);
    }
  }
}

// "2014-02-14 14:30:00,39.2"; later lines replace earlier ones of the same time.
PointColumns ReadSeries(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::map<int64_t, double> points;
  for (std::string line; std::getline(file, line);) {
    std::tm time{};
    const char* const comma = strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &time);
    if (comma == nullptr || *comma != ',') continue;
    points[int64_t{timegm(&time)} * 1'000'000] = std::strtod(comma + 1, nullptr);
  }
  PointColumns columns = xtdb::ColumnsOf(ValueType::kFloat64);
  for (const auto& [ts_us, value] : points) {
    columns.Append(Point{ts_us, FromDouble(value), kQualityGood, 0, {}});
  }
  return columns;
}

TEST(VectorPropertyTest, RealSeriesComeBackInAThirdOfTheirBytes) {
  const char* const shared = std::getenv("XTDB_SHARED_DATA");
  const std::filesystem::path folder =
      shared != nullptr ? std::filesystem::path(shared) / "nab"
                        : std::filesystem::path(XTDB_SOURCE_DIR) / ".." / "shared" / "data" / "nab";
  if (!std::filesystem::is_directory(folder)) {
    GTEST_SKIP() << "no folder " << folder << "; name its parent in XTDB_SHARED_DATA";
  }
  size_t live_bytes = 0, compact_bytes = 0, rows = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    const PointColumns columns = ReadSeries(entry.path());
    ASSERT_GT(columns.size(), 0U);
    ExpectRoundTrips(columns);
    for (size_t begin = 0; begin < columns.size(); begin += kVectorPointsMax) {
      const size_t end = std::min<size_t>(columns.size(), begin + kVectorPointsMax);
      ByteVector live, compact;
      EncodeVector(columns, begin, end, CodecOptions{}, live);
      EncodeVector(columns, begin, end, CodecOptions{false, true}, compact);
      EXPECT_LE(compact.size(), live.size() + live.size() / 50 + 16);
      live_bytes += live.size();
      compact_bytes += compact.size();
    }
    rows += columns.size();
  }
  EXPECT_LT(live_bytes * 3, rows * 16);
  EXPECT_LE(compact_bytes, live_bytes);
}

}  // namespace
}  // namespace xtdb
