#include "engine/wal/log_reader.h"

#include <algorithm>
#include <cstring>

namespace xtdb {
namespace {

// Holds the largest frame several times over, so that few bytes are read twice.
constexpr uint64_t kWindowBytes = 4 * kMiB;
static_assert(kWindowBytes > 2 * PaddedFrameSize(kFramePayloadBytesMax));

}  // namespace

Result<LogReader> LogReader::Create(File& file, const Uuid& container_uuid) {
  XTDB_ASSIGN_OR_RETURN(const uint64_t file_size, file.Size());
  std::array<std::byte, sizeof(LogHeader)> bytes{};
  if (file_size < kExtentSizeBytes) {
    return Status::Corruption(file.path() + ": too short for a log: " + std::to_string(file_size) +
                              " bytes");
  }
  XTDB_RETURN_IF_ERROR(file.ReadAt(0, bytes));
  const Result<LogHeader> header = DecodeLogHeader(bytes);
  if (!header.ok()) return header.status().WithContext(file.path());
  if (header.value().container_uuid != container_uuid) {
    return Status::Corruption(file.path() + ": log of container " +
                              UuidText(header.value().container_uuid) + ", not of " +
                              UuidText(container_uuid));
  }
  LogReader reader(file, header.value(), file_size);
  XTDB_RETURN_IF_ERROR(reader.ReadSegmentHeaders());
  return reader;
}

Status LogReader::ReadSegmentHeaders() {
  const uint64_t container_id = ContainerIdOf(header_.container_uuid);
  std::array<std::byte, sizeof(SegmentHeader)> bytes{};
  for (uint32_t place = 0;; ++place) {
    const uint64_t offset = geometry().PlaceOffset(place);
    if (offset + sizeof(SegmentHeader) > file_size_) return Status();
    XTDB_RETURN_IF_ERROR(file_->ReadAt(offset, bytes));
    const Result<SegmentHeader> segment = DecodeSegmentHeader(bytes);
    const bool ours = segment.ok() && segment.value().container_id == container_id &&
                      segment.value().epoch >= header_.epoch;
    const bool whole = offset + header_.segment_size_bytes <= file_size_;
    if (!ours && !whole) return Status();  // a growth that a crash cut short
    ring_.AddPlace(ours ? segment.value().number : 0, ours ? segment.value().epoch : 0);
  }
}

std::string LogReader::Where(LSN lsn) const {
  const uint64_t number = geometry().SegmentOf(lsn);
  std::string text = file_->path() + ", segment " + std::to_string(number);
  if (const auto place = ring_.Find(number)) {
    const uint64_t offset = geometry().PlaceOffset(*place) + geometry().OffsetOf(lsn);
    text += ", offset " + std::to_string(offset);
  }
  return text + " (LSN " + std::to_string(lsn) + ")";
}

Status LogReader::CheckStart(LSN checkpoint_lsn) const {
  if (checkpoint_lsn < header_.start_lsn) {
    return Status::Corruption(file_->path() + ": log begins at LSN " +
                              std::to_string(header_.start_lsn) + ", after the checkpoint at LSN " +
                              std::to_string(checkpoint_lsn));
  }
  // A segment's first place may be asked for before the segment was ever written.
  const uint64_t number = geometry().SegmentOf(checkpoint_lsn);
  if (ring_.Find(number) || checkpoint_lsn == geometry().FirstFrame(number)) return Status();
  const char* const what = ring_.newest() > number ? ": log begins after the checkpoint at LSN "
                                                   : ": log ends before the checkpoint at LSN ";
  return Status::Corruption(file_->path() + what + std::to_string(checkpoint_lsn) +
                            "; it holds segments " + std::to_string(ring_.oldest()) + " to " +
                            std::to_string(ring_.newest()));
}

Result<std::span<const std::byte>> LogReader::View(uint64_t offset, uint64_t size, uint64_t limit) {
  if (offset < window_offset_ || offset + size > window_offset_ + window_.size()) {
    uint64_t wanted = std::min(limit - offset, kWindowBytes);
    if (read_ahead_end_ > offset)
      wanted = std::min(wanted, std::max(size, read_ahead_end_ - offset));
    window_.resize(wanted);
    window_offset_ = offset;
    const uint64_t there = offset < file_size_ ? std::min(file_size_ - offset, window_.size()) : 0;
    const Status read = file_->ReadAt(offset, std::span(window_).first(there));
    if (!read.ok()) {
      window_.clear();
      return read;
    }
    std::fill(window_.begin() + static_cast<std::ptrdiff_t>(there), window_.end(), std::byte{0});
  }
  return std::span<const std::byte>(window_).subspan(offset - window_offset_, size);
}

Result<std::optional<LogReader::Frame>> LogReader::FrameAt(uint64_t offset, uint64_t limit) {
  if (limit - offset < sizeof(FrameHeader)) return std::optional<Frame>();
  XTDB_ASSIGN_OR_RETURN(const auto head, View(offset, sizeof(FrameHeader), limit));
  FrameHeader claimed;
  std::memcpy(&claimed, head.data(), sizeof(claimed));
  if (claimed.magic != kFrameMagic || claimed.payload_size_bytes > kFramePayloadBytesMax) {
    return std::optional<Frame>();
  }
  const uint64_t size = PaddedFrameSize(claimed.payload_size_bytes);
  if (size > limit - offset) return std::optional<Frame>();
  XTDB_ASSIGN_OR_RETURN(const auto bytes, View(offset, size, limit));
  const Result<FrameHeader> header = DecodeFrameHeader(bytes);
  if (!header.ok()) {
    if (header.status().code() == StatusCode::kUnsupported) return header.status();
    return std::optional<Frame>();
  }
  return std::optional<Frame>(Frame{header.value(),
                                    bytes.subspan(sizeof(FrameHeader), claimed.payload_size_bytes),
                                    geometry().Normalize(header.value().lsn + size)});
}

Result<std::optional<LogReader::Frame>> LogReader::FrameAt(LSN lsn) {
  const auto place = ring_.Find(geometry().SegmentOf(lsn));
  if (!place) return std::optional<Frame>();
  const uint64_t begin = geometry().PlaceOffset(*place);
  return FrameAt(begin + geometry().OffsetOf(lsn), begin + header_.segment_size_bytes);
}

bool LogReader::Continues(const Frame& frame, LSN lsn, const Cursor& cursor) const {
  if (frame.header.lsn != lsn || frame.header.epoch < cursor.epoch) return false;
  // Older than this use of the place: left there by a crash that lost the header of an earlier use.
  const SegmentRing::Place& place = ring_.place(*ring_.Find(geometry().SegmentOf(lsn)));
  if (frame.header.epoch < place.epoch) return false;
  return !cursor.prev_crc32 || *cursor.prev_crc32 == frame.header.prev_crc32;
}

Result<std::optional<LogReader::Frame>> LogReader::NextFrame(const Cursor& cursor) {
  XTDB_ASSIGN_OR_RETURN(std::optional<Frame> frame, FrameAt(cursor.position));
  if (frame && Continues(*frame, cursor.position, cursor)) return frame;
  // A writer may leave the rest of a segment unused; that the next segment's first frame names the
  // last intact one as its predecessor proves that nothing stood between them.
  if (!cursor.prev_crc32) return std::optional<Frame>();
  const LSN next = geometry().FirstFrame(geometry().SegmentOf(cursor.position) + 1);
  XTDB_ASSIGN_OR_RETURN(frame, FrameAt(next));
  if (frame && Continues(*frame, next, cursor)) return frame;
  return std::optional<Frame>();
}

Status LogReader::TakeFrame(const Frame& frame, OpenRecord& record, const ReplayFn& replay) {
  const FrameHeader& header = frame.header;
  const bool continuation = (header.flags & kFrameContinuation) != 0;
  if (continuation != record.open ||
      (continuation && (header.type != record.type || header.transaction != record.transaction))) {
    return Status::Corruption(Where(header.lsn) + ": intact frame that does not fit its record");
  }
  if (!continuation) {
    record = {header.lsn, header.type, header.transaction, true};
    record_.clear();
  }
  const bool more = (header.flags & kFrameMore) != 0;
  if (continuation || more) {
    if (record_.size() + frame.payload.size() > kRecordBytesMax) {
      return Status::Corruption(Where(record.first_lsn) + ": record longer than " +
                                std::to_string(kRecordBytesMax) + " bytes");
    }
    record_.insert(record_.end(), frame.payload.begin(), frame.payload.end());
  }
  if (more) return Status();
  record.open = false;
  if (!replay) return Status();
  return replay({record.first_lsn, frame.end_lsn, record.type, record.transaction,
                 continuation ? std::span<const std::byte>(record_) : frame.payload});
}

Result<ReplayEnd> LogReader::Replay(LSN checkpoint_lsn, const ReplayFn& replay) {
  Cursor cursor;
  cursor.position = geometry().Normalize(checkpoint_lsn);
  cursor.epoch = header_.epoch;
  XTDB_RETURN_IF_ERROR(CheckStart(cursor.position));
  ReplayEnd end;
  end.end_lsn = cursor.position;
  end.max_epoch = header_.epoch;
  OpenRecord record;
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<Frame> frame, NextFrame(cursor));
    if (!frame) break;
    XTDB_RETURN_IF_ERROR(TakeFrame(*frame, record, replay));
    cursor = {frame->end_lsn, frame->header.epoch, frame->header.crc32};
    if (!record.open) {
      end.end_lsn = cursor.position;
      end_crc32_ = frame->header.crc32;
    }
  }
  end.max_epoch = std::max(end.max_epoch, cursor.epoch);
  XTDB_RETURN_IF_ERROR(FindEnd(cursor, record, end));
  return end;
}

