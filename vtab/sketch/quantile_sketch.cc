#include "vtab/sketch/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtdb {
namespace {

constexpr int64_t kInfiniteKey = INT64_MAX;
constexpr int64_t kFiniteKeyMax = int64_t{1} << 62;
constexpr uint32_t kCollapsesMax = 63;

// The bucket of a bucket after a collapse: 1 and 2 become 1, 0 and -1 become 0.
int64_t CollapsedKey(int64_t key) {
  if (key == kInfiniteKey) return key;
  return (key > 0 ? key + 1 : key) / 2;
}

}  // namespace

QuantileSketch::QuantileSketch(int64_t buckets_max, double error)
    : buckets_max_(buckets_max),
      first_error_(error),
      error_(error),
      first_factor_((1 + error) / (1 - error)),
      log_factor_(std::log(first_factor_)) {}

int64_t QuantileSketch::KeyOf(double magnitude) const {
  if (std::isinf(magnitude)) return kInfiniteKey;
  return static_cast<int64_t>(std::ceil(std::log(magnitude) / log_factor_));
}

double QuantileSketch::ValueOf(int64_t key) const {
  if (key == kInfiniteKey) return std::numeric_limits<double>::infinity();
  const double exponent = std::ldexp(static_cast<double>(key) - 1, static_cast<int>(collapses_));
  return std::min(std::pow(first_factor_, exponent) * (1 + error_),
                  std::numeric_limits<double>::max());
}

void QuantileSketch::Increase(Buckets& buckets, int64_t key, uint64_t count) {
  const auto place =
      std::lower_bound(buckets.begin(), buckets.end(), key,
                       [](const Bucket& bucket, int64_t wanted) { return bucket.key < wanted; });
  if (place != buckets.end() && place->key == key) {
    place->count += count;
  } else {
    buckets.insert(place, {key, count});
  }
}

void QuantileSketch::Add(double value) {
  if (value == 0) {
    ++zeros_;
  } else {
    Increase(value < 0 ? negative_ : positive_, KeyOf(std::abs(value)), 1);
  }
  ++count_;
  sum_ += value;
  CollapseToFit();
}

void QuantileSketch::Collapse() {
  for (Buckets* const buckets : {&negative_, &positive_}) {
    Buckets joined;
    for (const Bucket& bucket : *buckets) {
      const int64_t key = CollapsedKey(bucket.key);
      if (!joined.empty() && joined.back().key == key) {
        joined.back().count += bucket.count;
      } else {
        joined.push_back({key, bucket.count});
      }
    }
    *buckets = std::move(joined);
  }
  ++collapses_;
  log_factor_ *= 2;                             // equation 3 of the paper
  error_ = 2 * error_ / (1 + error_ * error_);  // equation 4
}

void QuantileSketch::CollapseToFit() {
  while (bucket_count() > static_cast<size_t>(buckets_max_)) Collapse();
}

Status QuantileSketch::Merge(const QuantileSketch& other) {
  if (buckets_max_ != other.buckets_max_ || first_error_ != other.first_error_) {
    return Status::InvalidArgument(
        "sketches of different numbers of buckets or errors cannot be merged");
  }
  uint64_t count = 0;
  if (__builtin_add_overflow(count_, other.count_, &count)) {
    return Status::InvalidArgument("sketches that count too many values together");
  }
  QuantileSketch finer = other;
  while (collapses_ < finer.collapses_) Collapse();
  while (finer.collapses_ < collapses_) finer.Collapse();
  for (const Bucket& bucket : finer.negative_) Increase(negative_, bucket.key, bucket.count);
  for (const Bucket& bucket : finer.positive_) Increase(positive_, bucket.key, bucket.count);
  zeros_ += finer.zeros_;
  count_ += finer.count_;
  sum_ += finer.sum_;
  CollapseToFit();
  return {};
}

double QuantileSketch::ValueAt(double fraction) const {
  const double before = std::min(static_cast<double>(count_) * fraction, 0x1p63);
  const uint64_t wanted = std::min(count_, static_cast<uint64_t>(before) + 1);
  uint64_t seen = 0;
  for (size_t i = negative_.size(); i-- > 0;) {
    seen += negative_[i].count;
    if (seen >= wanted) return -ValueOf(negative_[i].key);
  }
  seen += zeros_;
  if (seen >= wanted) return 0;
  for (const Bucket& bucket : positive_) {
    seen += bucket.count;
    if (seen >= wanted) return ValueOf(bucket.key);
  }
  return 0;  // not reached: the buckets have all of count_
}

