#include "engine/format/log_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/engine/wal_test_support.h"

namespace xtdb {
namespace {

using namespace wal_test;

LogHeader ValidLogHeader() {
  LogHeader header;
  header.container_uuid = TestUuid();
  header.segment_size_bytes = kSegment;
  header.epoch = 3;
  header.start_lsn = kFirst;
  return header;
}

template <typename T>
std::vector<std::byte> Encoded(const T& value) {
  std::vector<std::byte> bytes(sizeof(T));
  EncodeStruct(value, bytes);
  return bytes;
}

std::vector<std::byte> EncodedFrame(const FrameHeader& header, std::string_view payload) {
  std::vector<std::byte> bytes(PaddedFrameSize(payload.size()));
  EncodeFrame(header, Bytes(payload), bytes);
  return bytes;
}

void PatchCrc(std::vector<std::byte>& frame) {
  const auto bytes = std::span(frame);
  const uint32_t crc = Crc32Extend(Crc32(bytes.first(52)), bytes.subspan(56));
  std::memcpy(&frame[52], &crc, sizeof(crc));
}

TEST(LogFormatTest, AValidLogHeaderIsDecoded) {
  const auto header = DecodeLogHeader(Encoded(ValidLogHeader()));
  ASSERT_THAT(header, IsOk());
  EXPECT_EQ(header.value().epoch, 3u);
  EXPECT_EQ(header.value().start_lsn, kFirst);
}

TEST(LogFormatTest, ALogHeaderOfImpossibleSizesIsRefused) {
  const auto code = [](auto change) {
    LogHeader header = ValidLogHeader();
    change(header);
    return DecodeLogHeader(Encoded(header)).status().code();
  };
  using enum StatusCode;
  EXPECT_EQ(code([](LogHeader& h) { h.magic[0] = 'x'; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.format_version = 2; }), kUnsupported);
  EXPECT_EQ(code([](LogHeader& h) { h.reserved = 1; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.reserved2 = 1; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.segment_size_bytes = 0; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.segment_size_bytes = kSegment + 8; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.segment_size_bytes = 32 * kKiB; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.segment_size_bytes = 2 * kGiB; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.start_lsn = 64; }), kCorruption);
  EXPECT_EQ(code([](LogHeader& h) { h.start_lsn += 8; }), kCorruption);
}

TEST(LogFormatTest, ASegmentHeaderIsCheckedFieldByField) {
  SegmentHeader header;
  header.number = 7;
  ASSERT_THAT(DecodeSegmentHeader(Encoded(header)), IsOk());
  header.reserved[27] = 1;
  EXPECT_THAT(DecodeSegmentHeader(Encoded(header)), HasCode(StatusCode::kCorruption));
  header.reserved[27] = 0;
  header.number = 0;
  EXPECT_THAT(DecodeSegmentHeader(Encoded(header)), HasCode(StatusCode::kCorruption));
}

TEST(LogFormatTest, EveryFlippedBitOfAFrameIsDetected) {
  FrameHeader header;
  header.lsn = kFirst;
  const std::vector<std::byte> frame = EncodedFrame(header, "payload, padded");
  ASSERT_THAT(DecodeFrameHeader(frame), IsOk());
  for (size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::vector<std::byte> flipped = frame;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_THAT(DecodeFrameHeader(flipped), HasCode(StatusCode::kCorruption)) << bit;
  }
}

TEST(LogFormatTest, AFrameIsNeverReadBeyondItsBytes) {
  FrameHeader header;
  header.lsn = kFirst;
  const std::vector<std::byte> frame = EncodedFrame(header, "12345678");
  for (size_t size = 0; size < frame.size(); ++size) {
    EXPECT_THAT(DecodeFrameHeader(std::span(frame).first(size)), HasCode(StatusCode::kCorruption));
  }
}

TEST(LogFormatTest, AFrameWithARightChecksumIsStillChecked) {
  const auto code = [](size_t offset, uint8_t value) {
    FrameHeader header;
    header.lsn = kFirst;
    std::vector<std::byte> frame = EncodedFrame(header, "12345");
    frame[offset] = std::byte{value};
    PatchCrc(frame);
    return DecodeFrameHeader(frame).status().code();
  };
  using enum StatusCode;
  EXPECT_EQ(code(offsetof(FrameHeader, type), 2), kOk);
  EXPECT_EQ(code(offsetof(FrameHeader, type), 0), kUnsupported);
  EXPECT_EQ(code(offsetof(FrameHeader, type), kFrameTypeLast + 1), kUnsupported);
  EXPECT_EQ(code(offsetof(FrameHeader, flags), 4), kUnsupported);
  EXPECT_EQ(code(offsetof(FrameHeader, reserved), 1), kUnsupported);
  EXPECT_EQ(code(offsetof(FrameHeader, reserved2), 1), kUnsupported);
  EXPECT_EQ(code(offsetof(FrameHeader, lsn), 0x41), kCorruption);
  EXPECT_EQ(code(offsetof(FrameHeader, durable_lsn) + 3, 1), kCorruption);
  EXPECT_EQ(code(offsetof(FrameHeader, transaction) + 3, 1), kCorruption);
  EXPECT_EQ(code(sizeof(FrameHeader) + 5, 1), kCorruption) << "padding";
}

TEST(LogFormatTest, AnEmptyPartOfARecordIsRefused) {
  FrameHeader header;
  header.lsn = kFirst;
  std::vector<std::byte> frame = EncodedFrame(header, "");
  ASSERT_THAT(DecodeFrameHeader(frame), IsOk());
  frame[offsetof(FrameHeader, flags)] = std::byte{kFrameMore};
  PatchCrc(frame);
  EXPECT_THAT(DecodeFrameHeader(frame), HasCode(StatusCode::kCorruption));
}

}  // namespace
}  // namespace xtdb
