#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/catalog/tag_dictionary.h"
#include "planner/plan.h"
#include "planner/point_source.h"

namespace xtdb {

struct StreamOptions {
  int64_t ts_from_us = kTsMin;
  int64_t ts_to_us = kTsMax;
  bool descending = false;
  bool few_points = false;            // the first rows are enough
  const RowFilter* filter = nullptr;  // null: every row; outlives the stream
  PlanCounters* counters = nullptr;   // outlives the stream
};

// The live points of one tag in order of time: a lazy merge of its sources by (ts, rank), of equal
// ts the largest rank, in which a source is opened or decoded only when the merge reaches its
// bound. Where sources do not overlap, vectors pass through as they were decoded.
//
// Threads: one at a time.
class TagStream {
 public:
  // sources: any order; of equal rank the later one counts.
  TagStream(TagPtr tag, std::vector<std::unique_ptr<PointSource>> sources,
            const StreamOptions& options);

  TagStream(const TagStream&) = delete;  // sources point into it
  TagStream& operator=(const TagStream&) = delete;

  // The next batch of at least one row that the filter accepts; valid until the next call. nullptr:
  // the end, or every row still to come is later (earlier, when descending) than `until_us`. On
  // error the stream is over.
  Result<const Batch*> Next(std::optional<int64_t> until_us = std::nullopt);
  // Rows before this time (behind it, when descending) are wanted no more; some of those that are
  // in memory may come nevertheless.
  void SkipTo(int64_t ts_us) {
    if (context_.descending) {
      context_.ts_to_us = std::min(context_.ts_to_us, ts_us);
    } else {
      context_.ts_from_us = std::max(context_.ts_from_us, ts_us);
    }
  }
  // No row still to come is earlier (later, when descending) than this; nothing: the end.
  std::optional<int64_t> bound() const;
  const TagPtr& tag() const { return batch_.tag; }

 private:
  struct Node {
    int64_t key = 0;  // next ts, or its complement when descending: the smallest comes first
    uint32_t age = 0;
    PointSource* source = nullptr;
    bool Before(const Node& other) const {
      return key < other.key || (key == other.key && age > other.age);
    }
  };
  // Rows of one source that nothing newer replaces, in part already handed out.
  struct Run {
    const PointColumns* columns = nullptr;
    size_t begin = 0;
    size_t end = 0;
    size_t size() const { return end - begin; }
  };

  void PruneByZoneMaps();
  int64_t KeyOf(int64_t ts) const { return context_.descending ? ~ts : ts; }
  void LetGo();
  void UpdateTop();  // restores the heap after its first source has moved
  bool SkipReplaced();
  void TakeRun();  // from the first source, up to its rival's next row
  size_t RowsBefore(const PointSource& source, int64_t rival_key) const;
  void PrepareMask();
  size_t NextStretch();  // accepted rows at the run's front; rejected ones before them are dropped
  const Batch* DrainRun();
  const Batch* EmitStretch(size_t rows);
  const Batch* EmitBuffer();
  bool IsAlone(size_t stretch) const;
  bool FitsBuffer() const;
  void Buffer(size_t rows);

  SourceContext context_;
  OverlapIndex overlaps_;
  std::vector<std::unique_ptr<PointSource>> sources_;  // by age
  std::vector<Node> heap_;
  std::vector<uint32_t> drained_;  // ages of sources that only run_ and batch_ may still point into
  std::optional<int64_t> last_key_;  // of the row taken last: what comes with it is replaced
  Run run_;
  bool has_mask_ = false;
  std::vector<uint8_t> mask_;  // of run_ when it was new
  size_t mask_begin_ = 0;      // the row of mask_[0]
  PointColumns buffer_;        // short stretches, in the stream's order
  bool buffer_is_out_ = false;
  Batch batch_;
};

}  // namespace xtdb
