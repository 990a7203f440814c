#include "engine/codec/vector_codec.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/codec/byte_io.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/record_codec.h"
#include "engine/codec/section.h"
#include "engine/codec/stream_plan.h"
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

// Widens a column of bytes to a stream's integers.
template <typename Pick>
void AppendByteStream(std::span<const uint8_t> column, bool compress, Pick pick,
                      std::vector<std::byte>& out) {
  ResidualArray widened;
  for (size_t i = 0; i < column.size(); ++i) widened[i] = pick(column[i]);
  AppendStream(std::span(widened).first(column.size()), compress, out);
}

// Appends which rows have the flag, if any has.
bool AppendFlag(std::span<const uint8_t> flags, uint8_t flag, bool compress,
                std::vector<std::byte>& out) {
  if (std::none_of(flags.begin(), flags.end(), [&](uint8_t one) { return (one & flag) != 0; })) {
    return false;
  }
  AppendByteStream(
      flags, compress, [&](uint8_t one) { return (one & flag) != 0 ? 1U : 0U; }, out);
  return true;
}

bool IsAllGood(std::span<const Quality> quality) {
  return std::all_of(quality.begin(), quality.end(),
                     [](Quality one) { return one == kQualityGood; });
}

// Appends the three sections and enters them in the head.
void AppendSections(const PointColumns& columns, const VectorRows& rows, bool compress,
                    VectorHead& head, std::vector<std::byte>& out) {
  std::array<ValueBits, kVectorPointsMax> filled;
  const std::span<ValueBits> bits = std::span(filled).first(rows.bits.size());
  std::copy(rows.bits.begin(), rows.bits.end(), bits.begin());
  if (head.has_nulls || head.has_deleted) FillGaps(columns.type, rows.flags, bits);

  head.time = AppendSmallest(TimeCodecs(), TimeRows{rows.ts_us, compress}, out).encoding;
  const ValueRows values{columns.type, bits, columns.text_heap, compress};
  head.value = AppendSmallest(ValueCodecs(), values, out).encoding;
  if (IsAllGood(rows.quality)) return;
  head.quality = QualityEncoding::kStream;
  AppendByteStream(
      rows.quality, compress, [](Quality one) { return one; }, out);
}

void AppendRecordSections(ValueType type, const VectorRows& rows, uint8_t unit_index,
                          VectorHead& head, std::vector<std::byte>& out) {
  head.time = TimeEncoding::kInRecords;
  head.value = ValueEncoding::kRecords;
  head.quality = QualityEncoding::kInRecords;
  PutValue(unit_index, out);
  AppendRecords(unit_index, RecordRows{type, rows.ts_us, rows.bits, rows.quality}, out);
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

Status CheckTimes(int64_t first_ts_us, std::span<const int64_t> ts_us) {
  if (!Kernels().is_rising(ts_us.data(), ts_us.size())) {
    return Status::Corruption("vector: times not strictly increasing");
  }
  if (ts_us.front() < kTsMin || ts_us.back() > kTsMax) {
    return Status::Corruption("vector: time outside years 1 to 9999");
  }
  if (ts_us.front() != first_ts_us) return Status::Corruption("vector: first time");
  return Status();
}

// Clears rows without a value, then checks what encodings leave open of the type's range.
Status CheckValues(ValueType type, bool has_gaps, std::span<const uint8_t> flags,
                   std::span<ValueBits> bits) {
  if (type == ValueType::kText) return Status();
  for (size_t i = 0; has_gaps && i < bits.size(); ++i) {
    if (flags[i] != 0) bits[i] = 0;
  }
  bool valid = true;
  if (type == ValueType::kNone) {
    for (const uint8_t flag : flags) valid &= flag != 0;
  } else if (type == ValueType::kBool) {
    for (const ValueBits value : bits) valid &= value <= 1;
  } else if (type == ValueType::kInt32) {
    for (const ValueBits value : bits) valid &= value == FromInt64(static_cast<int32_t>(value));
  }
  return valid ? Status() : Status::Corruption("vector: value out of its type's range");
}

Status ReadFlag(ByteReader& reader, uint8_t flag, std::span<uint8_t> flags) {
  ResidualArray room;
  const auto rows = std::span(room).first(flags.size());
  XTDB_RETURN_IF_ERROR(ReadStream(reader, rows));
  uint64_t any = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    any |= rows[i];
    flags[i] = static_cast<uint8_t>(flags[i] | (rows[i] != 0 ? flag : 0));
  }
  return any == 1 ? Status() : Status::Corruption("vector: flags");
}

