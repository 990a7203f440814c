#include "engine/transaction/spill.h"

#include <algorithm>
#include <tuple>

namespace xtdb {
namespace {

bool IsMixed(const SpillGroup::Block& block) { return block.entry.kind == BlockKind::kMixed; }

}  // namespace

std::vector<Mark> HeldMarks::Distinct() const {
  std::vector<Mark> marks(marks_.begin(), marks_.end());
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
  return marks;
}

void SpillGroup::Sort() {
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return std::tuple(IsMixed(a), a.entry.tag_id, a.entry.ts_min_us) <
           std::tuple(IsMixed(b), b.entry.tag_id, b.entry.ts_min_us);
  });
}

void SpillGroup::FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to,
                            std::vector<BlockRef>& out) const {
  const auto take = [&](const Block& block) {
    const BlockDirEntry& entry = block.entry;
    if (entry.ts_min_us > ts_to || entry.ts_max_us < ts_from) return;
    // Owned by the group.
    const std::shared_ptr<void> nobody;
    out.push_back(
        {{nobody, &entry}, block.entry_index, block.chunk.get(), kTsMin, is_rolled_back.get()});
  };
  const auto mixed = std::partition_point(blocks.begin(), blocks.end(),
                                          [](const Block& block) { return !IsMixed(block); });
  auto own = std::lower_bound(blocks.begin(), mixed, tag, [](const Block& block, TagId wanted) {
    return block.entry.tag_id < wanted;
  });
  for (; own != mixed && own->entry.tag_id == tag; ++own) take(*own);
  // They were packed in the order of tags, so their ranges rise and hardly meet.
  auto one = std::lower_bound(mixed, blocks.end(), tag, [](const Block& block, TagId wanted) {
    return block.entry.tag_last < wanted;
  });
  for (; one != blocks.end() && one->entry.tag_id <= tag; ++one) take(*one);
}

bool SpillGroup::MayHold(TagId tag) const {
  std::vector<BlockRef> found;
  FindBlocks(tag, kTsMin, kTsMax, found);
  return !found.empty();
}

}  // namespace xtdb
