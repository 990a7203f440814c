#include "engine/wal/rotating_wal.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/base/cleanup.h"

namespace xtdb {
namespace {

// What gives room back, or takes back what took it, must succeed on a full disk.
bool MayTakeReserve(FrameType type) {
  return type == FrameType::kAbort || type == FrameType::kFlush || type == FrameType::kCompact ||
         type == FrameType::kDrop;
}

// Frames are gathered up to this much, then written; the buffer has room for one more frame.
constexpr uint64_t kWriteBytes = 1 * kMiB;
constexpr uint64_t kBufferBytes =
    kWriteBytes + sizeof(SegmentHeader) + PaddedFrameSize(kFramePayloadBytesMax);
// No more than any disk holds; keeps the arithmetic of Reserve far from overflow.
constexpr uint64_t kReserveBytesMax = uint64_t{1} << 56;

// How much of a record the frame at `position` takes. Parts but the last are multiples of 8.
uint64_t PartSize(LogGeometry geometry, LSN position, uint64_t remaining) {
  const uint64_t room = geometry.RoomAt(position) - sizeof(FrameHeader);
  return std::min({remaining, room, kFramePayloadBytesMax});
}

// Where the frame behind a record of `payload_bytes` that begins at `position` begins; `last` is
// the last segment it touches.
LSN EndOfRecord(LogGeometry geometry, LSN position, uint64_t payload_bytes, uint64_t& last) {
  do {
    const uint64_t part = PartSize(geometry, position, payload_bytes);
    last = geometry.SegmentOf(position);
    position = geometry.Normalize(position + PaddedFrameSize(part));
    payload_bytes -= part;
  } while (payload_bytes > 0);
  return position;
}

Status WriteNewLog(File& file, const LogHeader& header, uint32_t places) {
  const LogGeometry geometry{header.segment_size_bytes};
  XTDB_RETURN_IF_ERROR(file.Allocate(0, geometry.PlaceOffset(places)));
  std::vector<std::byte> first(kExtentSizeBytes + sizeof(SegmentHeader));
  EncodeStruct(header, first);
  SegmentHeader segment;
  segment.number = geometry.SegmentOf(header.start_lsn);
  segment.container_id = ContainerIdOf(header.container_uuid);
  segment.epoch = header.epoch;
  EncodeStruct(segment, std::span(first).subspan(kExtentSizeBytes));
  XTDB_RETURN_IF_ERROR(file.WriteAt(0, first));
  return file.Sync();
}

LSN RoundUpToFirstFrame(LogGeometry geometry, LSN lsn) {
  const uint64_t number = std::max<uint64_t>(geometry.SegmentOf(lsn), 1);
  return lsn <= geometry.FirstFrame(number) ? geometry.FirstFrame(number)
                                            : geometry.FirstFrame(number + 1);
}

}  // namespace

RotatingWAL::RotatingWAL(std::unique_ptr<File> file, const Uuid& container_uuid,
                         LogGeometry geometry, uint32_t reserve_segments, bool read_only)
    : file_(std::move(file)),
      geometry_(geometry),
      container_uuid_(container_uuid),
      container_id_(ContainerIdOf(container_uuid)),
      reserve_segments_(reserve_segments),
      read_only_(read_only),
      buffer_(read_only ? nullptr : std::make_unique_for_overwrite<std::byte[]>(kBufferBytes)) {}

Result<std::unique_ptr<RotatingWAL>> RotatingWAL::Create(FileSystem& fs, const std::string& path,
                                                         const Uuid& container_uuid, uint64_t epoch,
                                                         LSN start_lsn, const WALOptions& options) {
  const LogGeometry geometry{options.segment_size_bytes};
  if (!std::has_single_bit(options.segment_size_bytes) ||
      options.segment_size_bytes < kSegmentSizeMin ||
      options.segment_size_bytes > kSegmentSizeMax) {
    return Status::InvalidArgument("log segment size " +
                                   std::to_string(options.segment_size_bytes) +
                                   ": must be a power of two from 64 KiB to 1 GiB");
  }
  LogHeader header;
  header.container_uuid = container_uuid;
  header.segment_size_bytes = options.segment_size_bytes;
  header.epoch = epoch;
  header.start_lsn = RoundUpToFirstFrame(geometry, start_lsn);
  const uint32_t places = 1 + options.reserve_segments;
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, fs.Open(path, OpenMode::kCreateNew));
  Status written = WriteNewLog(*file, header, places);
  if (written.ok()) written = fs.SyncDirectory(DirectoryOf(path));
  if (!written.ok()) {
    file.reset();
    IgnoreStatus(fs.Remove(path), "the failed creation is what the caller has to know");
    return written.WithContext("create log");
  }
  std::unique_ptr<RotatingWAL> wal(
      new RotatingWAL(std::move(file), container_uuid, geometry, options.reserve_segments, false));
  for (uint32_t place = 0; place < places; ++place) {
    wal->ring_.AddPlace(place == 0 ? geometry.SegmentOf(header.start_lsn) : 0, epoch);
  }
  wal->epoch_ = wal->epoch_min_ = epoch;
  wal->end_lsn_ = wal->durable_lsn_ = wal->released_lsn_ = header.start_lsn;
  wal->PublishPlaces();
  return wal;
}

