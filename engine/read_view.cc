#include "engine/read_view.h"

#include <algorithm>

#include "engine/storage_engine.h"

namespace xtdb {

namespace {

// What a reader has found, for xtdb_events.
void NoteDamage(StorageEngine& engine, const std::string& what) {
  engine.events().AddOnce(engine.clock().NowUs(), EventLevel::kError, kDamageFoundEvent, what);
}

// Notes in blocks[first ...] what of them is hidden; returns how many were hidden whole, and
// removed.
uint32_t HideBefore(const Horizon& horizon, size_t first, std::vector<BlockRef>& blocks) {
  if (horizon.lsn == kNoLsn) return 0;
  const auto begin = blocks.begin() + static_cast<std::ptrdiff_t>(first);
  const auto end = std::remove_if(begin, blocks.end(), [&](BlockRef& block) {
    block.first_visible_us = horizon.FirstVisible(block.entry->through_lsn);
    return block.entry->ts_max_us < block.first_visible_us;
  });
  const auto hidden = static_cast<uint32_t>(blocks.end() - end);
  blocks.erase(end, blocks.end());
  return hidden;
}

}  // namespace

TagPtr ReadView::FindTag(std::string_view name) const {
  TagPtr committed = snapshot->tags().Find(name);
  if (!staging) return committed;
  TagPtr staged = committed ? staging->FindDefinition(committed->id, mark)
                            : staging->FindDefinition(name, mark);
  return staged ? staged : committed;
}

TagPtr ReadView::FindTag(TagId id) const {
  if (staging) {
    TagPtr staged = staging->FindDefinition(id, mark);
    if (staged) return staged;
  }
  return snapshot->tags().Find(id);
}

std::vector<TagPtr> ReadView::TagsWithPrefix(std::string_view prefix) const {
  const auto sorted = snapshot->tags().Sorted();
  const auto begin = std::lower_bound(
      sorted->begin(), sorted->end(), prefix,
      [](const TagPtr& tag, std::string_view wanted) { return tag->name < wanted; });
  const auto end = std::partition_point(
      begin, sorted->end(), [&](const TagPtr& tag) { return tag->name.starts_with(prefix); });
  std::vector<TagPtr> tags(begin, end);
  if (!staging) return tags;
  for (TagPtr& tag : tags) {
    TagPtr staged = staging->FindDefinition(tag->id, mark);
    if (staged) tag = std::move(staged);
  }
  std::vector<TagPtr> added = staging->NewTags(mark);
  std::erase_if(added, [&](const TagPtr& tag) { return !tag->name.starts_with(prefix); });
  const auto middle = tags.insert(tags.end(), added.begin(), added.end());
  std::inplace_merge(tags.begin(), middle, tags.end(),
                     [](const TagPtr& a, const TagPtr& b) { return a->name < b->name; });
  return tags;
}

ReadView ReadView::WithoutStaging() const {
  return {snapshot, nullptr, kMarkNow, staging ? staging->SpillsAt(mark) : spills, nullptr};
}

int64_t ReadView::LatestTsMax(TagId tag) const {
  int64_t latest_us = std::max(kTsMin, snapshot->buffer().LastTs(tag));
  for (const std::shared_ptr<Chunk>& chunk : snapshot->chunks()) {
    latest_us = std::max(latest_us, chunk->LatestTs(tag));
  }
  return latest_us;
}

Status ReadView::FindSources(TagId tag, int64_t ts_from, int64_t ts_to, Sources& out) const {
  for (const std::shared_ptr<Chunk>& chunk : snapshot->chunks()) {
    ++out.chunks_considered;
    if (chunk->state() == ChunkState::kSealed) {
      const ChunkSummary summary = chunk->summary();
      if (summary.ts_min_us > ts_to || summary.ts_max_us < ts_from || summary.tag_min > tag ||
          summary.tag_max < tag) {
        ++out.chunks_pruned;
        continue;
      }
    }
    const size_t before = out.blocks.size();
    const Result<uint32_t> pruned =
        chunk->FindBlocks(tag, ts_from, ts_to, snapshot->lsn(), out.blocks);
    const std::string damage =
        pruned.ok() ? chunk->TakeDamage() : std::string(pruned.status().message());
    if (!damage.empty()) NoteDamage(snapshot->engine(), damage);
    XTDB_RETURN_IF_ERROR(pruned.status());
    const auto found = static_cast<uint32_t>(out.blocks.size() - before);
    const uint32_t hidden = HideBefore(snapshot->horizon(), before, out.blocks);
    out.blocks_pruned += pruned.value() + hidden;
    out.blocks_considered += pruned.value() + found;
  }
  const SpillGroups own = staging ? staging->SpillsAt(mark) : spills;
  for (const auto& group : own) group->FindBlocks(tag, ts_from, ts_to, out.blocks);
  std::stable_sort(out.blocks.begin(), out.blocks.end(), [](const BlockRef& a, const BlockRef& b) {
    return a.entry->ts_min_us < b.entry->ts_min_us;
  });
  snapshot->buffer().RunsAt(tag, snapshot->lsn(), ts_from, ts_to, out.runs);
  if (staging) {
    std::optional<MemoryRun> staged = staging->RunAt(tag, mark, ts_from, ts_to);
    if (staged) out.runs.push_back(std::move(*staged));
  }
  return Status();
}

Result<std::shared_ptr<LoadedBlock>> ReadView::Load(const BlockRef& block, BlockUse use) const {
  auto loaded = snapshot->engine().block_reader().Read(
      *block.entry, block.chunk->header().chunk_sequence, block.entry_index,
      block.chunk->layout().ExtentOffset(block.entry_index), use, block.is_rolled_back);
  if (!loaded.ok() && loaded.status().code() != StatusCode::kRolledBack) {
    NoteDamage(snapshot->engine(), std::string(loaded.status().message()));
  }
  return loaded;
}

}  // namespace xtdb