double QuantileSketch::RankOf(double value) const {
  const auto share = [this](double below) { return below / static_cast<double>(count_); };
  const int64_t key = value == 0 ? 0 : KeyOf(std::abs(value));
  double below = 0;
  for (size_t i = negative_.size(); i-- > 0;) {
    const Bucket& bucket = negative_[i];
    const auto count = static_cast<double>(bucket.count);
    if (value < 0 && bucket.key == key) return share(below + count / 2);
    if (value < 0 && bucket.key < key) return share(below);
    below += count;
  }
  if (value < 0) return share(below);
  if (value == 0) return share(below + static_cast<double>(zeros_) / 2);
  below += static_cast<double>(zeros_);
  for (const Bucket& bucket : positive_) {
    const auto count = static_cast<double>(bucket.count);
    if (bucket.key == key) return share(below + count / 2);
    if (bucket.key > key) return share(below);
    below += count;
  }
  return 1;
}

SketchBytes QuantileSketch::Encode() const {
  SketchBytes out = BeginSketch(kKind);
  PutValue(static_cast<uint32_t>(buckets_max_), out);
  PutValue(collapses_, out);
  PutValue(first_error_, out);
  PutValue(sum_, out);
  PutVarint(zeros_, out);
  for (const Buckets* const buckets : {&negative_, &positive_}) {
    PutVarint(buckets->size(), out);
    uint64_t previous = 0;
    for (const Bucket& bucket : *buckets) {
      PutVarint(ZigZag(static_cast<uint64_t>(bucket.key) - previous), out);
      PutVarint(bucket.count, out);
      previous = static_cast<uint64_t>(bucket.key);
    }
  }
  EndSketch(out);
  return out;
}

bool QuantileSketch::Take(ByteReader& in, Buckets& buckets) {
  uint64_t size = 0;
  if (!in.ReadVarint(size) || size > static_cast<uint64_t>(kBucketsMax)) return false;
  uint64_t key = 0;
  for (uint64_t i = 0; i < size; ++i) {
    uint64_t step = 0, count = 0;
    if (!in.ReadVarint(step) || !in.ReadVarint(count) || count == 0) return false;
    key += UnZigZag(step);
    const auto signed_key = static_cast<int64_t>(key);
    const bool is_key =
        signed_key == kInfiniteKey || (signed_key >= -kFiniteKeyMax && signed_key <= kFiniteKeyMax);
    if (!is_key || (!buckets.empty() && signed_key <= buckets.back().key)) return false;
    buckets.push_back({signed_key, count});
  }
  return true;
}

Result<QuantileSketch> QuantileSketch::Decode(ByteReader in) {
  uint32_t buckets_max = 0, collapses = 0;
  double error = 0, sum = 0;
  if (!in.Read(buckets_max) || !in.Read(collapses) || !in.Read(error) || !in.Read(sum)) {
    return DamagedSketch(kKind, "it ends early");
  }
  const bool is_begun = buckets_max >= kBucketsMin && buckets_max <= kBucketsMax &&
                        collapses <= kCollapsesMax && error >= kErrorMin && error < 1;
  if (!is_begun) return DamagedSketch(kKind, "a number is out of range");
  QuantileSketch sketch(buckets_max, error);
  for (uint32_t i = 0; i < collapses; ++i) sketch.Collapse();
  sketch.sum_ = sum;
  if (!in.ReadVarint(sketch.zeros_) || !Take(in, sketch.negative_) || !Take(in, sketch.positive_) ||
      !in.rest().empty()) {
    return DamagedSketch(kKind, "its buckets cannot be read");
  }
  if (sketch.bucket_count() > buckets_max) return DamagedSketch(kKind, "too many buckets");
  sketch.count_ = sketch.zeros_;
  for (const Buckets* const buckets : {&sketch.negative_, &sketch.positive_}) {
    for (const Bucket& bucket : *buckets) {
      if (__builtin_add_overflow(sketch.count_, bucket.count, &sketch.count_)) {
        return DamagedSketch(kKind, "it counts too many values");
      }
    }
  }
  return sketch;
}

}  // namespace xtdb