Result<std::unique_ptr<RotatingWAL>> RotatingWAL::Open(FileSystem& fs, const std::string& path,
                                                       const Uuid& container_uuid,
                                                       LSN checkpoint_lsn, LSN durable_lsn,
                                                       const WALOptions& options, bool read_only,
                                                       const ReplayFn& replay, ReplayEnd* end) {
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                        fs.Open(path, read_only ? OpenMode::kReadOnly : OpenMode::kReadWrite));
  XTDB_ASSIGN_OR_RETURN(LogReader reader, LogReader::Create(*file, container_uuid));
  XTDB_ASSIGN_OR_RETURN(const ReplayEnd found, reader.Replay(checkpoint_lsn, replay));
  if (found.end_lsn < durable_lsn) {
    return Status::Corruption(path + ": the log ends at LSN " + std::to_string(found.end_lsn) +
                              ", and was synced up to LSN " + std::to_string(durable_lsn) +
                              "; run xtdb salvage on a copy");
  }
  std::unique_ptr<RotatingWAL> wal(new RotatingWAL(
      std::move(file), container_uuid, reader.geometry(), options.reserve_segments, read_only));
  wal->ring_ = reader.ring();
  wal->epoch_min_ = found.max_epoch;
  wal->prev_crc32_ = reader.end_crc32();
  wal->end_lsn_ = found.end_lsn;
  wal->ring_.FreeAbove(reader.geometry().SegmentOf(found.end_lsn));
  if (!read_only) {
    XTDB_RETURN_IF_ERROR(wal->EraseLeftovers(reader.leftovers()));
    wal->durable_lsn_ = found.end_lsn;
  }
  wal->PublishPlaces();
  if (end != nullptr) *end = found;
  return wal;
}

Result<std::unique_ptr<RotatingWAL>> RotatingWAL::Join(FileSystem& fs, const std::string& path,
                                                       const Uuid& container_uuid,
                                                       LSN checkpoint_lsn, LSN settled_lsn,
                                                       const WALOptions& options, bool read_only,
                                                       const ReplayFn& replay) {
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file,
                        fs.Open(path, read_only ? OpenMode::kReadOnly : OpenMode::kReadWrite));
  XTDB_ASSIGN_OR_RETURN(LogReader reader, LogReader::Create(*file, container_uuid));
  const LogGeometry geometry = reader.geometry();
  std::unique_ptr<RotatingWAL> wal(new RotatingWAL(std::move(file), container_uuid, geometry,
                                                   options.reserve_segments, read_only));
  wal->epoch_min_ = reader.header().epoch;
  wal->reader_.emplace(std::move(reader));
  wal->end_lsn_ = wal->durable_lsn_ = geometry.Normalize(checkpoint_lsn);
  XTDB_RETURN_IF_ERROR(wal->Follow(settled_lsn, replay));
  wal->ring_ = wal->reader_->ring();
  wal->PublishPlaces();
  return wal;
}

