#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "vtab/sketch/sketch_format.h"

namespace xtdb {

// Quantiles of many numbers within a relative error of the value, in a bounded number of buckets
// whose widths grow by a factor: "UDDSketch: Accurate Tracking of Quantiles in Data Streams" by
// Epicoco and others, IEEE Access 2020 (arXiv 2004.08604). Where the buckets do not suffice all of
// them are joined two by two, which nearly doubles the error. Answers as TimescaleDB Toolkit's
// uddsketch. Threads: one at a time.
class QuantileSketch {
 public:
  static constexpr SketchKind kKind = SketchKind::kQuantiles;
  static constexpr int64_t kBucketsMin = 8;
  static constexpr int64_t kBucketsMax = 65'536;
  static constexpr double kErrorMin = 1e-12;

  // buckets_max: [kBucketsMin .. kBucketsMax]; error: [kErrorMin .. 1)
  QuantileSketch(int64_t buckets_max, double error);

  // value: no NaN
  void Add(double value);
  // kInvalidArgument if they were not begun alike, or count too many values together.
  Status Merge(const QuantileSketch& other);

  uint64_t count() const { return count_; }
  double sum() const { return sum_; }
  // The greatest relative error of ValueAt.
  double error() const { return error_; }
  // Of at least one value.
  //   fraction: [0 .. 1]
  double ValueAt(double fraction) const;
  // The fraction of values that are less, with half of those in the value's own bucket.
  double RankOf(double value) const;

  SketchBytes Encode() const;
  // kCorruption for what Encode would not write.
  static Result<QuantileSketch> Decode(ByteReader in);

 private:
  struct Bucket {
    int64_t key;  // values of factor^(key - 1) to factor^key
    uint64_t count;
  };
  using Buckets = std::vector<Bucket>;  // by key

  static void Increase(Buckets& buckets, int64_t key, uint64_t count);
  static bool Take(ByteReader& in, Buckets& buckets);

  int64_t KeyOf(double magnitude) const;
  double ValueOf(int64_t key) const;
  size_t bucket_count() const { return negative_.size() + positive_.size() + (zeros_ > 0 ? 1 : 0); }
  void Collapse();
  void CollapseToFit();

  int64_t buckets_max_;
  double first_error_;
  uint32_t collapses_ = 0;
  double error_;
  double first_factor_;
  double log_factor_;  // of the factor by which buckets grow: first_factor_^(2^collapses_)
  uint64_t count_ = 0;
  double sum_ = 0;
  uint64_t zeros_ = 0;
  Buckets negative_;  // by magnitude
  Buckets positive_;
};

}  // namespace xtdb
