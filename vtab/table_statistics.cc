#include "vtab/table_statistics.h"

namespace xtdb {

TableStatistics TableStatistics::Of(const Snapshot& snapshot) {
  // Of a table that has little yet: it may have more when the statement runs.
  constexpr double kPointsMin = 1000;
  TableStatistics statistics;
  statistics.points = 0;
  statistics.buffered = static_cast<double>(snapshot.buffer().point_count());
  statistics.tags = std::max(1.0, static_cast<double>(snapshot.tags().size()));
  int64_t least_us = kTsMax, greatest_us = kTsMin;
  for (const std::shared_ptr<Chunk>& chunk : snapshot.chunks()) {
    const ChunkSummary summary = chunk->summary();
    if (summary.block_count == 0) continue;
    statistics.points += static_cast<double>(summary.point_count);
    least_us = std::min(least_us, summary.ts_min_us);
    greatest_us = std::max(greatest_us, summary.ts_max_us);
  }
  statistics.buffered = std::max(statistics.buffered, kPointsMin - statistics.points);
  if (least_us > greatest_us) return statistics;
  statistics.ts_min_us = least_us;
  statistics.ts_max_us = greatest_us;
  return statistics;
}

double TableStatistics::PointsOfTag(int64_t from_us, int64_t to_us) const {
  if (from_us > to_us) return 0;
  const int64_t first_us = std::max(from_us, ts_min_us), last_us = std::min(to_us, ts_max_us);
  const double span_us = static_cast<double>(ts_max_us - ts_min_us) + 1;
  double found = to_us > ts_min_us ? buffered : 0;
  if (first_us <= last_us) {
    found += points * (static_cast<double>(last_us - first_us) + 1) / span_us;
  }
  return found / tags;
}

}  // namespace xtdb
