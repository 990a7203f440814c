#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/block_format.h"

namespace xtdb {

// The table of a MIXED block: short runs of many tags, one vector a row, by tag and time. A row
// takes some 18 bytes where a vector table's has 72: of such vectors nobody asks for statistics.
// Layout: docs/format.md, "MIXED blocks".

// A vector of a MIXED block, for who writes one.
struct MixedVector {
  TagId tag_id = kNoTag;
  ValueType type = ValueType::kNone;
  VectorEntry entry;  // ts range, size, CRC, count, deleted_count; the rest is not kept
};

// Appends the table of `vectors`, which are sorted by (tag, ts); the first tag and time are those
// of the block.
void AppendMixedTable(std::span<const MixedVector> vectors, std::vector<std::byte>& out);
// Bytes of the row for `vector` behind `previous` (null: it is the first) in a block that begins at
// `ts_min_us`.
size_t MixedRowBytes(const MixedVector& vector, const MixedVector* previous, int64_t ts_min_us);

// Reads the rows that `head` counts; its CRC has been checked. kCorruption unless they fill the
// table and fit the head.
Status DecodeMixedTable(std::span<const std::byte> table, const BlockHead& head,
                        std::vector<VectorEntry>& vectors, std::vector<TagRun>& runs);

}  // namespace xtdb
