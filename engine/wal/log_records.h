#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/catalog/tag_definition.h"
#include "engine/wal/flush_record.h"

namespace xtdb {

// Payloads of the log's records; byte layout in docs/format-log.md, "Records". Encoders append to
// `out`; decoders trust nothing, allocate no more than the bytes present justify, and answer
// kCorruption to what no encoder writes.

// POINTS: appends rows [begin, end) of `columns` as one group of the payload, in their order (times
// may repeat and go backwards). end > begin; times lie within kTsMin .. kTsMax.
// A payload of several groups is made by several calls; keep it below kRecordBytesMax.
void AppendPointsGroup(TagId tag_id, const PointColumns& columns, size_t begin, size_t end,
                       std::vector<std::byte>& out);
// An upper bound of what AppendPointsGroup appends.
size_t PointsGroupBytesMax(const PointColumns& columns, size_t begin, size_t end);

using PointsGroupFn = std::function<Status(TagId, PointColumns&&)>;
// Hands each group to `take`, whose error is returned as it is. A group is checked before it is
// handed out, the payload as a whole is not.
Status DecodePoints(std::span<const std::byte> payload, const PointsGroupFn& take);

// DEFINE_TAG. Asserts the lengths of tag_definition.h.
void AppendTagDefinition(const TagDefinition& definition, std::vector<std::byte>& out);
Result<TagDefinition> DecodeTagDefinition(std::span<const std::byte> payload);

// PREPARE: the transaction is complete; it counts unless a later frame of it, or ABORT, follows.
struct PrepareRecord {
  uint64_t point_count = 0;
  uint64_t record_count = 0;  // of this transaction before PREPARE
  int64_t time_us = 0;        // wall clock
  bool operator==(const PrepareRecord&) const = default;
};
static_assert(sizeof(PrepareRecord) == 24);

void AppendPrepare(const PrepareRecord& record, std::vector<std::byte>& out);
Result<PrepareRecord> DecodePrepare(std::span<const std::byte> payload);

// ABORT has no payload.
Status DecodeAbort(std::span<const std::byte> payload);

}  // namespace xtdb
