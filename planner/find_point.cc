#include <algorithm>
#include <utility>

#include "planner/plan.h"
#include "planner/tag_stream.h"
#include "planner/view_sources.h"

namespace xtdb {
namespace {

// A source by its end; one of the two.
struct EndingSource {
  int64_t end_us = kTsMin;
  const BlockRef* block = nullptr;
  const MemoryRun* run = nullptr;
};

// The one that ends last comes first.
std::vector<EndingSource> ByEnd(const ReadView::Sources& sources) {
  std::vector<EndingSource> ending;
  ending.reserve(sources.blocks.size() + sources.runs.size());
  for (const BlockRef& block : sources.blocks) {
    ending.push_back({block.entry->ts_max_us, &block, nullptr});
  }
  for (const MemoryRun& run : sources.runs) {
    if (!run.columns->empty()) ending.push_back({run.columns->ts_us.back(), nullptr, &run});
  }
  std::sort(ending.begin(), ending.end(),
            [](const EndingSource& a, const EndingSource& b) { return a.end_us > b.end_us; });
  return ending;
}

// The tag's last row in a source, which may be hidden or out of the range. No columns: it has none.
struct LastRow {
  std::shared_ptr<const PointColumns> columns;
  int64_t ts_us() const { return columns->ts_us.back(); }
};

Result<LastRow> ReadLastRow(const ReadView& view, TagId tag, const EndingSource& source,
                            PlanCounters& counters) {
  if (source.run != nullptr) return LastRow{source.run->columns};
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<LoadedBlock> block,
                        view.Load(*source.block, BlockUse::kFewPoints));
  ++counters.blocks_read;
  const VectorTable table = block->TableOf(tag);
  // A block of many tags, between which this one is not?
  if (table.vectors.empty()) return LastRow();
  const size_t index = table.first_vector + table.vectors.size() - 1;
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<const PointColumns> rows,
                        block->VectorAt(index, table.type));
  ++counters.vectors_decoded;
  counters.vectors_pruned += table.vectors.size() - 1;
  return LastRow{std::move(rows)};
}

bool IsWanted(const TagPtr& tag, const PointSearch& search, const PointColumns& columns) {
  const size_t row = columns.size() - 1;
  if (tag->type == ValueType::kFloat64 && IsInteger(columns.type)) return false;
  uint8_t is_wanted = (columns.flags[row] & kPointDeleted) == 0 ? 1 : 0;
  if (search.filter != nullptr && !search.filter->accepts_all()) {
    search.filter->Apply(columns, row, row + 1, &is_wanted);
  }
  return is_wanted != 0;
}

// The last point without a merge: the latest of the sources' last rows, if no two are at its time.
// Nothing: it takes a merge to know.
Result<std::optional<FoundPoint>> FindAtEnd(const ReadView& view, const TagPtr& tag,
                                            const PointSearch& search,
                                            const ReadView::Sources& sources,
                                            PlanCounters& counters) {
  LastRow last;
  for (const EndingSource& source : ByEnd(sources)) {
    if (source.end_us > search.ts_to_us) return std::optional<FoundPoint>();
    if (last.columns != nullptr && source.end_us < last.ts_us()) break;
    XTDB_ASSIGN_OR_RETURN(LastRow row, ReadLastRow(view, tag->id, source, counters));
    if (row.columns == nullptr || row.ts_us() < search.ts_from_us) continue;
    if (source.block != nullptr && row.ts_us() < source.block->first_visible_us) continue;
    if (last.columns != nullptr && row.ts_us() == last.ts_us()) return std::optional<FoundPoint>();
    if (last.columns == nullptr || row.ts_us() > last.ts_us()) last = std::move(row);
  }
  if (last.columns == nullptr || !IsWanted(tag, search, *last.columns)) {
    return std::optional<FoundPoint>();
  }
  return std::optional(FoundPoint::At(*last.columns, last.columns->size() - 1));
}

