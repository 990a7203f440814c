#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/compensated_sum.h"
#include "engine/base/point_columns.h"
#include "engine/format/block_format.h"

namespace xtdb {

__extension__ using Int128 = __int128;

// Which points' values count.
enum class Accept : uint8_t { kGood, kNotBad, kAll };
// The least quality that counts: the class is in the top bits.
constexpr Quality LeastAccepted(Accept accept) {
  if (accept == Accept::kAll) return kQualityBad;
  return accept == Accept::kGood ? kQualityGood : kQualityUncertain;
}

// What a value is beyond the points that count, as OPC UA Part 13 calls it: those that do not count
// are not there (interpolated bounding values); one of them ends the value before it (simple ones);
// or there is nothing outside of a bucket.
enum class Bounds : uint8_t { kInterpolated, kSimple, kNone };

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

// How values are weighted by time: each held until the next (step), or joined to it by a straight
// line; the last of all is held. A value is held for no longer than `gap_max_us`, and no line is
// longer than that.
struct Weighting {
  bool is_linear = false;
  int64_t gap_max_us = kNever;
  Bounds bounds = Bounds::kInterpolated;
};

// What has to be found out; the rest may be left as it is.
struct Wanted {
  bool ends = true;  // first, last and their times
  bool m2 = true;
  bool weights = true;  // implies ends
};

// An accepted value and its time; of a text tag without a value.
struct Sample {
  int64_t ts_us = 0;
  double value = 0;
  int64_t ended_us = kNever;  // with simple bounds: when a point came that is not accepted
};

// A value held, or a line, over time.
struct Area {
  CompensatedSum integral;  // value * seconds
  int64_t covered_us = 0;   // how long there was a value
  void Add(const Area& other);
};
// Of the time [from, to) between two neighbouring samples. Without `b` nothing comes behind `a`,
// which holds then, as it does up to where it ends.
Area AreaBetween(const Weighting& weighting, const Sample& a, const std::optional<Sample>& b,
                 int64_t from_us, int64_t to_us);

struct TextEnds {
  std::string first;
  std::string last;
  std::string min;  // bytewise
  std::string max;
};

// What is known of points of one tag that follow each other in time. `count` and all behind it are
// of accepted values: those of accepted quality that are neither NULL nor NaN.
struct Tally {
  uint64_t points = 0;  // live ones of any quality and value
  uint64_t good = 0;
  uint64_t count = 0;
  ValueBits min = 0;  // ValueBits of the tag's type; not of texts
  ValueBits max = 0;
  ValueBits first = 0;
  ValueBits last = 0;
  int64_t first_ts_us = 0;
  int64_t last_ts_us = 0;
  Int128 integer_sum = 0;
  CompensatedSum real_sum;
  double m2 = 0;  // squared deviations from the mean
  Area inner;     // from the first value to the last
  // With simple bounds: the first point that is not accepted of those before the first value, and
  // of those behind the last one. Without a value both are of all.
  int64_t refused_before_us = kNever;
  int64_t refused_behind_us = kNever;
  std::unique_ptr<TextEnds> texts;
};

double ToDouble(ValueType type, ValueBits bits);  // not of texts
double MeanOf(ValueType type, const Tally& tally);
Sample FirstOf(ValueType type, const Tally& tally);
Sample LastOf(ValueType type, const Tally& tally);

// Makes tallies of points of one tag, and joins them. Threads: one at a time.
class Tallier {
 public:
  Tallier(ValueType tag_type, Accept accept, const Weighting& weighting, const Wanted& wanted)
      : type_(tag_type), accept_(accept), weighting_(weighting), wanted_(wanted) {}

  // Of a block or vector as a whole, from its statistics; nothing where they do not tell.
  std::optional<Tally> OfBlock(const BlockDirEntry& entry) const;
  std::optional<Tally> OfVector(const VectorEntry& vector, ValueType type) const;
  // Of rows [begin, end), which are live, increasing in ts, and of the tag's type.
  Tally OfRows(const PointColumns& columns, size_t begin, size_t end);

  // `next` follows `tally` in time.
  void Append(Tally& tally, Tally next) const;

  ValueType type() const { return type_; }
  const Weighting& weighting() const { return weighting_; }

 private:
  // How many of `live` points are accepted, if all or none are.
  std::optional<bool> AreAccepted(uint64_t live, uint64_t good, uint64_t bad) const;
  Tally OfStats(const ValueStats& stats, ValueType type) const;
  void AddEnds(const PointColumns& columns, size_t begin, size_t end, const ValueStats& stats,
               Tally& tally) const;
  void AddTexts(const PointColumns& columns, size_t begin, size_t end, Tally& tally) const;
  Tally OfAccepted(const PointColumns& columns, size_t begin, size_t end) const;
  bool SeesRefused() const { return wanted_.weights && weighting_.bounds == Bounds::kSimple; }
  void AddRefused(const PointColumns& columns, size_t begin, size_t end, Tally& tally) const;

  const ValueType type_;
  const Accept accept_;
  const Weighting weighting_;
  const Wanted wanted_;
  PointColumns accepted_;  // rows of accepted quality, where not all are
};

}  // namespace xtdb
