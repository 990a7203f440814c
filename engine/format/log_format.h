#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/format/checked_struct.h"
#include "engine/format/container_format.h"

namespace xtdb {

// The log NAME.xtdb-wal (docs/format-log.md): one extent with a LogHeader, then segments of
// segment_size_bytes. A segment begins with a SegmentHeader; frames follow at multiples of 8. A
// frame with LSN n stands in the segment numbered n / segment_size_bytes, at n %
// segment_size_bytes.
inline constexpr std::array<char, 8> kLogMagic = {'X', 'T', 'D', 'B', 'W', 'A', 'L', 'H'};
inline constexpr std::array<char, 8> kSegmentMagic = {'X', 'T', 'D', 'B', 'W', 'S', 'E', 'G'};
inline constexpr uint32_t kFrameMagic = 0x52465458;  // "XTFR"
inline constexpr uint64_t kSegmentSizeMin = 64 * kKiB;
inline constexpr uint64_t kSegmentSizeMax = 1 * kGiB;
inline constexpr uint64_t kFramePayloadBytesMax =
    1 * kMiB;                                           // bounds what a reader must hold to judge
inline constexpr uint64_t kRecordBytesMax = 64 * kMiB;  // all frames of one record together

struct LogHeader {
  std::array<char, 8> magic = kLogMagic;
  uint32_t format_version = kFormatVersion;
  uint32_t reserved = 0;
  Uuid container_uuid{};
  uint64_t segment_size_bytes = 0;  // power of two, 64 KiB .. 1 GiB
  uint64_t epoch = 0;               // of the log's creation; frames have this or a later one
  LSN start_lsn = kNoLsn;           // of the first frame
  uint32_t reserved2 = 0;
  uint32_t crc32 = 0;
};
static_assert(sizeof(LogHeader) == 64);
static_assert(offsetof(LogHeader, container_uuid) == 16);
static_assert(offsetof(LogHeader, segment_size_bytes) == 32);
static_assert(offsetof(LogHeader, epoch) == 40);
static_assert(offsetof(LogHeader, start_lsn) == 48);

struct SegmentHeader {
  std::array<char, 8> magic = kSegmentMagic;
  uint64_t number = 0;  // of this use of the place; larger at each reuse
  uint64_t container_id = 0;
  uint64_t epoch = 0;  // in which this use began
  uint8_t reserved[28] = {};
  uint32_t crc32 = 0;
};
static_assert(sizeof(SegmentHeader) == 64);
static_assert(offsetof(SegmentHeader, number) == 8);
static_assert(offsetof(SegmentHeader, reserved) == 32);

enum class FrameType : uint8_t {
  kPoints = 1,
  kDefineTag = 2,
  kDelete = 3,  // range tombstone; reserved
  kPrepare = 4,
  kAbort = 5,
  kFlush = 6,
  kCompact = 7,
  kDrop = 8,
  kCheckpoint = 9,  // reserved
  kBlocks = 10,     // of a transaction: blocks that hold its rows; payload as of kFlush
};
inline constexpr uint8_t kFrameTypeLast = 10;

inline constexpr uint8_t kFrameMore = 1;          // the record goes on in the next frame
inline constexpr uint8_t kFrameContinuation = 2;  // the record began in an earlier frame
inline constexpr uint8_t kFrameFlagsAll = 3;

// Before each frame's payload. The CRC covers the header up to it, then the payload and its
// padding: a frame can be judged alone, and prev_crc32 keeps a stale one from following a new one.
struct FrameHeader {
  uint32_t magic = kFrameMagic;
  uint32_t payload_size_bytes = 0;  // without the zeros that pad it to a multiple of 8
  LSN lsn = kNoLsn;                 // of this frame
  uint64_t epoch = 0;
  LSN durable_lsn = kNoLsn;  // every frame below it was synced when this one was written
  LSN transaction = kNoLsn;  // LSN of the transaction's first frame; 0: none (FLUSH)
  uint32_t prev_crc32 = 0;   // crc32 of the frame before
  FrameType type = FrameType::kPoints;
  uint8_t flags = 0;
  uint16_t reserved = 0;
  uint32_t reserved2 = 0;
  uint32_t crc32 = 0;
};
static_assert(sizeof(FrameHeader) == 56);
static_assert(offsetof(FrameHeader, lsn) == 8);
static_assert(offsetof(FrameHeader, epoch) == 16);
static_assert(offsetof(FrameHeader, durable_lsn) == 24);
static_assert(offsetof(FrameHeader, transaction) == 32);
static_assert(offsetof(FrameHeader, prev_crc32) == 40);
static_assert(offsetof(FrameHeader, type) == 44);
static_assert(offsetof(FrameHeader, flags) == 45);
static_assert(offsetof(FrameHeader, crc32) == 52);

constexpr uint64_t PaddedFrameSize(uint64_t payload_size_bytes) {
  return sizeof(FrameHeader) + (payload_size_bytes + 7) / 8 * 8;
}

Result<LogHeader> DecodeLogHeader(std::span<const std::byte> in);
Result<SegmentHeader> DecodeSegmentHeader(std::span<const std::byte> in);
// in: from the frame's start to the end of its segment. Checks magic, sizes, type, flags and CRC;
// the caller checks lsn, epoch and prev_crc32 against where it stands. kUnsupported: intact, but of
// a type, flag or use of reserved bytes that this build does not know.
Result<FrameHeader> DecodeFrameHeader(std::span<const std::byte> in);
// Writes header, payload and padding. out: PaddedFrameSize(payload.size()) bytes. Sets magic,
// payload_size_bytes and crc32, and returns the CRC.
uint32_t EncodeFrame(FrameHeader header, std::span<const std::byte> payload,
                     std::span<std::byte> out);

}  // namespace xtdb
