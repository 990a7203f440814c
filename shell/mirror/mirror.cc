#include "shell/mirror/mirror.h"

#include <algorithm>
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

// Whether nothing came before the window since the mark. Where retention has gone on, fewer points
// count than did, and the numbers do not tell.
Result<bool> IsWindowEnough(const ReadView& view, const TagPtr& tag,
                            const std::optional<MirrorMark>& mark) {
  if (!mark || mark->horizon_us != view.snapshot->horizon().before_us) return false;
  XTDB_ASSIGN_OR_RETURN(const uint64_t before, CountBefore(view, tag, mark->window_from_us));
  return before <= mark->points_before;
}

}  // namespace

Status Mirror::Update(const ReadView& view, const std::vector<TagPtr>& tags, bool full,
                      const ProgressFn& on_progress) {
  XTDB_RETURN_IF_ERROR(tables_.Begin());
  Status done = full ? tables_.Clear() : Status();
  if (done.ok()) done = UpdateTags(view, tags, on_progress);
  if (done.ok()) done = tables_.Commit();
  if (!done.ok()) tables_.Rollback();
  return done;
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
  XTDB_ASSIGN_OR_RETURN(const std::optional<MirrorMark> mark, tables_.Mark(tag->name));
  XTDB_RETURN_IF_ERROR(tables_.SetLatest(tag->name, summary.last));
  if (summary.points == 0 && !mark) return {};
  XTDB_ASSIGN_OR_RETURN(const bool window_is_enough, IsWindowEnough(view, tag, mark));
  int64_t whole_from_us = view.snapshot->horizon().before_us;
  if (mark) whole_from_us = std::min(whole_from_us, mark->window_from_us);
  // What retention has let go stays in the mirror.
  const int64_t from_us =
      window_is_enough || summary.points == 0 ? mark->window_from_us : summary.first_ts_us;
  XTDB_RETURN_IF_ERROR(UpdateRollups(view, tag, from_us, whole_from_us));
  if (summary.points == 0) return {};
  // A wrong clock's point in the future must not keep the present out.
  const int64_t newest_us = std::min(summary.last_ts_us, clock_.NowUs());
  MirrorMark next;
  next.window_from_us = std::max(newest_us - overlap_us_, kTsMin);
  XTDB_ASSIGN_OR_RETURN(next.points_before, CountBefore(view, tag, next.window_from_us));
  next.horizon_us = view.snapshot->horizon().before_us;
  return tables_.SetMark(tag->name, next);
}

Status Mirror::UpdateRollups(const ReadView& view, const TagPtr& tag, int64_t from_us,
                             int64_t whole_from_us) {
  for (size_t i = 0; i < tables_.rollups().size(); ++i) {
    SeriesRequest request;
    request.buckets.buckets = tables_.rollups()[i].buckets;
    request.buckets.wanted = {.ends = true, .m2 = false, .weights = false};
    const int64_t bucket_us = std::max(request.buckets.buckets.FloorOf(from_us), kTsMin);
    request.CutTo(bucket_us, kTsMax);
    PlanCounters counters;
    XTDB_ASSIGN_OR_RETURN(const auto series, BucketSeries::Make(view, tag, request, counters));
    XTDB_RETURN_IF_ERROR(tables_.SetRollup(i, *tag, bucket_us, whole_from_us, *series));
  }
  return {};
}

}  // namespace xtdb
