#include "engine/wal/log_replay.h"

#include <set>
#include <string>

#include "engine/wal/log_records.h"

namespace xtdb {

namespace {

Status Corrupt(const LogRecord& record, const std::string& what) {
  return Status::Corruption("log record at LSN " + std::to_string(record.lsn) + ": " + what);
}

}  // namespace

Status LogReplay::Apply(const LogRecord& record) {
  if (record.type == FrameType::kFlush) return ApplyFlush(record);
  if (record.type == FrameType::kDrop) return ApplyDrop(record);
  if (record.type == FrameType::kCompact) return ApplyCompact(record);
  if (record.transaction == kNoLsn) return Corrupt(record, "belongs to no transaction");
  if (record.transaction != pending_.transaction) {
    XTDB_RETURN_IF_ERROR(Settle());
    pending_.transaction = record.transaction;
  }
  return ApplyToTransaction(record);
}

Status LogReplay::ApplyToTransaction(const LogRecord& record) {
  if (record.type == FrameType::kPrepare) return ApplyPrepare(record);
  pending_.prepare_lsn = kNoLsn;
  ++pending_.record_count;
  switch (record.type) {
    case FrameType::kAbort:
      // One that stands alone only says that what is before it is decided.
      if (pending_.record_count > 1) ++withdrawn_;
      pending_ = {};
      return Status();
    case FrameType::kDefineTag: {
      XTDB_ASSIGN_OR_RETURN(TagDefinition definition, DecodeTagDefinition(record.payload));
      dictionary_.ReserveIdsBelow(definition.id + 1);
      pending_.definitions.push_back(std::move(definition));
      return Status();
    }
    case FrameType::kPoints:
      return DecodePoints(record.payload, [&](TagId tag, PointColumns&& rows) {
        AddGroup(tag, std::move(rows));
        return Status();
      });
    case FrameType::kBlocks: {
      XTDB_ASSIGN_OR_RETURN(FlushRecord blocks, DecodeFlush(record.payload));
      pending_.blocks.emplace_back(record.lsn, std::move(blocks));
      return Status();
    }
    default:
      return Status::Unsupported("log record at LSN " + std::to_string(record.lsn) + " of type " +
                                 std::to_string(static_cast<int>(record.type)) +
                                 ": written by a newer xTdb; open the container with that");
  }
}

// A long transaction has several groups of a tag, one behind the other. They are one commit, and so
// one run: the order within it could not be told from two runs of one LSN.
void LogReplay::AddGroup(TagId tag, PointColumns&& rows) {
  pending_.point_count += rows.size();
  if (!pending_.groups.empty()) {
    auto& [last_tag, last_rows] = pending_.groups.back();
    if (last_tag == tag && last_rows.type == rows.type) {
      return last_rows.AppendRange(rows, 0, rows.size());
    }
  }
  pending_.groups.emplace_back(tag, std::move(rows));
}

Status LogReplay::ApplyPrepare(const LogRecord& record) {
  XTDB_ASSIGN_OR_RETURN(const PrepareRecord prepare, DecodePrepare(record.payload));
  if (prepare.point_count != pending_.point_count ||
      prepare.record_count != pending_.record_count) {
    return Corrupt(record, "PREPARE counts " + std::to_string(prepare.point_count) + " points in " +
                               std::to_string(prepare.record_count) + " records, the log has " +
                               std::to_string(pending_.point_count) + " in " +
                               std::to_string(pending_.record_count));
  }
  pending_.prepare_lsn = record.lsn;
  return Status();
}

Status LogReplay::Settle() {
  const PendingTransaction settled = std::move(pending_);
  pending_ = {};
  if (settled.transaction == kNoLsn) return Status();
  if (!settled.prepared()) {
    ++withdrawn_;
    return Status();
  }
  XTDB_RETURN_IF_ERROR(settled.Commit(dictionary_, buffer_, chunks_));
  last_lsn_ = settled.prepare_lsn;
  if (!settled.blocks.empty()) ++flushes_;
  ++transactions_;
  points_ += settled.point_count;
  return Status();
}

Status LogReplay::ApplyFlush(const LogRecord& record) {
  XTDB_RETURN_IF_ERROR(Settle());
  XTDB_ASSIGN_OR_RETURN(const FlushRecord flush, DecodeFlush(record.payload));
  XTDB_RETURN_IF_ERROR(chunks_.Replay(flush, record.lsn));
  std::set<TagId> tags(flush.mixed_tags.begin(), flush.mixed_tags.end());
  for (const PlacedEntry& placed : flush.entries) {
    if (placed.entry.kind == BlockKind::kPoints) tags.insert(placed.entry.tag_id);
  }
  for (const TagId tag : tags) buffer_.Retire(tag, record.lsn);
  if (!keep_retired_) buffer_.Reclaim({});
  last_lsn_ = record.lsn;
  ++flushes_;
  return Status();
}

PendingTransaction LogReplay::TakeUndecided() {
  if (!pending_.prepared()) return {};
  return std::exchange(pending_, {});
}

Status LogReplay::ApplyDrop(const LogRecord& record) {
  XTDB_RETURN_IF_ERROR(Settle());
  XTDB_ASSIGN_OR_RETURN(const DropRecord drop, DecodeDrop(record.payload));
  XTDB_RETURN_IF_ERROR(chunks_.ReplayDrop(drop, record.lsn));
  last_lsn_ = record.lsn;
  return Status();
}

Status LogReplay::ApplyCompact(const LogRecord& record) {
  XTDB_RETURN_IF_ERROR(Settle());
  XTDB_ASSIGN_OR_RETURN(const CompactRecord compact, DecodeCompact(record.payload));
  XTDB_RETURN_IF_ERROR(chunks_.ReplayCompact(compact, record.lsn));
  last_lsn_ = record.lsn;
  ++flushes_;
  return Status();
}

Status LogReplay::Finish() { return Settle(); }

}  // namespace xtdb
