#include "engine/salvage/log_scavenger.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/salvage/sparse_read.h"
#include "engine/wal/compact_record.h"
#include "engine/wal/log_records.h"
#include "engine/wal/segment_ring.h"

namespace xtdb {
namespace {

constexpr uint64_t kWindowBytes = 4 * kMiB;

LogFindings::LostRun LostRows(TagId tag, LSN lsn, const PointColumns& rows, std::string what) {
  LogFindings::LostRun lost;
  lost.tag = tag;
  lost.lsn = lsn;
  lost.points = rows.size();
  if (!rows.empty()) {
    const auto [min, max] = std::minmax_element(rows.ts_us.begin(), rows.ts_us.end());
    lost.ts_min_us = *min;
    lost.ts_max_us = *max;
  }
  lost.what = std::move(what);
  return lost;
}

std::string AtLsn(const char* what, LSN lsn) { return what + std::to_string(lsn); }

}  // namespace

Result<bool> LogScavenger::BelongsToContainer() {
  XTDB_ASSIGN_OR_RETURN(file_size_, file_.Size());
  std::array<std::byte, sizeof(LogHeader)> bytes;
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, file_size_, 0, bytes));
  const Result<LogHeader> header = DecodeLogHeader(bytes);
  if (header.ok()) {
    header_ = header.value();
    const uint64_t id = ContainerIdOf(header_->container_uuid);
    if (container_id_ == 0) container_id_ = id;
    return id == container_id_;
  }
  // Segments begin at extents, and each says whose it is.
  for (uint64_t at = kExtentSizeBytes; at < file_size_; at += kExtentSizeBytes) {
    std::array<std::byte, sizeof(SegmentHeader)> place;
    XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, file_size_, at, place));
    const Result<SegmentHeader> segment = DecodeSegmentHeader(place);
    if (!segment.ok()) continue;
    if (container_id_ == 0) container_id_ = segment.value().container_id;
    if (segment.value().container_id == container_id_) return true;
  }
  return false;
}

Status LogScavenger::ScanFrames(std::vector<Frame>& frames) {
  std::vector<std::byte> window;
  uint64_t begin = 0;
  for (uint64_t at = kExtentSizeBytes; at + sizeof(FrameHeader) <= file_size_;) {
    const bool whole =
        at >= begin && at + PaddedFrameSize(kFramePayloadBytesMax) <= begin + window.size();
    if (!whole && (window.empty() || begin + window.size() < file_size_)) {
      begin = at;
      window.resize(static_cast<size_t>(std::min(kWindowBytes, file_size_ - at)));
      XTDB_RETURN_IF_ERROR(file_.ReadAt(begin, window));
    }
    const auto bytes = std::span<const std::byte>(window).subspan(at - begin);
    uint32_t magic = 0;
    std::memcpy(&magic, bytes.data(), sizeof(magic));
    uint64_t step = 8;
    if (magic == kFrameMagic) {
      const Result<FrameHeader> header = DecodeFrameHeader(bytes);
      const bool in_place = !header_ || !header.ok() ||
                            (at - kExtentSizeBytes) % header_->segment_size_bytes ==
                                header.value().lsn % header_->segment_size_bytes;
      FrameHeader raw;
      std::memcpy(&raw, bytes.data(), sizeof(raw));
      if (!header.ok()) damaged_lsn_ = std::max(damaged_lsn_, raw.lsn);
      if (header.ok() && in_place) {
        frames.push_back({header.value(), at});
        step = PaddedFrameSize(header.value().payload_size_bytes);
      }
    }
    at += step;
  }
  return Status();
}

