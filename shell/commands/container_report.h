#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/storage_engine.h"
#include "planner/tag_summary.h"

namespace xtdb {

struct TagReport {
  TagPtr tag;
  TagSummary summary;
};

// What `stats` shows of a container.
struct ContainerReport {
  EngineStats stats;
  uint64_t log_bytes = 0;  // on disk, also where it is read and not written
  uint64_t chunk_size_bytes = 0;
  uint64_t sealed_chunks = 0;
  uint64_t blocks = 0;
  uint64_t block_bytes = 0;
  uint64_t points = 0;
  int64_t first_ts_us = 0;  // meaningless if points is 0
  int64_t last_ts_us = 0;
  std::vector<TagReport> tags;  // by name

  uint64_t disk_bytes() const { return stats.container_disk_bytes + log_bytes; }
};
Result<ContainerReport> MakeContainerReport(StorageEngine& engine);

// "71.25", "text", "NULL", "-" without a point.
std::string ValueText(const std::optional<FoundPoint>& point);

}  // namespace xtdb
