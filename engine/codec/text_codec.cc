#include "engine/codec/text_codec.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string>
#include <string_view>

#include "engine/base/point_columns.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/stream_plan.h"
#include "engine/codec/zstd_frame.h"

namespace xtdb {
namespace {

constexpr int kZstdLevel = 3;
constexpr int kZstdLevelCompact = 9;
// Below this a frame's own head and the entropy tables eat what compression gains.
constexpr uint64_t kZstdTextBytesMin = 32;

struct Lengths {
  ResidualArray each;
  uint64_t total_bytes = 0;
};

Lengths MeasureTexts(const ValueRows& rows) {
  Lengths lengths;
  for (size_t i = 0; i < rows.bits.size(); ++i) {
    lengths.each[i] = TextRef::Length(rows.bits[i]);
    lengths.total_bytes += lengths.each[i];
  }
  return lengths;
}

void AppendLengths(const ValueRows& rows, const Lengths& lengths, std::vector<std::byte>& out) {
  AppendStream(std::span(lengths.each).first(rows.bits.size()), rows.compress, out);
}

std::string_view TextOf(const ValueRows& rows, size_t row) {
  const ValueBits bits = rows.bits[row];
  return rows.text_heap.substr(TextRef::Offset(bits), TextRef::Length(bits));
}

// Reads the lengths into values.bits and checks all that can be known before the bytes are looked
// at.
Result<uint64_t> ReadLengths(ByteReader& reader, const DecodedValues& values) {
  XTDB_RETURN_IF_ERROR(ReadStream(reader, values.bits));
  const uint64_t most = VectorTextBytesMax(values.bits.size());
  uint64_t total_bytes = 0;
  for (size_t i = 0; i < values.bits.size(); ++i) {
    if (values.bits[i] > most - total_bytes) {
      return Status::Corruption("text longer than a vector's");
    }
    total_bytes += values.bits[i];
    if (values.flags[i] != 0 && values.bits[i] != 0) {
      return Status::Corruption("text of a row without a value");
    }
  }
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

bool KeepIfSmaller(size_t start, size_t size_max, std::vector<std::byte>& out) {
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

}  // namespace

bool TryAppendText(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (rows.type != ValueType::kText) return false;
  const Lengths lengths = MeasureTexts(rows);
  assert(lengths.total_bytes <= VectorTextBytesMax(rows.bits.size()));
  if (lengths.total_bytes >= size_max) return false;
  const size_t start = out.size();
  AppendLengths(rows, lengths, out);
  for (size_t row = 0; row < rows.bits.size(); ++row) {
    const auto bytes = std::as_bytes(std::span(TextOf(rows, row)));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return KeepIfSmaller(start, size_max, out);
}

Status ReadText(ByteReader& reader, const DecodedValues& values) {
  if (values.type != ValueType::kText) return Status::Corruption("text of a tag that is no text");
  XTDB_ASSIGN_OR_RETURN(const uint64_t total_bytes, ReadLengths(reader, values));
  std::span<const std::byte> bytes;
  if (!reader.Take(total_bytes, bytes)) return Status::Corruption("text bytes: too few");
  const uint64_t heap_start = values.text_heap.size();
  values.text_heap.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  LengthsToRefs(values, heap_start);
  return Status();
}

bool TryAppendTextZstd(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
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
  AppendLengths(rows, lengths, out);
  std::vector<std::byte> frame;
  const size_t frame_bytes = TryAppendFrame(std::as_bytes(std::span(texts)),
                                            rows.compress ? kZstdLevelCompact : kZstdLevel,
                                            texts.size() - texts.size() / 10, frame);
  if (frame_bytes == 0) {
    out.resize(start);
    return false;
  }
  PutVarint(frame_bytes, out);
  out.insert(out.end(), frame.begin(), frame.end());
  return KeepIfSmaller(start, size_max, out);
}

Status ReadTextZstd(ByteReader& reader, const DecodedValues& values) {
  if (values.type != ValueType::kText) return Status::Corruption("text of a tag that is no text");
  XTDB_ASSIGN_OR_RETURN(const uint64_t total_bytes, ReadLengths(reader, values));
  uint64_t frame_bytes = 0;
  std::span<const std::byte> frame;
  if (!reader.ReadVarint(frame_bytes) || !reader.Take(frame_bytes, frame)) {
    return Status::Corruption("compressed text: frame");
  }
  // What a frame can hold is bounded by its size, and so is what is allocated for it.
  if (total_bytes / kFrameRatioMax > frame_bytes) {
    return Status::Corruption("compressed text: a frame too small for it");
  }
  const uint64_t heap_start = values.text_heap.size();
  values.text_heap.resize(heap_start + total_bytes);
  if (!ReadFrame(frame, std::as_writable_bytes(std::span(values.text_heap).subspan(heap_start)))) {
    return Status::Corruption("compressed text does not decompress");
  }
  LengthsToRefs(values, heap_start);
  return Status();
}

}  // namespace xtdb
