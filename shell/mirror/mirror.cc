#include "shell/mirror/mirror.h"

#include <algorithm>
#include <map>
#include <utility>

#include "planner/tag_summary.h"

namespace xtdb {
namespace {

// How many points a tag has before a time; from statistics, but for the vector that it lies in.
Result<uint64_t> CountBefore(const ReadView& view, const TagPtr& tag, int64_t before_us) {
  if (before_us <= kTsMin) return uint64_t{0};
  SeriesRequest request;
  request.buckets.ts_to_us = before_us - 1;
  request.buckets.accept = Accept::kAll;
  request.buckets.wanted = {.ends = false, .m2 = false, .weights = false};
  PlanCounters counters;
  XTDB_ASSIGN_OR_RETURN(const auto series, BucketSeries::Make(view, tag, request, counters));
  XTDB_ASSIGN_OR_RETURN(const std::optional<SeriesRow> row, series->Next());
  return row ? row->tally.points : 0;
}

// Whether nothing came before the window since the mark. Where the container has let points go, it
// has fewer than it had, and the numbers do not tell.
Result<bool> IsWindowEnough(const ReadView& view, const TagPtr& tag, const MirrorMark& mark,
                            int64_t first_us) {
  if (!mark.points_before || mark.horizon_us != view.snapshot->horizon().before_us) return false;
  if (first_us > mark.first_us) return false;
  XTDB_ASSIGN_OR_RETURN(const uint64_t before, CountBefore(view, tag, mark.window_from_us));
  return before <= *mark.points_before;
}

}  // namespace

Status Mirror::Update(const ReadView& view, const std::vector<TagPtr>& tags, bool full,
                      const ProgressFn& on_progress) {
  XTDB_RETURN_IF_ERROR(tables_.Begin());
  Status done = full ? tables_.Clear() : FollowContainer(view);
  if (done.ok()) done = UpdateTags(view, tags, on_progress);
  if (done.ok()) done = tables_.SetMirroredLsn(view.snapshot->lsn());
  if (done.ok()) done = tables_.Commit();
  if (!done.ok()) tables_.Rollback();
  return done;
}

Status Mirror::FollowContainer(const ReadView& view) {
  using Tags = std::map<TagId, std::string>;
  XTDB_ASSIGN_OR_RETURN(const Tags marked, tables_.MarkedTags());
  XTDB_ASSIGN_OR_RETURN(const LSN mirrored_lsn, tables_.MirroredLsn());
  if (view.snapshot->lsn() < mirrored_lsn) {
    // It was restored: numbers of tags may have been given again since.
    for (const auto& [id, name] : marked) {
      if (view.FindTag(name) == nullptr) XTDB_RETURN_IF_ERROR(tables_.Remove(name));
    }
    return tables_.ForgetMarks();
  }
  std::vector<MirrorTables::NewName> names;
  for (const auto& [id, name] : marked) {
    const TagPtr tag = view.FindTag(id);
    if (tag != nullptr && tag->name != name) names.push_back({id, name, tag->name});
  }
  return names.empty() ? Status() : tables_.Rename(names);
}

Status Mirror::UpdateTags(const ReadView& view, const std::vector<TagPtr>& tags,
                          const ProgressFn& on_progress) {
  for (size_t i = 0; i < tags.size(); ++i) {
    XTDB_RETURN_IF_ERROR(on_progress(i, tags.size()));
    XTDB_RETURN_IF_ERROR(UpdateTag(view, tags[i]).WithContext("tag '" + tags[i]->name + "'"));
  }
  return {};
}

Status Mirror::UpdateTag(const ReadView& view, const TagPtr& tag) {
  XTDB_ASSIGN_OR_RETURN(const TagSummary summary, SummarizeTag(view, tag, nullptr));
  XTDB_ASSIGN_OR_RETURN(const std::optional<MirrorMark> mark, tables_.Mark(tag->id));
  XTDB_RETURN_IF_ERROR(tables_.SetLatest(tag->name, summary.last));
  if (summary.points == 0 && !mark) return {};
  MirrorMark next;
  next.horizon_us = next.kept_from_us = view.snapshot->horizon().before_us;
  RollupScope scope;
  scope.from_us = summary.first_ts_us;
  scope.kept_from_us = next.kept_from_us;
  if (mark) {
    next.kept_from_us = std::max(next.kept_from_us, mark->kept_from_us);
    // Whole chunks have gone, or what was oldest was deleted.
    if (summary.points > 0 && summary.first_ts_us > mark->first_us) {
      next.kept_from_us = std::max(next.kept_from_us, summary.first_ts_us);
    }
    scope.kept_from_us = next.kept_from_us;
    scope.window_from_us = mark->window_from_us;
    XTDB_ASSIGN_OR_RETURN(const bool window_is_enough,
                          IsWindowEnough(view, tag, *mark, summary.first_ts_us));
    if (window_is_enough || summary.points == 0) scope.from_us = mark->window_from_us;
  }
  XTDB_RETURN_IF_ERROR(UpdateRollups(view, tag, scope));
  if (summary.points == 0) return {};
  // A wrong clock's point in the future must not keep the present out.
  const int64_t newest_us = std::min(summary.last_ts_us, clock_.NowUs());
  next.window_from_us = std::max(newest_us - overlap_us_, kTsMin);
  next.first_us = summary.first_ts_us;
  XTDB_ASSIGN_OR_RETURN(next.points_before, CountBefore(view, tag, next.window_from_us));
  return tables_.SetMark(*tag, next);
}

Status Mirror::UpdateRollups(const ReadView& view, const TagPtr& tag, const RollupScope& scope) {
  for (size_t i = 0; i < tables_.rollups().size(); ++i) {
    SeriesRequest request;
    request.buckets.buckets = tables_.rollups()[i].buckets;
    request.buckets.wanted = {.ends = true, .m2 = false, .weights = false};
    const auto floor_of = [&request](int64_t ts_us) {
      return std::max(request.buckets.buckets.FloorOf(ts_us), kTsMin);
    };
    RollupScope whole;
    whole.from_us = floor_of(scope.from_us);
    whole.window_from_us = floor_of(scope.window_from_us);
    // What lies in the window is looked at each time.
    const bool has_window = scope.window_from_us > kTsMin;
    whole.kept_from_us =
        has_window ? std::min(scope.kept_from_us, whole.window_from_us) : scope.kept_from_us;
    request.CutTo(whole.from_us, kTsMax);
    PlanCounters counters;
    XTDB_ASSIGN_OR_RETURN(const auto series, BucketSeries::Make(view, tag, request, counters));
    XTDB_RETURN_IF_ERROR(tables_.SetRollup(i, *tag, whole, *series));
  }
  return {};
}

}  // namespace xtdb