// By LSN, without what the superblock says is in blocks, and without what a crash has left of
// earlier epochs behind frames of later ones.
Status LogScavenger::OrderFrames(const std::optional<Superblock>& superblock,
                                 std::vector<Frame>& frames) const {
  if (superblock) {
    const bool clean = superblock->log_state == LogState::kClean;
    std::erase_if(frames, [&](const Frame& frame) {
      return clean ? frame.header.epoch <= superblock->log_epoch
                   : frame.header.lsn < superblock->checkpoint_lsn;
    });
  }
  std::sort(frames.begin(), frames.end(), [](const Frame& a, const Frame& b) {
    return std::tie(a.header.lsn, b.header.epoch) < std::tie(b.header.lsn, a.header.epoch);
  });
  std::vector<Frame> kept;
  for (const Frame& frame : frames) {
    const bool is_stale = !kept.empty() && (frame.header.epoch < kept.back().header.epoch ||
                                            frame.header.lsn < EndOf(kept.back()));
    if (!is_stale) kept.push_back(frame);
  }
  frames = std::move(kept);
  return Status();
}

LSN LogScavenger::EndOf(const Frame& frame) const {
  return frame.header.lsn + PaddedFrameSize(frame.header.payload_size_bytes);
}

void LogScavenger::NoteStart(const Superblock& superblock, const std::vector<Frame>& frames,
                             bool is_newest, LogFindings& out) const {
  if (superblock.log_state == LogState::kClean) return;
  LSN begin = superblock.checkpoint_lsn;
  if (header_) begin = LogGeometry{header_->segment_size_bytes}.Normalize(begin);
  if (frames.empty() || frames.front().header.lsn <= begin) return;
  const std::string what = "log: nothing intact from LSN " + std::to_string(begin) + " to " +
                           std::to_string(frames.front().header.lsn);
  if (!is_newest) {
    out.notes.push_back(what + ", which a lost superblock may have released");
    return;
  }
  LogFindings::LostRun lost;
  lost.what = what;
  out.lost.push_back(std::move(lost));
}

// Segments are allocated whole: a file that ends within one has lost its end.
void LogScavenger::NoteCut(const std::optional<Superblock>& superblock, bool is_empty,
                           LogFindings& out) const {
  LogFindings::LostRun lost;
  if (superblock && superblock->log_state == LogState::kClean && is_empty) return;
  const uint64_t unit = header_ ? header_->segment_size_bytes : kSegmentSizeMin;
  if (file_size_ <= kExtentSizeBytes || (file_size_ - kExtentSizeBytes) % unit != 0) {
    lost.what = "log: it ends within a segment, at " + std::to_string(file_size_) + " bytes";
    out.lost.push_back(std::move(lost));
  } else if (is_empty && damaged_lsn_ >= (superblock ? superblock->checkpoint_lsn : 1)) {
    lost.what = AtLsn("log: nothing intact; a damaged frame says LSN ", damaged_lsn_);
    out.lost.push_back(std::move(lost));
  }
}

Status LogScavenger::Run(const std::optional<Superblock>& superblock, bool is_newest,
                         LogFindings& out) {
  std::vector<Frame> frames;
  XTDB_RETURN_IF_ERROR(ScanFrames(frames));
  XTDB_RETURN_IF_ERROR(OrderFrames(superblock, frames));
  if (superblock) NoteStart(*superblock, frames, is_newest, out);
  NoteCut(superblock, frames.empty(), out);
  for (size_t i = 0; i < frames.size(); ++i) {
    const bool follows = i > 0 && frames[i].header.prev_crc32 == frames[i - 1].header.crc32;
    if (i > 0 && !follows) XTDB_RETURN_IF_ERROR(NoteGap(frames[i - 1], &frames[i], out));
    XTDB_RETURN_IF_ERROR(TakeFrame(frames[i], follows, out));
  }
  if (!frames.empty()) XTDB_RETURN_IF_ERROR(NoteGap(frames.back(), nullptr, out));
  Settle(out);
  return Status();
}

