#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/io/clock.h"
#include "engine/read_view.h"
#include "shell/mirror/mirror_tables.h"

namespace xtdb {

// Keeps the tables of a mirror database like a container: the newest point of each tag, and buckets
// of it. Of each tag the buckets are computed again from `overlap_us` before its newest point on;
// all of them, if the number of points before that has grown, since some came late. A change of
// points that were there, and a deletion, is not seen before that. What the container lets go
// stays: a bucket before a tag's first point, or with fewer values than it had, is not written
// again.
//
// Ownership: borrows `tables` and `clock`.
// Threads:   one at a time.
class Mirror {
 public:
  Mirror(MirrorTables& tables, Clock& clock, int64_t overlap_us)
      : tables_(tables), clock_(clock), overlap_us_(overlap_us) {}

  // Called between tags, with how many are done; an error ends the run.
  using ProgressFn = std::function<Status(size_t done, size_t of)>;
  // Brings the tables to what the view shows, in one transaction: on an error nothing of it.
  //   full: forgets what is there
  Status Update(const ReadView& view, const std::vector<TagPtr>& tags, bool full,
                const ProgressFn& on_progress);

 private:
  // Renames what is renamed. A container that is older than the mirror was restored from a backup:
  // then everything is looked at again, and tags that it does not have go.
  Status FollowContainer(const ReadView& view);
  Status UpdateTags(const ReadView& view, const std::vector<TagPtr>& tags,
                    const ProgressFn& on_progress);
  Status UpdateTag(const ReadView& view, const TagPtr& tag);
  Status UpdateRollups(const ReadView& view, const TagPtr& tag, const RollupScope& scope);

  MirrorTables& tables_;
  Clock& clock_;
  const int64_t overlap_us_;
};

}  // namespace xtdb
