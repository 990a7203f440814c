#include "engine/format/log_format.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

namespace xtdb {
namespace {

constexpr size_t kFrameCrcOffset = offsetof(FrameHeader, crc32);

template <size_t N>
bool AllZero(const uint8_t (&bytes)[N]) {
  return std::all_of(std::begin(bytes), std::end(bytes), [](uint8_t byte) { return byte == 0; });
}

// Fields whose meaning a later version may widen: an intact frame that uses them is not damaged,
// and taking it for the log's end would lose it.
Status CheckFrameIsKnown(const FrameHeader& header) {
  const auto type = static_cast<uint8_t>(header.type);
  if (type == 0 || type > kFrameTypeLast) {
    return Status::Unsupported("frame: unknown type " + std::to_string(type));
  }
  if ((header.flags & ~kFrameFlagsAll) != 0) return Status::Unsupported("frame: unknown flags");
  if (header.reserved != 0 || header.reserved2 != 0) {
    return Status::Unsupported("frame: reserved bytes in use");
  }
  return Status();
}

Status CheckFrameFields(const FrameHeader& header) {
  if (header.flags != 0 && header.payload_size_bytes == 0) {
    return Status::Corruption("frame: empty part of a record");
  }
  if (header.lsn == kNoLsn || header.lsn % 8 != 0) return Status::Corruption("frame: LSN");
  if (header.durable_lsn > header.lsn) return Status::Corruption("frame: durable LSN");
  if (header.transaction > header.lsn) return Status::Corruption("frame: transaction");
  if (header.epoch > kCounterMax) return Status::Corruption("frame: epoch");
  return Status();
}

}  // namespace

Result<LogHeader> DecodeLogHeader(std::span<const std::byte> in) {
  XTDB_ASSIGN_OR_RETURN(const LogHeader header, DecodeStruct<LogHeader>(in, "log header"));
  if (header.magic != kLogMagic) return Status::Corruption("log header: magic");
  if (header.format_version != kFormatVersion) {
    return Status::Unsupported("log header: format version " +
                               std::to_string(header.format_version) + ", this build reads " +
                               std::to_string(kFormatVersion));
  }
  if (header.reserved != 0 || header.reserved2 != 0) {
    return Status::Corruption("log header: reserved bytes in use");
  }
  if (!std::has_single_bit(header.segment_size_bytes) ||
      header.segment_size_bytes < kSegmentSizeMin || header.segment_size_bytes > kSegmentSizeMax) {
    return Status::Corruption("log header: segment size " +
                              std::to_string(header.segment_size_bytes));
  }
  if (header.start_lsn < header.segment_size_bytes ||
      header.start_lsn % header.segment_size_bytes != sizeof(SegmentHeader)) {
    return Status::Corruption("log header: start LSN " + std::to_string(header.start_lsn));
  }
  if (header.epoch > kCounterMax) return Status::Corruption("log header: epoch");
  return header;
}

Result<SegmentHeader> DecodeSegmentHeader(std::span<const std::byte> in) {
  XTDB_ASSIGN_OR_RETURN(const SegmentHeader header,
                        DecodeStruct<SegmentHeader>(in, "segment header"));
  if (header.magic != kSegmentMagic) return Status::Corruption("segment header: magic");
  if (header.number == 0) return Status::Corruption("segment header: number 0");
  if (header.epoch > kCounterMax) return Status::Corruption("segment header: epoch");
  if (!AllZero(header.reserved)) return Status::Corruption("segment header: reserved bytes in use");
  return header;
}

Result<FrameHeader> DecodeFrameHeader(std::span<const std::byte> in) {
  FrameHeader header;
  if (in.size() < sizeof(header)) return Status::Corruption("frame: too short");
  std::memcpy(&header, in.data(), sizeof(header));
  if (header.magic != kFrameMagic) return Status::Corruption("frame: magic");
  const uint64_t size = PaddedFrameSize(header.payload_size_bytes);
  if (header.payload_size_bytes > kFramePayloadBytesMax || size > in.size()) {
    return Status::Corruption("frame: size");
  }
  const std::span<const std::byte> body = in.subspan(sizeof(header), size - sizeof(header));
  if (header.crc32 != Crc32Extend(Crc32(in.first(kFrameCrcOffset)), body)) {
    return Status::Corruption("frame: checksum");
  }
  const std::span<const std::byte> padding = body.subspan(header.payload_size_bytes);
  if (!std::all_of(padding.begin(), padding.end(), [](std::byte b) { return b == std::byte{0}; })) {
    return Status::Corruption("frame: padding in use");
  }
  XTDB_RETURN_IF_ERROR(CheckFrameIsKnown(header));
  XTDB_RETURN_IF_ERROR(CheckFrameFields(header));
  return header;
}

uint32_t EncodeFrame(FrameHeader header, std::span<const std::byte> payload,
                     std::span<std::byte> out) {
  XTDB_CHECK(out.size() == PaddedFrameSize(payload.size()));
  header.magic = kFrameMagic;
  header.payload_size_bytes = static_cast<uint32_t>(payload.size());
  assert(payload.size() <= kFramePayloadBytesMax);
  assert(CheckFrameIsKnown(header).ok() && CheckFrameFields(header).ok());
  const std::span<std::byte> body = out.subspan(sizeof(header));
  if (!payload.empty()) std::memcpy(body.data(), payload.data(), payload.size());
  std::fill(body.begin() + static_cast<std::ptrdiff_t>(payload.size()), body.end(), std::byte{0});
  std::memcpy(out.data(), &header, sizeof(header));
  header.crc32 = Crc32Extend(Crc32(out.first(kFrameCrcOffset)), body);
  std::memcpy(out.data() + kFrameCrcOffset, &header.crc32, sizeof(header.crc32));
  return header.crc32;
}

}  // namespace xtdb
