#include "planner/plan.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "planner/tag_stream.h"
#include "planner/time_merge.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

// So many rows of a tag are not worth a scan of its blocks.
constexpr uint64_t kFewRows = 256;

// What both orders share: the snapshot, what was staged, the filter, offset and limit.
class PlanBase : public Plan {
 public:
  PlanBase(const ReadView& view, Request request)
      : request_(std::move(request)),
        view_(view.WithoutStaging()),
        filter_(request_.value, request_.quality),
        rows_to_skip_(request_.offset),
        rows_left_(request_.limit.value_or(std::numeric_limits<uint64_t>::max())) {
    const bool descending = request_.order == RowOrder::kTs
                                ? request_.ts_descending
                                : request_.order == RowOrder::kTagTs && request_.tag_descending;
    std::sort(request_.tags.begin(), request_.tags.end(), [&](const TagPtr& a, const TagPtr& b) {
      return descending ? b->name < a->name : a->name < b->name;
    });
    counters_.tags = request_.tags.size();
    if (request_.ts_from_us > request_.ts_to_us) rows_left_ = 0;
    if (view.staging == nullptr || view.staging->empty() || rows_left_ == 0) return;
    staged_.resize(request_.tags.size());
    for (size_t i = 0; i < staged_.size(); ++i) {
      staged_[i] = view.staging->RunAt(request_.tags[i]->id, view.mark, request_.ts_from_us,
                                       request_.ts_to_us);
    }
  }

  Result<const Batch*> Next() override {
    while (rows_left_ > 0) {
      const Result<const Batch*> result = NextBatch();
      if (!result.ok() || result.value() == nullptr) {
        rows_left_ = 0;
        return result;
      }
      const Batch* next = result.value();
      const uint64_t rows = next->end - next->begin;
      const uint64_t skipped = std::min(rows, rows_to_skip_);
      rows_to_skip_ -= skipped;
      if (skipped == rows) continue;
      const uint64_t taken = std::min(rows - skipped, rows_left_);
      rows_left_ -= taken;
      counters_.rows += taken;
      batch_ = *next;
      if (batch_.reversed) {
        batch_.end -= skipped;
        batch_.begin = batch_.end - taken;
      } else {
        batch_.begin += skipped;
        batch_.end = batch_.begin + taken;
      }
      return &batch_;
    }
    return nullptr;
  }

  const PlanCounters& counters() const override { return counters_; }

 protected:
  virtual Result<const Batch*> NextBatch() = 0;

  Result<std::unique_ptr<TagStream>> MakeStream(size_t tag_index) {
    const TagPtr& tag = request_.tags[tag_index];
    XTDB_ASSIGN_OR_RETURN(
        ReadView::Sources sources,
        FindTagSources(view_, tag->id, request_.ts_from_us, request_.ts_to_us, counters_));
    if (!staged_.empty() && staged_[tag_index].has_value()) {
      sources.runs.push_back(std::move(*staged_[tag_index]));
      staged_[tag_index].reset();
      ++counters_.memory_runs;
    }
    const StreamOptions options = {
        .ts_from_us = request_.ts_from_us,
        .ts_to_us = request_.ts_to_us,
        .descending = request_.order != RowOrder::kNone && request_.ts_descending,
        .few_points = WantsFewPoints(),
        .filter = &filter_,
        .counters = &counters_};
    return std::make_unique<TagStream>(tag, MakePointSources(view_, tag->id, sources, counters_),
                                       options);
  }

  Request request_;  // tags in the order of the plan

 private:
  // SQLite 3.40 does not tell of the LIMIT of a scalar sub-select: the last value before a time,
  // for each row of another table, reads as one tag backwards.
  bool WantsFewPoints() const {
    if (!filter_.accepts_all() || rows_to_skip_ != 0) return false;
    const bool is_backwards = request_.order != RowOrder::kNone && request_.ts_descending;
    return rows_left_ <= kFewRows || request_.one_per_tag ||
           (is_backwards && request_.tags.size() == 1);
  }

  const ReadView view_;  // without staging, whose rows are copied
  const RowFilter filter_;
  std::vector<std::optional<MemoryRun>> staged_;  // by tag; empty if there are none
  PlanCounters counters_;
  uint64_t rows_to_skip_;
  uint64_t rows_left_;
  Batch batch_;
};

// One tag after the other; a tag's directories are looked into when its turn comes.
class TagOrderPlan final : public PlanBase {
 public:
  using PlanBase::PlanBase;

 private:
  Result<const Batch*> NextBatch() override {
    while (true) {
      if (stream_ == nullptr) {
        if (next_tag_ == request_.tags.size()) return nullptr;
        XTDB_ASSIGN_OR_RETURN(stream_, MakeStream(next_tag_));
        ++next_tag_;
      }
      if (!has_row_ || !request_.one_per_tag) {
        XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream_->Next());
        has_row_ = batch != nullptr;
        if (has_row_) return request_.one_per_tag ? FirstOf(*batch) : batch;
      }
      stream_.reset();
      has_row_ = false;
    }
  }

  const Batch* FirstOf(const Batch& batch) {
    first_ = batch;
    if (first_.reversed) {
      first_.begin = first_.end - 1;
    } else {
      first_.end = first_.begin + 1;
    }
    return &first_;
  }

  size_t next_tag_ = 0;
  std::unique_ptr<TagStream> stream_;
  bool has_row_ = false;  // of stream_
  Batch first_;
};

class TimeOrderPlan final : public PlanBase {
 public:
  using PlanBase::PlanBase;

 private:
  Result<const Batch*> NextBatch() override {
    if (!merge_.has_value()) {
      std::vector<std::unique_ptr<TagStream>> streams;
      streams.reserve(request_.tags.size());
      for (size_t i = 0; i < request_.tags.size(); ++i) {
        XTDB_ASSIGN_OR_RETURN(std::unique_ptr<TagStream> stream, MakeStream(i));
        streams.push_back(std::move(stream));
      }
      merge_.emplace(std::move(streams), request_.ts_descending);
    }
    return merge_->Next();
  }

  std::optional<TimeMerge> merge_;
};

}  // namespace

Result<std::unique_ptr<Plan>> Plan::Make(const ReadView& view, Request request) {
  // The order by time of a single tag is its own.
  const bool by_time = request.order == RowOrder::kTs && request.tags.size() > 1;
  std::unique_ptr<Plan> plan;
  if (by_time)
    plan = std::make_unique<TimeOrderPlan>(view, std::move(request));
  else
    plan = std::make_unique<TagOrderPlan>(view, std::move(request));
  return plan;
}

}  // namespace xtdb
