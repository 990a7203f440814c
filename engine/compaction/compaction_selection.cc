#include "engine/compaction/compaction_selection.h"

#include <algorithm>
#include <iterator>

namespace xtdb {
namespace {

SourceRange PlaceOfChunk(const std::shared_ptr<Chunk>& chunk) { return PlaceOf(chunk->header()); }

// The chunks of one place.
struct Unit {
  SourceRange place;
  ChunkList chunks;
  bool IsRaw() const { return chunks.front()->header().kind == ChunkKind::kRaw; }
  bool IsSealed() const {
    return std::all_of(chunks.begin(), chunks.end(),
                       [](const auto& chunk) { return chunk->state() == ChunkState::kSealed; });
  }
};

std::vector<Unit> UnitsOf(ChunkList chunks) {
  std::stable_sort(chunks.begin(), chunks.end(), [](const auto& a, const auto& b) {
    return PlaceOfChunk(a).first < PlaceOfChunk(b).first;
  });
  std::vector<Unit> units;
  for (auto& chunk : chunks) {
    const SourceRange place = PlaceOfChunk(chunk);
    if (units.empty() || units.back().place != place) units.push_back({place, {}});
    units.back().chunks.push_back(std::move(chunk));
  }
  return units;
}

bool MayJoin(const Unit& unit, const CompactionNeed& need) {
  return unit.IsSealed() && unit.place.first > need.after_sequence &&
         (need.scope == CompactionScope::kAll || unit.IsRaw());
}

bool HasHidden(const Unit& unit, const Horizon& horizon) {
  return std::any_of(unit.chunks.begin(), unit.chunks.end(), [&](const auto& chunk) {
    const ChunkSummary summary = chunk->summary();
    return summary.ts_min_us < horizon.before_us && summary.last_flush_lsn < horizon.lsn;
  });
}

// Whether compacting these changes anything that is worth it.
bool IsWorthIt(const std::vector<Unit>& run, const CompactionNeed& need) {
  if (run.empty()) return false;
  if (need.scope == CompactionScope::kDue) {
    return run.size() >= std::min(need.due_chunks, need.run_chunks_max);
  }
  return run.size() > 1 || run.front().IsRaw() || HasHidden(run.front(), need.horizon);
}

}  // namespace

ChunkList SelectForCompaction(const ChunkList& chunks, const CompactionNeed& need) {
  std::vector<Unit> run;
  size_t run_chunks = 0;
  for (Unit& unit : UnitsOf(chunks)) {
    const bool joins = MayJoin(unit, need);
    const bool is_full = run_chunks + unit.chunks.size() > need.run_chunks_max && !run.empty();
    if (!joins || is_full) {
      if (IsWorthIt(run, need)) break;
      run.clear();
      run_chunks = 0;
    }
    if (!joins) continue;
    run_chunks += unit.chunks.size();
    run.push_back(std::move(unit));
  }
  if (!IsWorthIt(run, need)) return {};
  ChunkList selected;
  for (Unit& unit : run) std::ranges::move(unit.chunks, std::back_inserter(selected));
  return selected;
}

ChunkList OlderThan(const ChunkList& inputs, const ChunkList& chunks) {
  const SourceRange place = PlaceOfAll(inputs);
  ChunkList older;
  for (const auto& chunk : chunks) {
    if (std::find(inputs.begin(), inputs.end(), chunk) != inputs.end()) continue;
    if (MayBeOlder(PlaceOfChunk(chunk), place)) older.push_back(chunk);
  }
  return older;
}

SourceRange PlaceOfAll(const ChunkList& inputs) {
  SourceRange place = PlaceOfChunk(inputs.front());
  for (const auto& chunk : inputs) {
    place.first = std::min(place.first, PlaceOfChunk(chunk).first);
    place.last = std::max(place.last, PlaceOfChunk(chunk).last);
  }
  return place;
}

}  // namespace xtdb