// What stood between `before` and `after` (null: the end) is not to be read. If it was the ABORT of
// the transaction that is pending, then that does not count; all that is left of it is what its
// place still says.
Status LogScavenger::NoteGap(const Frame& before, const Frame* after, LogFindings& out) {
  FrameHeader raw;
  const uint64_t offset = before.offset + PaddedFrameSize(before.header.payload_size_bytes);
  XTDB_RETURN_IF_ERROR(
      ReadUpToEnd(file_, file_size_, offset, std::as_writable_bytes(std::span(&raw, 1))));
  const LSN lsn = EndOf(before);
  const bool is_frame = (raw.magic == kFrameMagic || raw.lsn == lsn) &&
                        (raw.epoch >= before.header.epoch || raw.lsn == lsn) && raw.lsn >= lsn;
  const bool is_next = raw.prev_crc32 == before.header.crc32 || is_frame;
  if (after == nullptr && !is_next) return Status();
  record_open_ = false;
  const bool of_pending = raw.transaction == pending_.transaction || raw.type == FrameType::kAbort;
  if (is_next && of_pending && pending_.transaction != kNoLsn) {
    pending_.is_damaged = true;
    pending_.prepare_lsn = kNoLsn;
  }
  LogFindings::LostRun lost;
  lost.lsn = lsn;
  lost.what = after == nullptr
                  ? AtLsn("log: an unfinished or damaged write at LSN ", lsn)
                  : AtLsn("log: damaged from LSN ", lsn) + AtLsn(" to ", after->header.lsn);
  out.lost.push_back(std::move(lost));
  return Status();
}

Status LogScavenger::TakeFrame(const Frame& frame, bool follows, LogFindings& out) {
  std::vector<std::byte> payload(frame.header.payload_size_bytes);
  XTDB_RETURN_IF_ERROR(ReadUpToEnd(file_, file_size_, frame.offset + sizeof(FrameHeader), payload));
  const bool continues = (frame.header.flags & kFrameContinuation) != 0;
  if (continues) {
    if (!record_open_ || !follows || record_.payload.size() + payload.size() > kRecordBytesMax) {
      record_open_ = false;
      if (pending_.transaction == frame.header.transaction) pending_.is_damaged = true;
      return Status();
    }
    record_.payload.insert(record_.payload.end(), payload.begin(), payload.end());
  } else {
    record_ = {frame.header.lsn, frame.header.type, frame.header.transaction, std::move(payload)};
    record_open_ = true;
  }
  if ((frame.header.flags & kFrameMore) != 0) return Status();
  record_open_ = false;
  return TakeRecord(record_, out);
}

Status LogScavenger::TakeRecord(const Record& record, LogFindings& out) {
  if (record.type == FrameType::kFlush) {
    Settle(out);
    const Result<FlushRecord> flush = DecodeFlush(record.payload);
    if (!flush.ok()) {
      out.notes.push_back(AtLsn("log: FLUSH at LSN ", record.lsn) + ": " +
                          std::string(flush.status().message()));
      return Status();
    }
    for (PlacedEntry placed : flush.value().entries) {
      placed.entry.flush_lsn = record.lsn;
      out.flushed.push_back(placed);
    }
    return Status();
  }
  if (record.type == FrameType::kCompact || record.type == FrameType::kDrop) {
    Settle(out);
    // What a DROP has let go is there as long as it was not punched, and is better told than lost.
    if (record.type == FrameType::kDrop) return Status();
    const Result<CompactRecord> compact = DecodeCompact(record.payload);
    if (!compact.ok()) {
      out.notes.push_back(AtLsn("log: COMPACT at LSN ", record.lsn) + ": " +
                          std::string(compact.status().message()));
      return Status();
    }
    for (const CompactedChunk& chunk : compact.value().outputs) {
      out.compacted.insert(chunk.chunk_sequence);
    }
    return Status();
  }
  if (record.transaction != pending_.transaction) {
    Settle(out);
    pending_.transaction = record.transaction;
    pending_.is_damaged = record.transaction != record.lsn;  // its first record is missing
  }
  TakeInTransaction(record, out);
  return Status();
}

