#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/block/block_reader.h"
#include "engine/buffer/tag_buffer.h"
#include "planner/predicate.h"
#include "planner/request.h"

namespace xtdb {

// Where the sources of one tag lie in time, to ask whether something older hides behind a stretch
// of rows.
class OverlapIndex {
 public:
  struct Range {
    int64_t ts_min_us = 0;
    int64_t ts_max_us = 0;
    uint32_t age = 0;  // place among the tag's sources: of equal times the larger counts
  };
  OverlapIndex() = default;
  explicit OverlapIndex(std::vector<Range> ranges);  // ages 0 .. size - 1
  // The source is not read at all: it hides nothing and nothing comes back from it.
  void Drop(uint32_t age) { dropped_[age] = true; }
  bool OlderMeets(uint32_t age, int64_t ts_min_us, int64_t ts_max_us) const;

 private:
  std::vector<Range> ranges_;          // by ts_min_us
  std::vector<int64_t> latest_ts_us_;  // largest ts_max_us of ranges_[0 .. i]
  std::vector<bool> dropped_;          // by age
};

// What all sources of one stream share; outlives them.
struct SourceContext {
  int64_t ts_from_us = kTsMin;
  int64_t ts_to_us = kTsMax;
  bool descending = false;
  bool few_points = false;                 // that are wanted: the rest is not worth reading
  ValueType type = ValueType::kNone;       // of the tag now: kFloat64 widens integer columns
  const RowFilter* filter = nullptr;       // null: every row
  const OverlapIndex* overlaps = nullptr;  // set if filter is
  PlanCounters* counters = nullptr;
};

// One sorted run of points of one tag, opened and decoded step by step in either direction. Between
// steps either some rows are current, or `bound` says where the next ones begin at the earliest.
// Threads: one at a time.
class PointSource {
 public:
  // first_visible_us: what is earlier is hidden.
  PointSource(int64_t ts_min_us, int64_t ts_max_us, LSN rank, int64_t first_visible_us = kTsMin)
      : ts_min_us_(ts_min_us),
        ts_max_us_(ts_max_us),
        rank_(rank),
        first_visible_us_(first_visible_us) {}
  virtual ~PointSource() = default;
  PointSource(const PointSource&) = delete;
  PointSource& operator=(const PointSource&) = delete;

  LSN rank() const { return rank_; }
  int64_t ts_min_us() const { return ts_min_us_; }
  int64_t ts_max_us() const { return ts_max_us_; }
  // Statistics of the whole run, if it has any.
  virtual std::optional<ZoneMap> zone_map() const { return std::nullopt; }

  // Once, before the first step.
  void Start(const SourceContext& context, uint32_t age);
  // One step, with no rows current: a read, a decode, or the finding that nothing is left. The
  // context's time range may have become smaller since the last one.
  virtual Status Advance(const SourceContext& context) = 0;

  bool has_rows() const { return begin_ < end_; }
  bool exhausted() const { return begin_ == end_ && !pending_; }
  // ts of the first row in the stream's direction, or its bound.
  int64_t next_ts(bool descending) const {
    if (!has_rows()) return bound_us_;
    return columns_->ts_us[descending ? end_ - 1 : begin_];
  }
  // Current rows are [begin, end) of columns; taken from the end when descending.
  const PointColumns& columns() const { return *columns_; }
  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  void Take(size_t rows, bool descending) {
    if (descending)
      end_ -= rows;
    else
      begin_ += rows;
  }
  // Nothing of it is wanted any more.
  void Abandon() { SetExhausted(); }

 protected:
  // Makes those of rows [begin, end) current that lie in the stream's time range.
  void SetRows(const PointColumns& columns, size_t begin, size_t end, const SourceContext& context);
  void SetPending(int64_t bound_us) {
    pending_ = true;
    bound_us_ = bound_us;
  }
  void SetExhausted() {
    pending_ = false;
    begin_ = end_ = 0;
  }
  uint32_t age() const { return age_; }
  bool MeetsRange(const SourceContext& context) const {
    return ts_max_us_ >= FromUs(context) && ts_min_us_ <= context.ts_to_us;
  }
  // Of the stream's time range what this source takes part in.
  int64_t FromUs(const SourceContext& context) const {
    return std::max(context.ts_from_us, first_visible_us_);
  }

 private:
  const int64_t ts_min_us_;
  const int64_t ts_max_us_;
  const LSN rank_;
  const int64_t first_visible_us_;
  uint32_t age_ = 0;
  const PointColumns* columns_ = nullptr;
  size_t begin_ = 0;
  size_t end_ = 0;
  int64_t bound_us_ = 0;
  bool pending_ = false;
};

// Points in memory.
class RunSource final : public PointSource {
 public:
  explicit RunSource(MemoryRun run);  // not empty
  Status Advance(const SourceContext& context) override;

 private:
  const MemoryRun run_;
  PointColumns widened_;
};

// A run of vectors with a table: opened when the merge reaches it; of the vectors in the time range
// those are decoded, each when its turn comes, that the filter may accept or that may hide an older
// point.
class VectorSource : public PointSource {
 public:
  using PointSource::PointSource;
  Status Advance(const SourceContext& context) final;

 protected:
  struct Table {
    std::span<const VectorEntry> vectors;
    ValueType type = ValueType::kNone;
    bool has_statistics = true;  // else of each vector only place, times and counts are known
  };
  virtual Result<Table> Open(BlockUse use) = 0;
  // Appends the vector's rows to `out`, which is empty and has the table's type.
  virtual Status Decode(size_t index, PointColumns& out) = 0;
  // The same rows, which others may have, too.
  virtual Result<std::shared_ptr<const PointColumns>> DecodeShared(size_t index, ValueType type);

 private:
  bool IsForFewPoints(const SourceContext& context) const;
  Status DecodeNext(size_t index, const SourceContext& context);
  void PlanVectors(const SourceContext& context);
  bool IsOutside(const VectorEntry& entry, const SourceContext& context) const {
    return entry.ts_max_us < FromUs(context) || entry.ts_min_us > context.ts_to_us;
  }
  bool CanSkip(const VectorEntry& entry, const SourceContext& context) const;
  void SetNext(const SourceContext& context);

  bool opened_ = false;
  BlockUse use_ = BlockUse::kScan;
  Table table_;
  std::vector<uint16_t> wanted_;  // vectors to decode, the next one last
  PointColumns decoded_;
  std::shared_ptr<const PointColumns> shared_;  // instead of them
};

}  // namespace xtdb
