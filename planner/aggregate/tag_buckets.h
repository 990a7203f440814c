#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "planner/aggregate/buckets.h"
#include "planner/aggregate/tally.h"
#include "planner/plan.h"
#include "planner/tag_parts.h"
#include "planner/tag_stream.h"

namespace xtdb {

// A bucket that has points.
struct Bucket {
  int64_t start_us = 0;  // of the bucket, not of the range that is asked for
  Tally tally;
};

struct BucketsRequest {
  int64_t ts_from_us = kTsMin;  // inclusive
  int64_t ts_to_us = kTsMax;    // inclusive
  Buckets buckets = Buckets::Whole();
  Accept accept = Accept::kNotBad;
  Weighting weighting;
  Wanted wanted;
};

// The points of one tag by buckets, in order of time: from statistics of blocks and vectors that
// lie in one bucket and meet nothing else of the tag, else by decoding. Lazy: reads on when a
// bucket is asked for.
//
// Ownership: keeps copies of the sources; `view`, `request` and `counters` outlive it.
// Threads:   one at a time.
class TagBuckets {
 public:
  TagBuckets(const ReadView& view, TagPtr tag, ReadView::Sources sources,
             const BucketsRequest& request, PlanCounters& counters);

  // The next bucket with points; nothing at the end.
  Result<std::optional<Bucket>> Next();
  const Tallier& tallier() const { return tallier_; }

 private:
  Status Advance();
  Status BeginParts();
  Status BeginPart(const TagPart& part);
  Status ReadVector();
  Status ReadBatch();
  void AddRows(const PointColumns& columns, size_t begin, size_t end);
  void Add(int64_t ts_us, Tally tally);
  bool IsInRange(int64_t ts_min_us, int64_t ts_max_us) const;
  bool IsInOneBucket(int64_t ts_min_us, int64_t ts_max_us);
  void EnterBucketOf(int64_t ts_us);

  const ReadView& view_;
  const TagPtr tag_;
  const ReadView::Sources sources_;
  const BucketsRequest& request_;
  PlanCounters& counters_;
  Tallier tallier_;
  std::vector<TagPart> parts_;
  std::span<const TagPart> rest_;  // of parts_, not yet begun
  bool began_ = false;
  // One of the two is under way, or none: a block's vectors, or a merge.
  std::shared_ptr<LoadedBlock> block_;
  VectorTable table_;
  size_t next_vector_ = 0;
  PointColumns decoded_;
  std::unique_ptr<TagStream> stream_;
  // The bucket that was looked up last: [start, end).
  int64_t bucket_start_us_ = 0;
  int64_t bucket_end_us_ = 0;
  std::optional<Bucket> open_;
  std::deque<Bucket> ready_;
};

}  // namespace xtdb