Status LogReader::RefreshRing() {
  XTDB_ASSIGN_OR_RETURN(file_size_, file_->Size());
  ring_ = SegmentRing();
  return ReadSegmentHeaders();
}

Status LogReader::Follow(Cursor& cursor, LSN until, const ReplayFn& replay) {
  OpenRecord record;
  bool refreshed = false;
  window_.clear();  // what stood behind the last `until` may have changed
  while (cursor.position != until) {
    const uint64_t segment = geometry().SegmentOf(cursor.position);
    const auto place = ring_.Find(segment);
    read_ahead_end_ = place && segment == geometry().SegmentOf(until)
                          ? geometry().PlaceOffset(*place) + geometry().OffsetOf(until)
                          : 0;
    XTDB_ASSIGN_OR_RETURN(const std::optional<Frame> frame, NextFrame(cursor));
    if (!frame && !refreshed) {
      XTDB_RETURN_IF_ERROR(RefreshRing());
      window_.clear();
      refreshed = true;
      continue;
    }
    if (!frame) {
      return Status::Corruption(Where(cursor.position) +
                                ": log damaged: a frame that was committed cannot be read; run "
                                "xtdb salvage on a copy");
    }
    XTDB_RETURN_IF_ERROR(TakeFrame(*frame, record, replay));
    cursor = {frame->end_lsn, frame->header.epoch, frame->header.crc32};
  }
  read_ahead_end_ = 0;
  return Status();
}