Result<std::optional<FoundPoint>> FindInWindow(const ReadView& view, const TagPtr& tag,
                                               const PointSearch& search, PlanCounters& counters) {
  XTDB_ASSIGN_OR_RETURN(ReadView::Sources sources, FindTagSources(view, tag->id, search.ts_from_us,
                                                                  search.ts_to_us, counters));
  if (search.staged != nullptr) sources.runs.push_back(*search.staged);
  if (search.last) {
    XTDB_ASSIGN_OR_RETURN(std::optional<FoundPoint> found,
                          FindAtEnd(view, tag, search, sources, counters));
    if (found) return found;
  }
  const StreamOptions options = {.ts_from_us = search.ts_from_us,
                                 .ts_to_us = search.ts_to_us,
                                 .descending = search.last,
                                 .few_points = true,
                                 .filter = search.filter,
                                 .counters = &counters};
  TagStream stream(tag, MakePointSources(view, tag->id, sources, counters), options);
  XTDB_ASSIGN_OR_RETURN(const Batch* batch, stream.Next());
  if (batch == nullptr) return std::optional<FoundPoint>();
  return std::optional<FoundPoint>(
      FoundPoint::At(*batch->columns, batch->reversed ? batch->end - 1 : batch->begin));
}

}  // namespace

FoundPoint FoundPoint::At(const PointColumns& columns, size_t row) {
  FoundPoint found;
  found.type = columns.type;
  found.point = columns.At(row);
  found.text = found.point.text;
  found.point.text = found.text;
  return found;
}

FoundPoint::FoundPoint(const FoundPoint& other)
    : point(other.point), type(other.type), text(other.text) {
  point.text = text;
}

FoundPoint::FoundPoint(FoundPoint&& other) noexcept
    : point(other.point), type(other.type), text(std::move(other.text)) {
  point.text = text;
}

FoundPoint& FoundPoint::operator=(FoundPoint other) noexcept {
  point = other.point;
  type = other.type;
  text = std::move(other.text);
  point.text = text;
  return *this;
}

// Near the end of the range from which it is sought first, so that what it costs does not grow with
// the tag's history: in windows, each much wider than the one before.
Result<std::optional<FoundPoint>> FindPointIn(const ReadView& view, const TagPtr& tag,
                                              const PointSearch& search, PlanCounters& counters) {
  constexpr int64_t kFirstWindowUs = 3'600'000'000;
  constexpr int64_t kGrowth = 64;
  PointSearch window = search;
  const bool has_own = view.staging != nullptr || search.staged != nullptr || !view.spills.empty();
  if (search.last && !has_own && search.ts_to_us > search.ts_from_us) {
    window.ts_to_us = std::min(search.ts_to_us, view.LatestTsMax(tag->id));
  }
  int64_t width_us = kFirstWindowUs;
  while (true) {
    const bool is_all = width_us >= window.ts_to_us - search.ts_from_us;
    if (search.last) {
      window.ts_from_us = is_all ? search.ts_from_us : window.ts_to_us - width_us;
    } else {
      window.ts_to_us = is_all ? search.ts_to_us : search.ts_from_us + width_us;
    }
    XTDB_ASSIGN_OR_RETURN(std::optional<FoundPoint> found,
                          FindInWindow(view, tag, window, counters));
    if (found || is_all) return found;
    width_us *= kGrowth;
    if (!search.last) window.ts_to_us = search.ts_to_us;
  }
}

Result<std::optional<FoundPoint>> FindPoint(const ReadView& view, const TagPtr& tag, int64_t ts_us,
                                            PlanCounters* counters) {
  PlanCounters own;
  const PointSearch search = {.ts_from_us = ts_us, .ts_to_us = ts_us, .last = true};
  return FindPointIn(view, tag, search, counters == nullptr ? own : *counters);
}

Result<std::optional<FoundPoint>> FindLastPoint(const ReadView& view, const TagPtr& tag,
                                                int64_t ts_us, PlanCounters* counters) {
  PlanCounters own;
  const PointSearch search = {.ts_to_us = ts_us, .last = true};
  return FindPointIn(view, tag, search, counters == nullptr ? own : *counters);
}

}  // namespace xtdb
