// Decoding a vector allocates its rows and nothing else.

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/codec/vector_codec.h"
#include "tests/oom/failing_memory.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

template <typename Make>
PointColumns MakeColumns(Make make) {
  PointColumns columns;
  columns.type = ValueType::kFloat64;
  for (int64_t row = 0; row < kVectorPointsMax; ++row) {
    const auto quality = static_cast<Quality>(row % 50 == 0 ? kQualityBad : kQualityGood);
    const uint8_t flags = row % 77 == 3 ? kPointNull : uint8_t{0};
    const int64_t jitter_us = row * row % 4099;
    columns.Append(Point{
        row * 1'000'000 + jitter_us, flags != 0 ? 0 : FromDouble(make(row)), quality, flags, {}});
  }
  return columns;
}

// Decodes with memory for the rows and none besides. The first time is for zstd, which keeps a
// context for each thread.
void ExpectNoAllocation(const PointColumns& columns, const CodecOptions& options) {
  std::vector<std::byte> bytes;
  EncodeVector(columns, 0, columns.size(), options, bytes);
  SCOPED_TRACE(DescribeVectorEncoding(bytes).value());
  PointColumns decoded;
  decoded.type = columns.type;
  decoded.Reserve(columns.size());
  decoded.text_heap.reserve(columns.text_heap.size());
  const auto decode = [&] {
    return DecodeVector(bytes, columns.type, static_cast<uint32_t>(columns.size()),
                        columns.ts_us[0], decoded);
  };
  ASSERT_OK(decode());
  decoded.Clear();
  FailMemory(Memory::kOperatorNew, 1, /*sticky=*/true);
  const Status status = decode();
  const bool allocated = EndMemoryFailure();
  EXPECT_FALSE(allocated);
  EXPECT_OK(status);
  EXPECT_EQ(decoded.ts_us, columns.ts_us);
}

TEST(DecodeMemoryTest, NumbersAllocateNothingButTheirRows) {
  std::mt19937_64 random(1);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  const PointColumns shapes[] = {
      MakeColumns([](int64_t row) { return static_cast<double>(row * row % 997) / 10; }),
      MakeColumns(
          [](int64_t row) { return row % 90 == 0 ? NAN : static_cast<double>(row % 97) / 10; }),
      MakeColumns([](int64_t row) { return std::sqrt(static_cast<double>(row * row % 7)); }),
      MakeColumns([&](int64_t) { return std::ldexp(static_cast<double>(random() >> 30), -34); }),
      MakeColumns([&](int64_t) { return 1 + uniform(); }),
      MakeColumns(
          [&](int64_t row) { return std::exp(static_cast<double>(row) / 2) * (1 + uniform()); }),
      MakeColumns([](int64_t row) { return static_cast<double>(row / 100); })};
  for (const PointColumns& columns : shapes) {
    ExpectNoAllocation(columns, CodecOptions{false, false});
    ExpectNoAllocation(columns, CodecOptions{false, true});
    ExpectNoAllocation(columns, CodecOptions{true, false});
  }
}

TEST(DecodeMemoryTest, TextsAllocateNothingButTheirBytes) {
  PointColumns words, lines;
  words.type = lines.type = ValueType::kText;
  for (int64_t row = 0; row < 500; ++row) {
    words.Append(Point{row, 0, kQualityGood, 0, row * row % 3 == 0 ? "on" : "off"});
    const std::string line = "pump " + std::to_string(row * row % 100'003) + " started";
    lines.Append(Point{row, 0, kQualityGood, 0, line});
  }
  ExpectNoAllocation(words, CodecOptions{});
  ExpectNoAllocation(lines, CodecOptions{});
}

}  // namespace
}  // namespace xtdb