Status LogReader::FindEnd(const Cursor& cursor, const OpenRecord& record, ReplayEnd& end) {
  XTDB_ASSIGN_OR_RETURN(const bool begun, LooksBegun(cursor));
  // Segments are allocated whole: a file that ends within one has lost its end.
  const bool cut_short =
      ring_.place_count() == 0 || (file_size_ - kExtentSizeBytes) % header_.segment_size_bytes != 0;
  end.tail_was_cut = record.open || begun || cut_short;
  if (begun) {
    const uint32_t place = *ring_.Find(geometry().SegmentOf(cursor.position));
    leftovers_.push_back(geometry().PlaceOffset(place) + geometry().OffsetOf(cursor.position));
  }
  for (uint32_t index = 0; index < ring_.place_count(); ++index) {
    XTDB_RETURN_IF_ERROR(ScanPlace(index, cursor, end));
  }
  return Status();
}

Result<bool> LogReader::LooksBegun(const Cursor& cursor) {
  const auto place = ring_.Find(geometry().SegmentOf(cursor.position));
  if (!place) return false;
  const uint64_t begin = geometry().PlaceOffset(*place);
  XTDB_ASSIGN_OR_RETURN(const auto bytes,
                        View(begin + geometry().OffsetOf(cursor.position), sizeof(FrameHeader),
                             begin + header_.segment_size_bytes));
  FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const bool magic = header.magic == kFrameMagic;
  const bool position = header.lsn == cursor.position;
  if (magic && position && header.epoch >= cursor.epoch) return true;
  return cursor.prev_crc32 && header.prev_crc32 == *cursor.prev_crc32 && (magic || position);
}

