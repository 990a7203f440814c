// Decodes the input as the header of a log, of a segment or of a frame, as its first byte says, its
// checksum made right; what is accepted is written again as it was.

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/format/log_format.h"

namespace xtdb {
namespace {

template <typename T, typename Decode>
void CheckHeader(std::vector<std::byte> bytes, Decode decode) {
  IgnoreStatus(decode(bytes).status(), "short, or with a wrong checksum");
  bytes.resize(sizeof(T));
  T header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  EncodeStruct(header, bytes);
  const auto decoded = decode(bytes);
  if (!decoded.ok()) return;
  std::vector<std::byte> again(sizeof(T));
  EncodeStruct(decoded.value(), again);
  if (again != bytes) __builtin_trap();
}

void CheckFrame(std::vector<std::byte> bytes) {
  IgnoreStatus(DecodeFrameHeader(bytes).status(), "short, or with a wrong checksum");
  FrameHeader header;
  if (bytes.size() < sizeof(header)) return;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const uint64_t size = PaddedFrameSize(header.payload_size_bytes);
  if (size <= bytes.size() && size >= sizeof(header)) {
    const auto frame = std::span(bytes).first(size);
    const uint32_t crc = Crc32Extend(Crc32(frame.first(offsetof(FrameHeader, crc32))),
                                     frame.subspan(sizeof(header)));
    std::memcpy(&bytes[offsetof(FrameHeader, crc32)], &crc, sizeof(crc));
  }
  const auto decoded = DecodeFrameHeader(bytes);
  if (!decoded.ok()) return;
  if (PaddedFrameSize(decoded.value().payload_size_bytes) > bytes.size()) __builtin_trap();
  if (decoded.value().payload_size_bytes > kFramePayloadBytesMax) __builtin_trap();
}

}  // namespace
}  // namespace xtdb

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data + 1, size - 1));
  std::vector<std::byte> bytes(input.begin(), input.end());
  switch (data[0] % 3) {
    case 0:
      CheckHeader<LogHeader>(std::move(bytes), DecodeLogHeader);
      break;
    case 1:
      CheckHeader<SegmentHeader>(std::move(bytes), DecodeSegmentHeader);
      break;
    default:
      CheckFrame(std::move(bytes));
  }
  return 0;
}
