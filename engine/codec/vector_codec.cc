#include "engine/codec/vector_codec.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/codec/byte_io.h"
#include "engine/codec/flag_bitmaps.h"
#include "engine/codec/quality_codec.h"
#include "engine/codec/record_codec.h"
#include "engine/codec/section.h"
#include "engine/codec/time_codec.h"
#include "engine/codec/value_codec.h"
#include "engine/codec/vector_head.h"

namespace xtdb {
namespace {

// Gives rows without a value the value before them (the first of all, at the front), so that they
// cost no more than a repetition. Texts keep their empty reference.
void FillGaps(ValueType type, std::span<const uint8_t> flags, std::span<ValueBits> bits) {
  if (type == ValueType::kText) return;
  const auto first = std::find(flags.begin(), flags.end(), uint8_t{0});
  ValueBits last = first == flags.end() ? 0 : bits[static_cast<size_t>(first - flags.begin())];
  for (size_t i = 0; i < bits.size(); ++i) {
    if (flags[i] != 0) bits[i] = last;
    last = bits[i];
  }
}

struct VectorRows {
  std::span<const int64_t> ts_us;
  std::span<const ValueBits> bits;
  std::span<const Quality> quality;
  std::span<const uint8_t> flags;
};

// Appends the three sections and enters them in the head.
void EmitSections(const PointColumns& columns, const VectorRows& rows, VectorHead& head,
                  std::vector<std::byte>& out) {
  std::array<ValueBits, kVectorPointsMax> filled;
  const std::span<ValueBits> bits = std::span(filled).first(rows.bits.size());
  std::copy(rows.bits.begin(), rows.bits.end(), bits.begin());
  FillGaps(columns.type, rows.flags, bits);

  const size_t time_start = out.size();
  head.time_encoding = static_cast<uint8_t>(AppendSmallest(TimeCodecs(), rows.ts_us, out).encoding);
  const size_t value_start = out.size();
  const ValueRows values{columns.type, bits, columns.text_heap};
  head.value_encoding = static_cast<uint8_t>(AppendSmallest(ValueCodecs(), values, out).encoding);
  const size_t quality_start = out.size();
  head.quality_encoding =
      static_cast<uint8_t>(AppendSmallest(QualityCodecs(), rows.quality, out).encoding);
  head.time_bytes = static_cast<uint32_t>(value_start - time_start);
  head.value_bytes = static_cast<uint32_t>(quality_start - value_start);
  head.quality_bytes = static_cast<uint32_t>(out.size() - quality_start);
}

void EmitRecordSections(ValueType type, const VectorRows& rows, uint8_t unit_index,
                        VectorHead& head, std::vector<std::byte>& out) {
  head.time_encoding = static_cast<uint8_t>(TimeEncoding::kInRecords);
  head.value_encoding = static_cast<uint8_t>(ValueEncoding::kRecords);
  head.quality_encoding = static_cast<uint8_t>(QualityEncoding::kInRecords);
  const size_t time_start = out.size();
  EmitRecordTime(unit_index, rows.ts_us.front(), out);
  const size_t value_start = out.size();
  EmitRecords(unit_index, RecordRows{type, rows.ts_us, rows.bits, rows.quality}, out);
  head.time_bytes = static_cast<uint32_t>(value_start - time_start);
  head.value_bytes = static_cast<uint32_t>(out.size() - value_start);
}

struct VectorSections {
  std::span<const std::byte> null_bitmap, deleted_bitmap, time, value, quality;
};

Result<VectorSections> SplitSections(std::span<const std::byte> data, const VectorHead& head,
                                     size_t count) {
  ByteReader reader(data.subspan(sizeof(VectorHead)));
  VectorSections sections;
  const auto bitmap_bytes = [&](uint8_t bitmap) {
    return (head.bitmaps & bitmap) != 0 ? BitmapBytes(count) : 0;
  };
  if (!reader.Take(bitmap_bytes(kNullBitmap), sections.null_bitmap) ||
      !reader.Take(bitmap_bytes(kDeletedBitmap), sections.deleted_bitmap) ||
      !reader.Take(head.time_bytes, sections.time) ||
      !reader.Take(head.value_bytes, sections.value) ||
      !reader.Take(head.quality_bytes, sections.quality) || !reader.rest().empty()) {
    return Status::Corruption("vector: sections do not fill it");
  }
  return sections;
}

// The rows that a vector is decoded into, the last ones of `columns`.
struct NewRows {
  NewRows(PointColumns& columns, size_t start)
      : ts_us(std::span(columns.ts_us).subspan(start)),
        bits(std::span(columns.bits).subspan(start)),
        quality(std::span(columns.quality).subspan(start)),
        flags(std::span(columns.flags).subspan(start)) {}