Status RotatingWAL::Follow(LSN settled_lsn, const ReplayFn& replay) {
  if (settled_lsn == end_lsn_) return Status();
  if (!reader_) {
    XTDB_ASSIGN_OR_RETURN(reader_, LogReader::Create(*file_, container_uuid_));
  }
  LogReader::Cursor cursor;
  cursor.position = end_lsn_;
  cursor.epoch = epoch_min_;
  if (prev_crc32_ != 0) cursor.prev_crc32 = prev_crc32_;
  XTDB_RETURN_IF_ERROR(reader_->Follow(cursor, settled_lsn, replay));
  epoch_ = 0;
  epoch_min_ = cursor.epoch;
  prev_crc32_ = *cursor.prev_crc32;
  end_lsn_ = settled_lsn;
  return Status();
}

Status RotatingWAL::TakeOver(uint64_t epoch, LSN durable_lsn) {
  if (epoch < epoch_min_) {
    return Status::Corruption(file_->path() + ": frames of epoch " + std::to_string(epoch_min_) +
                              ", the container says " + std::to_string(epoch) +
                              "; run xtdb salvage on a copy");
  }
  if (!reader_) {
    XTDB_ASSIGN_OR_RETURN(reader_, LogReader::Create(*file_, container_uuid_));
  } else {
    XTDB_RETURN_IF_ERROR(reader_->RefreshRing());
  }
  ring_ = reader_->ring();
  ring_.FreeAbove(geometry_.SegmentOf(end_lsn_));
  released_lsn_ = kNoLsn;
  durable_lsn_ = std::min(durable_lsn, end_lsn_.load());
  PublishPlaces();
  BeginEpoch(epoch);
  return Status();
}

void RotatingWAL::DistrustSyncsBeyond(LSN lsn) {
  durable_lsn_ = std::min(durable_lsn_.load(), lsn);
  durable_claim_max_ = std::min(durable_claim_max_, lsn);
}

Status RotatingWAL::SkipToNewSegment() {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  const uint64_t next = geometry_.SegmentOf(end_lsn_) + 1;
  XTDB_RETURN_IF_ERROR(EnsureSegments(next, /*ordinary=*/false));
  end_lsn_ = geometry_.FirstFrame(next);
  prev_crc32_ = 0;
  PublishPlaces();
  return Status();
}

// What a crash left behind the end must not come back when a later frame happens to end where it
// begins. The sync also makes durable what was replayed: after a kill it may be in the page cache
// only.
Status RotatingWAL::EraseLeftovers(const std::vector<uint64_t>& offsets) {
  static constexpr std::array<std::byte, sizeof(FrameHeader)> kZeros{};
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  const uint64_t whole = geometry_.PlaceOffset(ring_.place_count());
  if (size < whole) XTDB_RETURN_IF_ERROR(file_->Allocate(size, whole - size));
  for (const uint64_t offset : offsets) XTDB_RETURN_IF_ERROR(file_->WriteAt(offset, kZeros));
  return file_->Sync();
}

void RotatingWAL::BeginEpoch(uint64_t epoch) {
  XTDB_CHECK(epoch > 0 && epoch >= epoch_min_);
  epoch_ = epoch_min_ = epoch;
}

Status RotatingWAL::CheckWritable() const {
  if (read_only_) return Status::FailedPrecondition(file_->path() + ": log opened read-only");
  XTDB_RETURN_IF_ERROR(failure());
  if (epoch_ == 0) return Status::FailedPrecondition(file_->path() + ": no epoch begun");
  return Status();
}

Status RotatingWAL::Fail(const Status& status) {
  const std::scoped_lock lock(mutex_);
  if (failure_.ok()) {
    // Whatever the system called it, bytes behind the end are in an unknown state now.
    const bool as_it_is =
        status.code() == StatusCode::kIoError || status.code() == StatusCode::kOutOfMemory;
    failure_ = as_it_is ? status : Status::IoError(std::string(status.message()));
  }
  return failure_;
}

void RotatingWAL::PublishPlaces() {
  place_count_ = ring_.place_count();
  const uint64_t oldest = ring_.oldest() != 0 ? ring_.oldest() : geometry_.SegmentOf(end_lsn_);
  live_begin_lsn_ = oldest * geometry_.segment_size_bytes;
}

