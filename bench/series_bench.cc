// Real series in CSV files (a header, then "time,value"): bytes a point and decoded points a second
// of the codecs, as a live block and as a compacted one has them, beside `xz -9` over the same
// points as two binary columns, differences of time and values.
//
//   build/bench/series_bench FILE.csv...
//
// Sizes include each vector's row in its block's table. Medians of 5 runs.

#include <fmt/core.h>
#include <lzma.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/codec/codec_kernels.h"
#include "engine/codec/vector_codec.h"
#include "engine/format/block_format.h"

namespace {

using xtdb::PointColumns;

constexpr int kRuns = 5;

[[noreturn]] void Fail(const std::string& what) {
  fmt::print(stderr, "series: {}\n", what);
  std::exit(1);
}

// Later lines replace earlier ones of the same time.
PointColumns ReadSeries(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::map<int64_t, double> points;
  while (std::getline(file, line)) {
    std::tm time{};
    const char* const comma = strptime(line.c_str(), "%Y-%m-%d %H:%M:%S", &time);
    if (comma == nullptr || *comma != ',') continue;
    points[int64_t{timegm(&time)} * 1'000'000] = std::strtod(comma + 1, nullptr);
  }
  PointColumns columns;
  columns.type = xtdb::ValueType::kFloat64;
  for (const auto& [ts_us, value] : points) {
    columns.Append(xtdb::Point{ts_us, xtdb::FromDouble(value), xtdb::kQualityGood, 0, {}});
  }
  return columns;
}

double MedianSeconds(const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int run = 0; run < kRuns; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    seconds.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[kRuns / 2];
}

struct Measured {
  size_t bytes = 0;
  double seconds = 0;  // to decode
};

Measured MeasureXz(std::span<const uint64_t> column) {
  const auto* const in = reinterpret_cast<const uint8_t*>(column.data());
  const size_t in_bytes = column.size_bytes();
  std::vector<uint8_t> packed(lzma_stream_buffer_bound(in_bytes));
  Measured measured;
  if (lzma_easy_buffer_encode(9, LZMA_CHECK_CRC64, nullptr, in, in_bytes, packed.data(),
                              &measured.bytes, packed.size()) != LZMA_OK) {
    Fail("xz does not compress");
  }
  std::vector<uint8_t> out(in_bytes);
  measured.seconds = MedianSeconds([&] {
    uint64_t memory = UINT64_MAX;
    size_t in_at = 0, out_at = 0;
    if (lzma_stream_buffer_decode(&memory, 0, nullptr, packed.data(), &in_at, measured.bytes,
                                  out.data(), &out_at, out.size()) != LZMA_OK) {
      Fail("xz does not decompress");
    }
  });
  return measured;
}

struct EncodedVector {
  std::vector<std::byte> bytes;
  size_t begin = 0;
  size_t rows = 0;
};

Measured MeasureCodec(const PointColumns& columns, bool compress) {
  xtdb::CodecOptions options;
  options.compress = compress;
  std::vector<EncodedVector> vectors;
  Measured measured;
  for (size_t begin = 0; begin < columns.size();) {
    EncodedVector vector{{}, begin, xtdb::NextVectorRows(columns, begin, options)};
    xtdb::EncodeVector(columns, begin, begin + vector.rows, options, vector.bytes);
    measured.bytes += vector.bytes.size() + sizeof(xtdb::VectorEntry);
    begin += vector.rows;
    vectors.push_back(std::move(vector));
  }
  constexpr int kRepeats = 20;  // a series is decoded in microseconds
  PointColumns decoded;
  decoded.type = columns.type;
  const auto decode_all = [&](bool keep) {
    for (const EncodedVector& vector : vectors) {
      if (!keep) decoded.Clear();
      const auto status =
          xtdb::DecodeVector(vector.bytes, columns.type, static_cast<uint32_t>(vector.rows),
                             columns.ts_us[vector.begin], decoded);
      if (!status.ok()) Fail(status.ToString());
    }
  };
  decode_all(true);
  if (decoded.ts_us != columns.ts_us || decoded.bits != columns.bits) Fail("decoded differently");
  measured.seconds = MedianSeconds([&] {
                       for (int repeat = 0; repeat < kRepeats; ++repeat) decode_all(false);
                     }) /
                     kRepeats;
  return measured;
}

struct Means {
  double live_size = 0, compact_size = 0, live_speed = 0, compact_speed = 0;
};

void Measure(const std::string& path, Means& sums) {
  const PointColumns columns = ReadSeries(path);
  if (columns.size() < 2) Fail(path + ": no points");
  std::vector<uint64_t> deltas;
  for (size_t i = 0; i < columns.size(); ++i) {
    deltas.push_back(static_cast<uint64_t>(columns.ts_us[i] - (i == 0 ? 0 : columns.ts_us[i - 1])));
  }
  const Measured xz_time = MeasureXz(deltas), xz_value = MeasureXz(columns.bits);
  const Measured xz{xz_time.bytes + xz_value.bytes, xz_time.seconds + xz_value.seconds};
  const Measured live = MeasureCodec(columns, false), compact = MeasureCodec(columns, true);
  const auto points = static_cast<double>(columns.size());
  const auto size = [&](const Measured& one) { return static_cast<double>(one.bytes) / points; };
  const auto rate = [&](const Measured& one) { return points / one.seconds / 1e6; };
  const auto smaller = [&](const Measured& one) {
    return static_cast<double>(one.bytes) / static_cast<double>(xz.bytes);
  };
  fmt::print(
      "{:<44} {:>7} {:>7.3f} {:>7.3f} {:>7.3f} {:>8.2f} {:>8.2f} {:>8.1f} {:>8.0f} {:>8.0f}\n",
      std::filesystem::path(path).filename().string(), columns.size(), size(xz), size(live),
      size(compact), smaller(live), smaller(compact), rate(xz), rate(live), rate(compact));
  sums.live_size += std::log(smaller(live));
  sums.compact_size += std::log(smaller(compact));
  sums.live_speed += std::log(xz.seconds / live.seconds);
  sums.compact_speed += std::log(xz.seconds / compact.seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) Fail("which files? series FILE.csv...");
  fmt::print(
      "bytes a point; size as a share of xz's; million points decoded a second; {} kernels\n\n",
      xtdb::Kernels().name);
  fmt::print("{:<44} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8} {:>8} {:>8} {:>8}\n", "series", "points",
             "xz", "live", "compact", "live/xz", "comp/xz", "xz", "live", "compact");
  Means sums;
  for (int i = 1; i < argc; ++i) Measure(argv[i], sums);
  const double files = argc - 1;
  fmt::print(
      "\ngeometric means: size {:.3f} of xz live, {:.3f} compact; decoding {:.0f} and {:.0f} "
      "times as fast\n",
      std::exp(sums.live_size / files), std::exp(sums.compact_size / files),
      std::exp(sums.live_speed / files), std::exp(sums.compact_speed / files));
  return 0;
}
