#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "planner/aggregate/tag_buckets.h"
#include "planner/aggregate/value_finder.h"

namespace xtdb {

// What stands in a bucket without points: nothing (the bucket is left out), NULL, the figures of
// the bucket before it, or a straight line from there to the next bucket, both taken at their
// starts. Before the first bucket of the range and behind the last one the tag's values outside of
// it count, at their own times.
enum class Fill : uint8_t { kNone, kNull, kLocf, kLinear };

struct SeriesRequest {
  BucketsRequest buckets;
  bool has_start = false;  // ts_from_us is one: else the first point is where the series begins
  bool has_stop = false;   // likewise
  // By CutTo: there is more of the series before ts_from_us, or behind ts_to_us.
  bool is_cut_before = false;
  bool is_cut_behind = false;
  Fill fill = Fill::kNone;
  // Tags that are said to be stepped or sloped are weighted so, whatever buckets.weighting says.
  bool is_as_tag_says = false;
  // Behind the last point of all a value is held up to the end of the range, but not into the
  // future.
  int64_t now_us = 0;

  // What is asked for of this tag.
  SeriesRequest For(const TagDefinition& tag) const;
  // Only the buckets that begin in [min, max] are needed; they stay as they are. With fill, where
  // each bucket may hang on those before, nothing changes.
  void CutTo(int64_t min_us, int64_t max_us);
};

// The figures that fill carries from bucket to bucket.
struct Carried {
  ValueBits min = 0;  // of the tag's type, as in Tally
  ValueBits max = 0;
  ValueBits first = 0;
  ValueBits last = 0;
  double avg = 0;
  std::shared_ptr<const TextEnds> texts;  // of a text tag
};

struct SeriesRow {
  int64_t start_us = 0;           // of the bucket
  Tally tally;                    // without points in a bucket that is filled
  std::optional<Carried> filled;  // what stands there then; nothing: NULL
  Area area;                      // if weights are wanted
};

// The buckets of one tag in order of time, with the empty ones filled and values weighted by time
// across their edges.
//
// Ownership: keeps the snapshot alive, copies what it needs of staging when made; `counters`
//            outlives it.
// Threads:   one at a time.
class BucketSeries {
 public:
  // Does not read yet.
  static Result<std::unique_ptr<BucketSeries>> Make(const ReadView& view, TagPtr tag,
                                                    const SeriesRequest& request,
                                                    PlanCounters& counters);

  // How many points of the range blocks of the tag's own and memory have, by statistics.
  uint64_t points_max() const { return points_max_; }
  // How many rows there are at most, about.
  uint64_t rows_max() const { return rows_max_; }
  Result<std::optional<SeriesRow>> Next();

 private:
  BucketSeries(const ReadView& view, TagPtr tag, ReadView::Sources sources,
               const SeriesRequest& request, PlanCounters& counters);
  // A neighbour of an empty bucket.
  struct Neighbour {
    int64_t at_us = 0;      // where the line has its figures
    int64_t sample_us = 0;  // the value nearest to the gap
    Carried carried;
  };
  struct Edge {
    Sample sample;
    Carried carried;
  };
  Status Begin();
  Status ReadAhead();
  Bucket TakeBucket();
  // The value behind a bucket, and what ends the one before it.
  struct Behind {
    std::optional<Sample> sample;
    int64_t refused_us = kNever;
  };
  Result<std::optional<Edge>> FindEdge(int64_t ts_from_us, int64_t ts_to_us, bool last) const;
  bool NeedsValueBehind() const;
  Status FindBehind();
  bool FillsBefore(int64_t start_us) const;
  SeriesRow EmptyRow();
  std::optional<Carried> FigureAt(int64_t start_us) const;
  Carried Interpolate(const Neighbour& a, const Neighbour& b, int64_t at_us) const;
  SeriesRow FullRow();
  Area AreaOf(int64_t start_us, const Tally& tally) const;
  Behind FindBehindBucket() const;
  Carried CarriedOf(const Tally& tally) const;
  ValueBits FromLine(double value) const;

  const ReadView view_;
  const TagPtr tag_;
  const SeriesRequest request_;
  const bool looks_around_;            // needs values of other buckets
  const bool looks_outside_;           // and of those outside of the range
  std::optional<ValueFinder> values_;  // which this finds
  const uint64_t points_max_;
  const uint64_t rows_max_;
  TagBuckets buckets_;
  bool began_ = false;
  bool is_read_ = false;               // all of buckets_
  std::deque<Bucket> queue_;           // read and not handed out
  std::deque<uint64_t> valued_;        // which of all buckets in queue_ have a value, by number
  uint64_t front_number_ = 0;          // of queue_.front()
  int64_t next_start_us_ = 0;          // of the bucket that comes next, if empty ones are filled
  std::optional<Sample> before_;       // the last value so far
  std::optional<Neighbour> carrying_;  // what fills the next bucket if it is empty
  bool has_rows_ = false;              // some are handed out
  bool looked_behind_ = false;
  std::optional<Edge> behind_;          // the first value behind the range, of lines
  int64_t refused_behind_us_ = kNever;  // the first point behind the range that is not accepted
};

}  // namespace xtdb
