#include "engine/chunk/drop_selection.h"

#include <algorithm>
#include <vector>

namespace xtdb {

namespace {

struct Extent {
  std::shared_ptr<Chunk> chunk;
  ChunkSummary summary;
  bool is_unknown = false;  // its directory is damaged: it may hold anything
};

bool Meet(const Extent& a, const Extent& b) {
  if (a.is_unknown || b.is_unknown) return true;
  return a.summary.ts_min_us <= b.summary.ts_max_us && b.summary.ts_min_us <= a.summary.ts_max_us &&
         a.summary.tag_min <= b.summary.tag_max && b.summary.tag_min <= a.summary.tag_max;
}

}  // namespace

ChunkList SelectDroppable(const ChunkList& chunks, int64_t before_us) {
  std::vector<Extent> going;
  std::vector<Extent> staying;
  for (const auto& chunk : chunks) {
    Extent extent{chunk, chunk->summary(), !chunk->knows_its_extents()};
    const bool is_old =
        chunk->state() == ChunkState::kSealed && extent.summary.ts_max_us < before_us;
    (is_old ? going : staying).push_back(std::move(extent));
  }
  // What stays may keep others, these again others: until nothing more stays. Only chunks that
  // were added in the last turn can change anything.
  for (size_t done = 0; done < staying.size();) {
    const size_t end = staying.size();
    const auto is_kept = [&](const Extent& extent) {
      return std::any_of(
          staying.begin() + static_cast<std::ptrdiff_t>(done),
          staying.begin() + static_cast<std::ptrdiff_t>(end), [&](const Extent& other) {
            return MayBeOlder(PlaceOf(other.chunk->header()), PlaceOf(extent.chunk->header())) &&
                   Meet(other, extent);
          });
    };
    const auto kept = std::stable_partition(going.begin(), going.end(),
                                            [&](const Extent& extent) { return !is_kept(extent); });
    staying.insert(staying.end(), kept, going.end());
    going.erase(kept, going.end());
    done = end;
  }
  ChunkList droppable;
  for (Extent& extent : going) droppable.push_back(std::move(extent.chunk));
  return droppable;
}

}  // namespace xtdb
