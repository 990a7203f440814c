#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/codec/vector_codec.h"
#include "tests/support/status_matchers.h"

namespace xtdb {

using ByteVector = std::vector<std::byte>;

inline PointColumns ColumnsOf(ValueType type) {
  PointColumns columns;
  columns.type = type;
  return columns;
}

// One point a second from the year 2026 on, quality good.
inline PointColumns ColumnsWithBits(ValueType type, const std::vector<ValueBits>& bits) {
  PointColumns columns = ColumnsOf(type);
  int64_t ts_us = 1'767'225'600'000'000;
  for (const ValueBits one : bits) {
    columns.Append(Point{ts_us, one, kQualityGood, 0, {}});
    ts_us += 1'000'000;
  }
  return columns;
}

inline PointColumns ColumnsWithTexts(const std::vector<std::string>& texts) {
  PointColumns columns = ColumnsOf(ValueType::kText);
  int64_t ts_us = -5'000'000;
  for (const std::string& text : texts) {
    columns.Append(Point{ts_us, 0, kQualityGood, 0, text});
    ts_us += 1'000'000;
  }
  return columns;
}

inline PointColumns ColumnsWithTimes(const std::vector<int64_t>& times) {
  PointColumns columns = ColumnsOf(ValueType::kInt64);
  for (const int64_t ts_us : times) columns.Append(Point{ts_us, 7, kQualityGood, 0, {}});
  return columns;
}

inline void ExpectSameRows(const PointColumns& expected, size_t begin, size_t end,
                           const PointColumns& actual, size_t actual_begin) {
  ASSERT_EQ(actual.size() - actual_begin, end - begin);
  ASSERT_EQ(actual.bits.size(), actual.size());
  ASSERT_EQ(actual.quality.size(), actual.size());
  ASSERT_EQ(actual.flags.size(), actual.size());
  for (size_t row = begin; row < end; ++row) {
    const Point want = expected.At(row);
    const Point got = actual.At(actual_begin + row - begin);
    ASSERT_EQ(got.ts_us, want.ts_us) << "row " << row;
    ASSERT_EQ(got.quality, want.quality) << "row " << row;
    ASSERT_EQ(got.flags, want.flags) << "row " << row;
    ASSERT_TRUE(got.text == want.text) << "row " << row;
    if (expected.type != ValueType::kText || want.flags != 0) {
      ASSERT_EQ(got.bits, want.bits) << "row " << row;
    }
  }
}

inline ByteVector Encoded(const PointColumns& columns, const CodecOptions& options = {}) {
  ByteVector bytes;
  EncodeVector(columns, 0, columns.size(), options, bytes);
  return bytes;
}

// Cuts the columns into vectors, decodes each behind what was decoded before, and compares.
inline void ExpectRoundTrip(const PointColumns& columns, const CodecOptions& options) {
  PointColumns decoded = ColumnsOf(columns.type);
  for (size_t begin = 0; begin < columns.size();) {
    const size_t rows = NextVectorRows(columns, begin, options);
    ASSERT_GT(rows, 0U);
    ByteVector bytes{std::byte{0xEE}};  // a vector goes behind what is there
    EncodeVector(columns, begin, begin + rows, options, bytes);
    ASSERT_EQ(bytes[0], std::byte{0xEE});
    const auto vector = std::span<const std::byte>(bytes).subspan(1);
    ASSERT_OK(DecodeVector(vector, columns.type, static_cast<uint32_t>(rows), columns.ts_us[begin],
                           decoded));
    ASSERT_OK(DescribeVectorEncoding(vector));
    ExpectSameRows(columns, begin, begin + rows, decoded, begin);
    if (testing::Test::HasFatalFailure()) return;
    begin += rows;
  }
}

inline std::vector<CodecOptions> AllOptions() {
  return {CodecOptions{false, false}, CodecOptions{false, true}, CodecOptions{true, false}};
}

inline void ExpectRoundTrips(const PointColumns& columns) {
  for (const CodecOptions& options : AllOptions()) {
    SCOPED_TRACE(testing::Message()
                 << "raw_records=" << options.raw_records << " compress=" << options.compress);
    ExpectRoundTrip(columns, options);
    if (testing::Test::HasFatalFailure()) return;
  }
}

inline std::string EncodingOf(const PointColumns& columns, const CodecOptions& options = {}) {
  const auto name = DescribeVectorEncoding(Encoded(columns, options));
  return name.ok() ? name.value() : name.status().ToString();
}

}  // namespace xtdb