Status ReadQuality(ByteReader& reader, QualityEncoding encoding, std::span<Quality> quality) {
  if (encoding == QualityEncoding::kGood) {
    std::fill(quality.begin(), quality.end(), kQualityGood);
    return Status();
  }
  ResidualArray room;
  const auto rows = std::span(room).first(quality.size());
  XTDB_RETURN_IF_ERROR(ReadStream(reader, rows));
  uint64_t all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    all |= rows[i];
    quality[i] = static_cast<Quality>(rows[i]);
  }
  return all <= 0xFF ? Status() : Status::Corruption("vector: quality");
}

Status ReadSections(ByteReader& reader, const VectorHead& head, int64_t first_ts_us,
                    const NewRows& rows, PointColumns& out) {
  if (head.value == ValueEncoding::kRecords) {
    uint8_t unit_index = 0;
    XTDB_RETURN_IF_ERROR(ReadRecordUnit(reader, unit_index));
    return ReadRecords(reader, unit_index, first_ts_us,
                       DecodedRecords{out.type, rows.ts_us, rows.bits, rows.quality});
  }
  const TimeCodec* const time = FindCodec(TimeCodecs(), static_cast<uint8_t>(head.time));
  const ValueCodec* const value = FindCodec(ValueCodecs(), static_cast<uint8_t>(head.value));
  XTDB_RETURN_IF_ERROR(time->read(reader, first_ts_us, rows.ts_us));
  XTDB_RETURN_IF_ERROR(
      value->read(reader, DecodedValues{out.type, rows.bits, rows.flags, out.text_heap}));
  return ReadQuality(reader, head.quality, rows.quality);
}

Status ReadRows(std::span<const std::byte> data, int64_t first_ts_us, const NewRows& rows,
                PointColumns& out) {
  ByteReader reader(data);
  XTDB_ASSIGN_OR_RETURN(const VectorHead head, ReadVectorHead(reader));
  if (head.has_nulls) XTDB_RETURN_IF_ERROR(ReadFlag(reader, kPointNull, rows.flags));
  if (head.has_deleted) XTDB_RETURN_IF_ERROR(ReadFlag(reader, kPointDeleted, rows.flags));
  XTDB_RETURN_IF_ERROR(ReadSections(reader, head, first_ts_us, rows, out));
  if (!reader.rest().empty()) return Status::Corruption("vector: bytes left over");
  XTDB_RETURN_IF_ERROR(CheckTimes(first_ts_us, rows.ts_us));
  const bool has_gaps = head.has_nulls || head.has_deleted;
  return CheckValues(out.type, has_gaps, rows.flags, rows.bits);
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
  out.resize(start + kVectorHeadBytes);
  VectorHead head;
  head.has_nulls = AppendFlag(rows.flags, kPointNull, options.compress, out);
  head.has_deleted = AppendFlag(rows.flags, kPointDeleted, options.compress, out);
  std::optional<uint8_t> record_unit;
  if (options.raw_records) record_unit = RecordUnit(columns.type, rows.ts_us);
  if (record_unit) {
    AppendRecordSections(columns.type, rows, *record_unit, head, out);
  } else {
    AppendSections(columns, rows, options.compress, head, out);
  }
  StoreVectorHead(head, out.data() + start);
}

Status DecodeVector(std::span<const std::byte> data, ValueType type, uint32_t count,
                    int64_t first_ts_us, PointColumns& out) {
  XTDB_CHECK(out.type == type);
  if (count == 0 || count > kVectorPointsMax) return Status::Corruption("vector: count");
  const size_t start = out.size();
  const size_t heap_start = out.text_heap.size();
  out.ts_us.resize(start + count);
  out.bits.resize(start + count);
  out.quality.resize(start + count);
  out.flags.resize(start + count);
  const Status status = ReadRows(data, first_ts_us, NewRows(out, start), out);
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
  ByteReader reader(data);
  XTDB_ASSIGN_OR_RETURN(const VectorHead head, ReadVectorHead(reader));
  if (head.value == ValueEncoding::kRecords) return std::string("records");
  const TimeCodec* const time = FindCodec(TimeCodecs(), static_cast<uint8_t>(head.time));
  const ValueCodec* const value = FindCodec(ValueCodecs(), static_cast<uint8_t>(head.value));
  return std::string(time->name).append("+").append(value->name);
}

}  // namespace xtdb