// Looks for intact frames behind the end. Segments before the end's hold replayed or stale frames
// only; a place without an intact header may hold any segment.
Status LogReader::ScanPlace(uint32_t index, const Cursor& cursor, ReplayEnd& end) {
  const SegmentRing::Place& place = ring_.place(index);
  const uint64_t end_segment = geometry().SegmentOf(end.end_lsn);
  if (place.number != 0 && place.number < end_segment) return Status();
  end.max_epoch = std::max(end.max_epoch, place.epoch);
  const uint64_t begin = geometry().PlaceOffset(index);
  const uint64_t limit = std::min(begin + header_.segment_size_bytes, file_size_);
  uint64_t offset = begin + (place.number == end_segment ? geometry().OffsetOf(end.end_lsn)
                                                         : sizeof(SegmentHeader));
  for (uint64_t size = 8; offset + sizeof(FrameHeader) <= limit; offset += size) {
    size = 8;
    XTDB_ASSIGN_OR_RETURN(const auto head, View(offset, sizeof(FrameHeader), limit));
    FrameHeader claimed;
    std::memcpy(&claimed, head.data(), sizeof(claimed));
    if (claimed.magic != kFrameMagic || claimed.lsn < end.end_lsn ||
        geometry().OffsetOf(claimed.lsn) != offset - begin) {
      continue;
    }
    if (place.number != 0 && geometry().SegmentOf(claimed.lsn) != place.number) continue;
    const auto frame = FrameAt(offset, limit);
    if (!frame.ok() && frame.status().code() != StatusCode::kUnsupported) return frame.status();
    if (!frame.ok() || !frame.value()) continue;
    XTDB_RETURN_IF_ERROR(JudgeLater(frame.value()->header, cursor, end));
    leftovers_.push_back(offset);
    size = PaddedFrameSize(frame.value()->header.payload_size_bytes);
  }
  return Status();
}

Status LogReader::JudgeLater(const FrameHeader& frame, const Cursor& cursor, ReplayEnd& end) const {
  if (frame.epoch < header_.epoch) return Status();
  end.max_epoch = std::max(end.max_epoch, frame.epoch);
  if (frame.epoch >= cursor.epoch) end.tail_was_cut = true;
  if (frame.durable_lsn <= end.end_lsn) return Status();
  return Status::Corruption(Where(cursor.position) + ": log damaged, but a later frame (LSN " +
                            std::to_string(frame.lsn) + ") says it was synced up to LSN " +
                            std::to_string(frame.durable_lsn) + "; run xtdb salvage");
}

}  // namespace xtdb