void LogScavenger::TakeInTransaction(const Record& record, LogFindings& out) {
  if (record.type == FrameType::kPrepare) return TakePrepare(record, out);
  pending_.prepare_lsn = kNoLsn;
  ++pending_.record_count;
  if (record.type == FrameType::kAbort) {
    pending_ = {};
    return;
  }
  Status taken = Status::Unsupported("type " + std::to_string(static_cast<int>(record.type)));
  if (record.type == FrameType::kDefineTag) {
    Result<TagDefinition> definition = DecodeTagDefinition(record.payload);
    taken = definition.status();
    if (definition.ok()) {
      out.definitions[definition.value().id] = definition.value();
      pending_.definitions.push_back(std::move(definition).value());
    }
  } else if (record.type == FrameType::kBlocks) {
    const Result<FlushRecord> blocks = DecodeFlush(record.payload);
    taken = blocks.status();
    if (blocks.ok()) {
      for (PlacedEntry placed : blocks.value().entries) {
        placed.entry.flush_lsn = record.lsn;
        pending_.blocks.push_back(placed);
      }
    }
  } else if (record.type == FrameType::kPoints) {
    taken = DecodePoints(record.payload, [&](TagId tag, PointColumns&& rows) {
      pending_.point_count += rows.size();
      pending_.groups.emplace_back(tag, std::move(rows));
      return Status();
    });
  }
  if (taken.ok()) return;
  pending_.is_damaged = true;
  out.notes.push_back(AtLsn("log: record at LSN ", record.lsn) + ": " +
                      std::string(taken.message()));
}

void LogScavenger::TakePrepare(const Record& record, LogFindings& out) {
  const Result<PrepareRecord> prepare = DecodePrepare(record.payload);
  if (!prepare.ok()) {
    pending_.is_damaged = true;
    return;
  }
  const PrepareRecord& said = prepare.value();
  if (said.point_count == pending_.point_count && said.record_count == pending_.record_count) {
    pending_.is_damaged = false;
    pending_.prepare_lsn = record.lsn;
    return;
  }
  pending_.is_damaged = true;
  if (said.point_count <= pending_.point_count) return;
  LogFindings::LostRun lost;
  lost.lsn = pending_.transaction;
  lost.points = said.point_count - pending_.point_count;
  lost.what = AtLsn("log: the transaction at LSN ", pending_.transaction) + " is not whole";
  out.lost.push_back(std::move(lost));
}

void LogScavenger::Settle(LogFindings& out) {
  Pending settled = std::move(pending_);
  pending_ = {};
  if (settled.transaction == kNoLsn) return;
  if (settled.prepare_lsn != kNoLsn && !settled.is_damaged) {
    ++out.transactions;
    for (const TagDefinition& tag : settled.definitions) out.committed_tags.push_back(tag.id);
    for (auto& [tag, rows] : settled.groups) {
      out.runs[tag].push_back({settled.prepare_lsn, std::move(rows)});
    }
    out.flushed.insert(out.flushed.end(), settled.blocks.begin(), settled.blocks.end());
    return;
  }
  // Without damage it is what a crash, or ABORT, leaves of a transaction that never committed.
  if (!settled.is_damaged) {
    out.notes.push_back(AtLsn("log: the transaction at LSN ", settled.transaction) +
                        " never committed");
    return;
  }
  const std::string what =
      AtLsn("log: the transaction at LSN ", settled.transaction) + " is not whole";
  for (const auto& [tag, rows] : settled.groups) {
    out.lost.push_back(LostRows(tag, settled.transaction, rows, what));
  }
  for (const PlacedEntry& placed : settled.blocks) {
    LogFindings::LostRun lost;
    lost.tag = placed.entry.tag_id;
    lost.lsn = settled.transaction;
    lost.points = placed.entry.count;
    lost.ts_min_us = placed.entry.ts_min_us;
    lost.ts_max_us = placed.entry.ts_max_us;
    lost.what = what;
    out.lost.push_back(std::move(lost));
  }
}

}  // namespace xtdb
