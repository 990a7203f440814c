// Replays a log made of the input: its first byte says what is patched to be right (bit 0: CRCs of
// segment headers and frames, bit 1: LSNs, bit 2: the chain of CRCs, bit 3: epochs), the rest is
// what stands behind a valid log header.

#include <algorithm>
#include <cstring>

#include "engine/wal/log_reader.h"

namespace xtdb {
namespace {

constexpr uint64_t kSegment = kSegmentSizeMin;

class MemoryFile final : public File {
 public:
  explicit MemoryFile(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  Status ReadAt(uint64_t offset, std::span<std::byte> out) override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) __builtin_trap();
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return Status();
  }
  Status WriteAt(uint64_t, std::span<const std::byte>) override { return Refuse(); }
  Status WriteVAt(uint64_t, std::span<const std::span<const std::byte>>) override {
    return Refuse();
  }
  Status Sync() override { return Refuse(); }
  Status Allocate(uint64_t, uint64_t) override { return Refuse(); }
  Status Punch(uint64_t, uint64_t) override { return Refuse(); }
  Status Truncate(uint64_t) override { return Refuse(); }
  Result<uint64_t> Size() override { return uint64_t{bytes_.size()}; }
  Result<uint64_t> AllocatedBytes() override { return uint64_t{bytes_.size()}; }
  Status TryLock(uint64_t, LockKind) override { return Refuse(); }
  void Unlock(uint64_t) override {}
  Result<bool> IsLockedElsewhere(uint64_t, uint64_t) override { return false; }
  Result<FileIdentity> Identity() override { return FileIdentity{}; }
  const std::string& path() const override { return path_; }

 private:
  static Status Refuse() { return Status::ReadOnly("memory"); }
  std::vector<std::byte> bytes_;
  std::string path_ = "memory-wal";
};

struct Patches {
  bool checksums, positions, chain, epochs;
};

void PatchFrames(std::span<std::byte> segment, LSN begin, Patches patches, uint32_t& prev_crc32) {
  size_t offset = sizeof(SegmentHeader);
  while (offset + sizeof(FrameHeader) <= segment.size()) {
    FrameHeader header;
    std::memcpy(&header, segment.data() + offset, sizeof(header));
    const uint64_t room = segment.size() - offset;
    if (header.magic != kFrameMagic || header.payload_size_bytes > room) return;
    const uint64_t size = PaddedFrameSize(header.payload_size_bytes);
    if (size > room) return;
    if (patches.positions) header.lsn = begin + offset;
    if (patches.chain) header.prev_crc32 = prev_crc32;
    if (patches.epochs) header.epoch = 1;
    std::memcpy(segment.data() + offset, &header, sizeof(header));
    const std::span<std::byte> frame = segment.subspan(offset, size);
    const uint32_t crc = Crc32Extend(Crc32(frame.first(52)), frame.subspan(56));
    if (patches.checksums) std::memcpy(&frame[52], &crc, sizeof(crc));
    prev_crc32 = crc;
    offset += size;
  }
}

std::vector<std::byte> BuildLog(std::span<const std::byte> body, Patches patches) {
  std::vector<std::byte> log(kExtentSizeBytes + body.size());
  LogHeader header;
  header.segment_size_bytes = kSegment;
  header.epoch = 1;
  header.start_lsn = kSegment + sizeof(SegmentHeader);
  EncodeStruct(header, log);
  if (!body.empty()) std::memcpy(log.data() + kExtentSizeBytes, body.data(), body.size());
  uint32_t prev_crc32 = 0;
  for (uint64_t offset = kExtentSizeBytes; offset + sizeof(SegmentHeader) <= log.size();
       offset += kSegment) {
    const auto segment = std::span(log).subspan(offset, std::min(kSegment, log.size() - offset));
    SegmentHeader place;
    std::memcpy(&place, segment.data(), sizeof(place));
    if (patches.checksums) EncodeStruct(place, segment);
    PatchFrames(segment, place.number * kSegment, patches, prev_crc32);
  }
  return log;
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0 || size > 8 * kSegment) return 0;
  const uint8_t options = data[0];
  const Patches patches{(options & 1) != 0, (options & 2) != 0, (options & 4) != 0,
                        (options & 8) != 0};
  MemoryFile file(BuildLog(std::as_bytes(std::span(data + 1, size - 1)), patches));
  Result<LogReader> reader = LogReader::Create(file, Uuid{});
  if (!reader.ok()) return 0;
  const LSN first = reader.value().header().start_lsn;
  LSN reached = first;
  const auto check = [&](const LogRecord& record) {
    if (record.lsn < reached || record.end_lsn <= record.lsn) __builtin_trap();
    if (record.payload.size() > kRecordBytesMax) __builtin_trap();
    reached = record.end_lsn;
    return Status();
  };
  const Result<ReplayEnd> end = reader.value().Replay(first, check);
  if (end.ok() && end.value().end_lsn != reached) __builtin_trap();
  return 0;
}
