#include "engine/codec/text_codec.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "engine/base/point_columns.h"
#include "engine/codec/bit_packing.h"
#include "engine/codec/byte_io.h"

namespace xtdb {
namespace {

constexpr int kZstdLevel = 3;
// Below this a frame's own head and the entropy tables eat what compression gains.
constexpr uint64_t kZstdTextBytesMin = 32;

struct Lengths {
  std::array<uint64_t, kVectorPointsMax> each;
  uint8_t width = 0;
  uint64_t total_bytes = 0;
};

Lengths MeasureTexts(const ValueRows& rows) {
  Lengths lengths;
  uint64_t longest = 0;
  for (size_t i = 0; i < rows.bits.size(); ++i) {
    lengths.each[i] = TextRef::Length(rows.bits[i]);
    longest = std::max(longest, lengths.each[i]);
    lengths.total_bytes += lengths.each[i];
  }
  lengths.width = BitWidth(longest);
  return lengths;
}

size_t LengthsBytes(const Lengths& lengths, size_t count) {
  return sizeof(lengths.width) + PackedBytes(count, lengths.width);
}

void EmitLengths(const Lengths& lengths, size_t count, std::vector<std::byte>& out) {
  PutValue(lengths.width, out);
  PackBits(std::span(lengths.each).first(count), lengths.width, out);
}

std::string_view TextOf(const ValueRows& rows, size_t row) {
  const ValueBits bits = rows.bits[row];
  return rows.text_heap.substr(TextRef::Offset(bits), TextRef::Length(bits));
}

uint64_t TotalBytesMax(size_t count) { return count == 1 ? kTextBytesMax : kVectorTextBytesMax; }

// Reads the lengths into values.bits and checks all that can be known before the bytes are looked
// at.
Result<uint64_t> DecodeLengths(ByteReader& reader, const DecodedValues& values) {
  const size_t count = values.bits.size();
  uint8_t width = 0;
  std::span<const std::byte> packed;
  if (!reader.Read(width) || width > TextRef::kLengthBits ||
      !reader.Take(PackedBytes(count, width), packed) ||
      !PackedPaddingIsZero(packed, count, width)) {
    return Status::Corruption("text lengths: width, size or padding");
  }
  UnpackBits(packed, width, values.bits);
  uint64_t total_bytes = 0;
  for (size_t i = 0; i < count; ++i) {
    total_bytes += values.bits[i];
    if (values.flags[i] != 0 && values.bits[i] != 0) {
      return Status::Corruption("text of a row without a value");
    }
  }
  if (total_bytes > TotalBytesMax(count)) return Status::Corruption("text longer than a vector's");
  return total_bytes;
}

// Turns the lengths in values.bits into references to the bytes from `heap_start` on.
void LengthsToRefs(const DecodedValues& values, uint64_t heap_start) {
  uint64_t offset = heap_start;
  for (size_t i = 0; i < values.bits.size(); ++i) {
    const uint64_t length = values.bits[i];
    values.bits[i] = values.flags[i] != 0 ? 0 : TextRef::Pack(offset, length);
    offset += length;
  }
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// A context is some 100 KiB to set up; one for each thread makes that a cost of the first vector.
ZSTD_CCtx* ThreadCompressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (context == nullptr) throw std::bad_alloc();
  return context.get();
}

ZSTD_DCtx* ThreadDecompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  return context.get();
}

}  // namespace

bool TryEncodeText(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (rows.type != ValueType::kText) return false;
  const Lengths lengths = MeasureTexts(rows);
  assert(lengths.total_bytes <= TotalBytesMax(rows.bits.size()));
  const size_t size_bytes = LengthsBytes(lengths, rows.bits.size()) + lengths.total_bytes;
  if (size_bytes >= size_max) return false;
  out.reserve(out.size() + size_bytes);
  EmitLengths(lengths, rows.bits.size(), out);
  for (size_t row = 0; row < rows.bits.size(); ++row) {
    const auto bytes = std::as_bytes(std::span(TextOf(rows, row)));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return true;
}

Status DecodeText(std::span<const std::byte> in, const DecodedValues& values) {
  if (values.type != ValueType::kText) return Status::Corruption("text of a tag that is no text");
  ByteReader reader(in);
  XTDB_ASSIGN_OR_RETURN(const uint64_t total_bytes, DecodeLengths(reader, values));
  if (reader.rest().size() != total_bytes) return Status::Corruption("text bytes: wrong size");
  const uint64_t heap_start = values.text_heap.size();
  values.text_heap.resize(heap_start + total_bytes);
  std::memcpy(values.text_heap.data() + heap_start, reader.rest().data(), total_bytes);
  LengthsToRefs(values, heap_start);
  return Status();
}

bool TryEncodeTextZstd(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (rows.type != ValueType::kText) return false;
  const Lengths lengths = MeasureTexts(rows);
  if (lengths.total_bytes < kZstdTextBytesMin) return false;
  std::string gathered;
  std::string_view texts;
  if (rows.bits.size() == 1) {
    texts = TextOf(rows, 0);
  } else {
    gathered.reserve(lengths.total_bytes);
    for (size_t row = 0; row < rows.bits.size(); ++row) gathered.append(TextOf(rows, row));
    texts = gathered;
  }
  const size_t start = out.size();
  EmitLengths(lengths, rows.bits.size(), out);
  const size_t frame_start = out.size();
  const size_t plain_bytes = frame_start - start + texts.size();
  // No room for a frame that would not be taken: zstd gives up where that ends.
  out.resize(frame_start + texts.size());
  const size_t frame_bytes =
      ZSTD_compressCCtx(ThreadCompressor(), out.data() + frame_start, texts.size(), texts.data(),
                        texts.size(), kZstdLevel);
  const size_t size_bytes = frame_start - start + frame_bytes;
  if (ZSTD_isError(frame_bytes) || size_bytes >= size_max ||
      size_bytes >= plain_bytes - plain_bytes / 10) {
    out.resize(start);
    return false;
  }
  out.resize(start + size_bytes);
  return true;
}

Status DecodeTextZstd(std::span<const std::byte> in, const DecodedValues& values) {
  if (values.type != ValueType::kText) return Status::Corruption("text of a tag that is no text");
  ByteReader reader(in);
  XTDB_ASSIGN_OR_RETURN(const uint64_t total_bytes, DecodeLengths(reader, values));
  const std::span<const std::byte> frame = reader.rest();
  // Exactly one frame that states the lengths' sum: nothing is allocated for any other.
  if (total_bytes == 0 || ZSTD_getFrameContentSize(frame.data(), frame.size()) != total_bytes ||
      ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return Status::Corruption("compressed text: frame or its size");
  }
  const uint64_t heap_start = values.text_heap.size();
  values.text_heap.resize(heap_start + total_bytes);
  const size_t decoded_bytes =
      ZSTD_decompressDCtx(ThreadDecompressor(), values.text_heap.data() + heap_start, total_bytes,
                          frame.data(), frame.size());
  if (ZSTD_isError(decoded_bytes) || decoded_bytes != total_bytes) {
    return Status::Corruption("compressed text does not decompress");
  }
  LengthsToRefs(values, heap_start);
  return Status();
}

}  // namespace xtdb
