#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "planner/aggregate/sampler.h"
#include "planner/tag_stream.h"

namespace xtdb {

struct SignalRange {
  int64_t ts_from_us = kTsMin;  // inclusive
  int64_t ts_to_us = kTsMax;    // inclusive
  bool descending = false;
};

// The values of one tag at times that come in one direction: reads each of its points once, where a
// Sampler looks for each time anew.
//
// Ownership: keeps the snapshot alive and copies what is staged; borrows `counters`.
// Threads:   one at a time.
class SignalReader {
 public:
  // Does not read yet.
  static Result<std::unique_ptr<SignalReader>> Make(const ReadView& view, TagPtr tag,
                                                    const SampleRequest& request,
                                                    const SignalRange& range,
                                                    PlanCounters& counters);

  // How many points blocks of the tag's own and memory have in the range, by statistics.
  uint64_t points_max() const { return points_max_; }
  // The time of the next value in the range, beyond that of the last At.
  Result<std::optional<int64_t>> NextTime();
  // The times to come are this one and those beyond it: what lies between need not be read.
  Status SkipTo(int64_t ts_us);
  // Nothing: the tag has no value there. Of times in the range, each beyond the last.
  Result<std::optional<Sampled>> At(int64_t ts_us);

 private:
  SignalReader(ValueFinder values, TagPtr tag, const ReadView::Sources& sources,
               const SampleRequest& request, const SignalRange& range, PlanCounters& counters);
  size_t Index(size_t i) const {
    return batch_->reversed ? batch_->end - 1 - i : batch_->begin + i;
  }
  int64_t TimeAt(size_t i) const { return batch_->columns->ts_us[Index(i)]; }
  bool IsInRange(int64_t time_us) const {
    return range_.ts_from_us <= time_us && time_us <= range_.ts_to_us;
  }
  // Whether it is still to come when all up to `ts_us` has come.
  bool IsBeyond(int64_t time_us, int64_t ts_us) const {
    return range_.descending ? time_us < ts_us : time_us > ts_us;
  }
  Status NextBatch();
  Status PassUpTo(int64_t ts_us, bool with_itself);
  Result<const FoundPoint*> Prior();
  Result<const FoundPoint*> Following();
  Result<std::optional<FoundPoint>> FindBefore() const;
  Result<std::optional<FoundPoint>> FindBehind() const;

  const SampleRequest request_;
  SignalRange range_;  // begins where it was skipped to
  const ValueFinder values_;
  const uint64_t points_max_;
  TagStream stream_;
  bool began_ = false;
  const Batch* batch_ = nullptr;  // null: the range has no more
  size_t next_ = 0;               // of the batch, in order of output
  std::optional<int64_t> at_us_;
  std::optional<FoundPoint> prior_;      // the last value that was passed
  std::optional<FoundPoint> following_;  // a copy of the next one, or the first beyond the range
  bool looked_prior_ = false;            // for one outside of the range
  bool looked_beyond_ = false;
};

}  // namespace xtdb
