#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/read_view.h"
#include "planner/point_source.h"

namespace xtdb {

// A block of a view, read when the merge reaches it. Borrows `view`.
class BlockSource final : public VectorSource {
 public:
  BlockSource(const ReadView& view, const BlockRef& block, TagId tag, PlanCounters& counters);
  std::optional<ZoneMap> zone_map() const override;

 protected:
  Result<Table> Open(BlockUse use) override;
  Status Decode(size_t index, PointColumns& out) override;
  Result<std::shared_ptr<const PointColumns>> DecodeShared(size_t index, ValueType type) override;

 private:
  const ReadView& view_;
  const BlockRef block_;
  const TagId tag_;
  PlanCounters& counters_;
  std::shared_ptr<LoadedBlock> loaded_;
  size_t first_vector_ = 0;  // of the tag, in the block
};

using PointSources = std::vector<std::unique_ptr<PointSource>>;

// What may hold points of the tag in [ts_from, ts_to]; counted. `view` and `counters` outlive the
// sources.
Result<ReadView::Sources> FindTagSources(const ReadView& view, TagId tag, int64_t ts_from_us,
                                         int64_t ts_to_us, PlanCounters& counters);
PointSources MakePointSources(const ReadView& view, TagId tag, const ReadView::Sources& sources,
                              PlanCounters& counters);
// How many points those of the tag's own and memory have; of blocks also outside of the range.
uint64_t PointsMax(const ReadView::Sources& sources);

}  // namespace xtdb
