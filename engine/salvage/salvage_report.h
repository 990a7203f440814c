#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/types.h"

namespace xtdb {

// What a salvage brought back of one tag.
struct SavedTag {
  std::string name;
  TagId id = kNoTag;  // in the damaged container
  uint64_t points = 0;
  int64_t ts_min_us = 0;  // meaningless without points
  int64_t ts_max_us = -1;
};

// Something that was there and could not be read.
struct SalvageLoss {
  std::string tag;  // empty: not known, or several
  int64_t ts_min_us = 0;
  int64_t ts_max_us = -1;  // below ts_min_us: the time range is not known
  uint64_t points = 0;     // tombstones included; 0: not known
  std::string what;        // "chunk 3 (slot 2), block 17, vector 1: checksum"
};

// Saved points that stand where something later was lost, which may have replaced or deleted them.
struct DoubtfulRange {
  std::string tag;
  int64_t ts_min_us = 0;
  int64_t ts_max_us = 0;
  uint64_t points = 0;
};

struct SalvageReport {
  uint64_t chunk_size_bytes = 0;
  uint64_t blocks = 0;           // found
  uint64_t vectors = 0;          // read
  uint64_t vectors_damaged = 0;  // of those blocks
  uint64_t points = 0;           // saved
  uint64_t points_from_log = 0;  // of them, those that the log alone had
  uint64_t log_transactions = 0;
  int64_t ts_min_us = 0;
  int64_t ts_max_us = -1;
  std::vector<SavedTag> tags;  // by name
  std::vector<SalvageLoss> losses;
  std::vector<DoubtfulRange> doubtful;
  std::vector<std::string> notes;  // damage that cost nothing

  bool complete() const { return losses.empty(); }
};

}  // namespace xtdb