Status RotatingWAL::Grow(uint32_t places) {
  const uint64_t begin = geometry_.PlaceOffset(ring_.place_count());
  // Not written over with zeros: the measurement is in docs/format-log.md, "Taking space".
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file_->Size());
  const Status allocated = file_->Allocate(begin, places * geometry_.segment_size_bytes);
  if (!allocated.ok()) {
    if (allocated.code() != StatusCode::kResourceExhausted) return Fail(allocated);
    if (size <= begin) {
      IgnoreStatus(file_->Truncate(size), "gives back what little was taken; the disk is full");
    }
    return allocated.WithContext("log cannot grow");
  }
  for (uint32_t i = 0; i < places; ++i) ring_.AddPlace(0, 0);
  PublishPlaces();
  return Status();
}

Status RotatingWAL::EnsureSegments(uint64_t last, bool ordinary) {
  uint64_t missing = 0;
  const uint64_t current = geometry_.SegmentOf(end_lsn_);
  if (ring_.newest() < last) missing = last - std::max(ring_.newest(), current - 1);
  if (missing == 0) return Status();
  const uint64_t wanted = missing + (ordinary ? reserve_segments_ : 0);
  if (wanted <= ring_.free_count()) return Status();
  return Grow(static_cast<uint32_t>(wanted - ring_.free_count()));
}

Status RotatingWAL::Reserve(uint64_t payload_bytes, uint32_t record_count) {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  if (payload_bytes > kReserveBytesMax) {
    return Status::ResourceExhausted(file_->path() + ": no room for " +
                                     std::to_string(payload_bytes) + " bytes");
  }
  // Each segment may lose its header, an unused rest and the header of one more part.
  constexpr uint64_t kLost =
      sizeof(SegmentHeader) + LogGeometry::kFrameRoomMin + sizeof(FrameHeader);
  const uint64_t frames = record_count + payload_bytes / kFramePayloadBytesMax;
  const uint64_t needed = payload_bytes + frames * (sizeof(FrameHeader) + 7);
  const uint64_t room = geometry_.RoomAt(end_lsn_);
  const uint64_t usable_here = room > kLost ? room - kLost : 0;
  uint64_t last = geometry_.SegmentOf(end_lsn_);
  if (needed > usable_here) {
    const uint64_t usable = geometry_.segment_size_bytes - kLost;
    last += (needed - usable_here + usable - 1) / usable;
  }
  return EnsureSegments(last, true);
}

Status RotatingWAL::CheckBatch(std::span<const Entry> entries, LSN transaction) const {
  if (entries.empty()) return Status::InvalidArgument("log: a batch without records");
  if (transaction != kNewTransaction && transaction > end_lsn_) {
    return Status::InvalidArgument("log: transaction " + std::to_string(transaction) +
                                   " lies ahead of the log's end");
  }
  for (const Entry& entry : entries) {
    if (entry.payload.size() > kRecordBytesMax) {
      return Status::TooBig("log: record of " + std::to_string(entry.payload.size()) + " bytes");
    }
  }
  return Status();
}

Result<LSN> RotatingWAL::BatchAppend(std::span<const Entry> entries, LSN transaction,
                                     std::vector<LSN>* lsns) {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  XTDB_RETURN_IF_ERROR(CheckBatch(entries, transaction));
  LSN position = end_lsn_;
  if (transaction == kNewTransaction) transaction = position;
  uint64_t last_segment = 0;
  bool ordinary = false;
  for (const Entry& entry : entries) {
    position = EndOfRecord(geometry_, position, entry.payload.size(), last_segment);
    ordinary |= !MayTakeReserve(entry.type);
  }
  XTDB_RETURN_IF_ERROR(EnsureSegments(last_segment, ordinary));

  // Where an exception leaves the buffer and the chain of checksums nobody knows.
  Cleanup fail([this] { IgnoreStatus(Fail(Status::OutOfMemory()), "kept"); });
  const LSN end = position;
  LSN last_record = kNoLsn;
  position = end_lsn_;
  if (lsns != nullptr) lsns->clear();
  for (const Entry& entry : entries) {
    last_record = position;
    if (lsns != nullptr) lsns->push_back(position);
    XTDB_RETURN_IF_ERROR(WriteRecord(entry, transaction, position));
  }
  XTDB_RETURN_IF_ERROR(FlushBuffer());
  fail.Cancel();
  XTDB_CHECK(position == end);
  end_lsn_ = end;
  PublishPlaces();
  return last_record;
}