  std::span<int64_t> ts_us;
  std::span<ValueBits> bits;
  std::span<Quality> quality;
  std::span<uint8_t> flags;
};

Status CheckTimes(std::span<const int64_t> ts_us) {
  bool increasing = true;
  for (size_t i = 1; i < ts_us.size(); ++i) increasing &= ts_us[i - 1] < ts_us[i];
  if (!increasing) return Status::Corruption("vector: times not strictly increasing");
  if (ts_us.front() < kTsMin || ts_us.back() > kTsMax) {
    return Status::Corruption("vector: time outside years 1 to 9999");
  }
  return Status();
}

// Clears rows without a value, then checks what encodings leave open of the type's range.
Status CheckValues(ValueType type, std::span<const uint8_t> flags, std::span<ValueBits> bits) {
  if (type == ValueType::kText) return Status();
  bool valid = true;
  for (size_t i = 0; i < bits.size(); ++i) {
    if (flags[i] != 0) bits[i] = 0;
  }
  if (type == ValueType::kNone) {
    for (const uint8_t flag : flags) valid &= flag != 0;
  } else if (type == ValueType::kBool) {
    for (const ValueBits value : bits) valid &= value <= 1;
  } else if (type == ValueType::kInt32) {
    for (const ValueBits value : bits) valid &= value == FromInt64(static_cast<int32_t>(value));
  }
  return valid ? Status() : Status::Corruption("vector: value out of its type's range");
}

Status DecodeRows(const VectorHead& head, const VectorSections& sections, ValueType type,
                  const NewRows& rows, std::string& text_heap) {
  if (!sections.null_bitmap.empty()) {
    XTDB_RETURN_IF_ERROR(DecodeFlagBitmap(sections.null_bitmap, kPointNull, rows.flags));
  }
  if (!sections.deleted_bitmap.empty()) {
    XTDB_RETURN_IF_ERROR(DecodeFlagBitmap(sections.deleted_bitmap, kPointDeleted, rows.flags));
  }
  if (head.value_encoding == static_cast<uint8_t>(ValueEncoding::kRecords)) {
    if (!sections.quality.empty()) return Status::Corruption("records with a quality section");
    XTDB_RETURN_IF_ERROR(DecodeRecords(sections.time, sections.value,
                                       DecodedRecords{type, rows.ts_us, rows.bits, rows.quality}));
  } else {
    const TimeCodec* const time = FindCodec(TimeCodecs(), head.time_encoding);
    const ValueCodec* const value = FindCodec(ValueCodecs(), head.value_encoding);
    const QualityCodec* const quality = FindCodec(QualityCodecs(), head.quality_encoding);
    XTDB_RETURN_IF_ERROR(time->decode(sections.time, rows.ts_us));
    XTDB_RETURN_IF_ERROR(
        value->decode(sections.value, DecodedValues{type, rows.bits, rows.flags, text_heap}));
    XTDB_RETURN_IF_ERROR(quality->decode(sections.quality, rows.quality));
  }
  XTDB_RETURN_IF_ERROR(CheckTimes(rows.ts_us));
  return CheckValues(type, rows.flags, rows.bits);
}

}  // namespace

void EncodeVector(const PointColumns& columns, size_t begin, size_t end,
                  const CodecOptions& options, std::vector<std::byte>& out) {
  XTDB_CHECK(begin < end && end <= columns.size() && end - begin <= kVectorPointsMax);
  const size_t count = end - begin;
  const VectorRows rows{std::span(columns.ts_us).subspan(begin, count),
                        std::span(columns.bits).subspan(begin, count),
                        std::span(columns.quality).subspan(begin, count),
                        std::span(columns.flags).subspan(begin, count)};
  const size_t start = out.size();
  VectorHead head{};
  PutValue(head, out);
  if (EmitFlagBitmap(rows.flags, kPointNull, out)) head.bitmaps |= kNullBitmap;
  if (EmitFlagBitmap(rows.flags, kPointDeleted, out)) head.bitmaps |= kDeletedBitmap;
  std::optional<uint8_t> record_unit;
  if (options.raw_records) record_unit = RecordUnit(columns.type, rows.ts_us);
  if (record_unit) {
    EmitRecordSections(columns.type, rows, *record_unit, head, out);
  } else {
    EmitSections(columns, rows, head, out);
  }
  std::memcpy(out.data() + start, &head, sizeof(head));
}

Status DecodeVector(std::span<const std::byte> data, ValueType type, uint32_t count,
                    PointColumns& out) {
  assert(out.type == type);
  if (count == 0 || count > kVectorPointsMax) return Status::Corruption("vector: count");
  XTDB_ASSIGN_OR_RETURN(const VectorHead head, DecodeVectorHead(data));
  XTDB_ASSIGN_OR_RETURN(const VectorSections sections, SplitSections(data, head, count));
  const size_t start = out.size();
  const size_t heap_start = out.text_heap.size();
  out.ts_us.resize(start + count);
  out.bits.resize(start + count);
  out.quality.resize(start + count);
  out.flags.resize(start + count);
  const Status status = DecodeRows(head, sections, type, NewRows(out, start), out.text_heap);
  if (!status.ok()) {
    out.Truncate(start);
    out.text_heap.resize(heap_start);
  }
  return status;
}

size_t NextVectorRows(const PointColumns& columns, size_t begin, const CodecOptions& options) {
  const size_t rows_max = std::min<size_t>(columns.size() - begin, kVectorPointsMax);
  if (rows_max == 0) return 0;
  size_t rows = rows_max;
  if (columns.type == ValueType::kText) {
    uint64_t text_bytes = TextRef::Length(columns.bits[begin]);
    for (rows = 1; rows < rows_max; ++rows) {
      text_bytes += TextRef::Length(columns.bits[begin + rows]);
      if (text_bytes > kVectorTextBytesMax) break;
    }
  } else if (options.raw_records && HasRecordForm(columns.type)) {
    RecordReach reach(columns.ts_us[begin]);
    for (rows = 1; rows < rows_max; ++rows) {
      if (!reach.Extend(columns.ts_us[begin + rows])) break;
    }
  }
  return rows;
}

Result<std::string> DescribeVectorEncoding(std::span<const std::byte> data) {
  XTDB_ASSIGN_OR_RETURN(const VectorHead head, DecodeVectorHead(data));
  const TimeCodec* const time = FindCodec(TimeCodecs(), head.time_encoding);
  const ValueCodec* const value = FindCodec(ValueCodecs(), head.value_encoding);
  if (time == nullptr || value == nullptr) return std::string("records");
  return std::string(time->name).append("+").append(value->name);
}

}  // namespace xtdb