Status RotatingWAL::WriteRecord(const Entry& entry, LSN transaction, LSN& position) {
  FrameHeader header;
  header.epoch = epoch_;
  header.durable_lsn = std::min(durable_lsn_.load(), durable_claim_max_);
  header.transaction = transaction;
  header.type = entry.type;
  std::span<const std::byte> rest = entry.payload;
  do {
    if (buffer_size_ == 0 || geometry_.OffsetOf(position) == sizeof(SegmentHeader)) {
      XTDB_RETURN_IF_ERROR(EnterSegment(position));
    }
    const uint64_t part = PartSize(geometry_, position, rest.size());
    const uint64_t size = PaddedFrameSize(part);
    header.lsn = position;
    header.prev_crc32 = prev_crc32_;
    header.flags = static_cast<uint8_t>((header.flags & kFrameContinuation) |
                                        (part < rest.size() ? kFrameMore : 0));
    prev_crc32_ = EncodeFrame(header, rest.first(part), {buffer_.get() + buffer_size_, size});
    buffer_size_ += size;
    if (buffer_size_ >= kWriteBytes) XTDB_RETURN_IF_ERROR(FlushBuffer());
    position = geometry_.Normalize(position + size);
    rest = rest.subspan(part);
    header.flags = kFrameContinuation;
  } while (!rest.empty());
  return Status();
}

// Aims the empty buffer at `position`, behind the header of its segment if that is a new one.
Status RotatingWAL::EnterSegment(LSN position) {
  XTDB_RETURN_IF_ERROR(FlushBuffer());
  const uint64_t number = geometry_.SegmentOf(position);
  if (const auto place = ring_.Find(number)) {
    buffer_offset_ = geometry_.PlaceOffset(*place) + geometry_.OffsetOf(position);
    return Status();
  }
  buffer_offset_ = geometry_.PlaceOffset(ring_.Acquire(number, epoch_));
  SegmentHeader header;
  header.number = number;
  header.container_id = container_id_;
  header.epoch = epoch_;
  EncodeStruct(header, {buffer_.get(), sizeof(header)});
  buffer_size_ = sizeof(header);
  return Status();
}

Status RotatingWAL::FlushBuffer() {
  if (buffer_size_ == 0) return Status();
  const Status written = file_->WriteAt(buffer_offset_, {buffer_.get(), buffer_size_});
  if (!written.ok()) return Fail(written);
  buffer_offset_ += buffer_size_;
  buffer_size_ = 0;
  return Status();
}

Status RotatingWAL::Sync() {
  XTDB_RETURN_IF_ERROR(CheckWritable());
  if (durable_lsn_ == end_lsn_) return Status();
  const Status synced = file_->Sync();
  if (!synced.ok()) return Fail(synced);
  ++sync_count_;
  durable_lsn_ = end_lsn_.load();
  return Status();
}

void RotatingWAL::Release(LSN lsn) {
  if (read_only_) return;
  released_lsn_ = std::max(released_lsn_, std::min(lsn, end_lsn_.load()));
  if (released_lsn_ > durable_claim_max_) durable_claim_max_ = kMaxLsn;
  ring_.FreeBelow(geometry_.SegmentOf(released_lsn_));
  PublishPlaces();
}

LSN RotatingWAL::end_lsn() const { return end_lsn_; }
LSN RotatingWAL::durable_lsn() const { return durable_lsn_; }
uint64_t RotatingWAL::live_bytes() const {
  // The begin first: it never passes an end read later.
  const LSN begin = live_begin_lsn_;
  return end_lsn_ - begin;
}
uint64_t RotatingWAL::file_bytes() const { return geometry_.PlaceOffset(place_count_); }
uint32_t RotatingWAL::segment_count() const { return place_count_; }
Status RotatingWAL::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

}  // namespace xtdb
