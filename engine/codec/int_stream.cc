#include "engine/codec/int_stream.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/codec/bit_packing.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/stream_plan.h"
#include "engine/codec/zstd_frame.h"

namespace xtdb {
namespace {

constexpr int kPlanesLevel = 9;
// zstd has to save one byte in so many: it decodes several times slower than packed bits.
constexpr size_t kPlanesGain = 3;
// Runs shorter than this on average are packed better one by one.
constexpr size_t kRunRowsMin = 4;

void PutSigned(uint64_t value, std::vector<std::byte>& out) { PutVarint(ZigZag(value), out); }

void EmitPatches(const PackPlan& packing, std::span<const uint64_t> residuals,
                 std::vector<std::byte>& out) {
  ResidualArray positions, highs;
  size_t count = 0;
  for (size_t i = 0; i < residuals.size(); ++i) {
    const uint64_t high = packing.width == 64 ? 0 : residuals[i] >> packing.width;
    if (high == 0) continue;
    positions[count] = i;
    highs[count++] = high;
  }
  assert(count == packing.patch_count);
  PutVarint(count, out);
  PutValue(packing.patch_width, out);
  PackBits(std::span(positions).first(count), kPositionBits, out);
  PackBits(std::span(highs).first(count), packing.patch_width, out);
}

void EmitPacked(const PackPlan& packing, std::span<uint64_t> residuals,
                std::vector<std::byte>& out) {
  PutValue(packing.width, out);
  if (packing.patch_count == 0) return PackBits(residuals, packing.width, out);
  ResidualArray low;
  const uint64_t mask = (uint64_t{1} << packing.width) - 1;
  for (size_t i = 0; i < residuals.size(); ++i) low[i] = residuals[i] & mask;
  PackBits(std::span(low).first(residuals.size()), packing.width, out);
  EmitPatches(packing, residuals, out);
}

uint8_t FormOf(const StreamPlan& plan) {
  return static_cast<uint8_t>(static_cast<uint8_t>(plan.kind) | (plan.zigzag ? kStreamZigZag : 0) |
                              (plan.packing.patch_count != 0 ? kStreamPatched : 0) |
                              (plan.factor > 1 ? kStreamScaled : 0));
}

void EmitHead(const StreamPlan& plan, uint8_t form, std::vector<std::byte>& out) {
  PutValue(form, out);
  if (plan.kind == StreamKind::kDelta) PutSigned(plan.first, out);
  PutSigned(plan.base, out);
  if (plan.factor > 1) PutVarint(plan.factor, out);
}

// Appends the stream with its residuals compressed, if that is smaller than `size_max`.
bool TryEmitPlanes(StreamPlan plan, std::span<const uint64_t> residuals, size_t size_max,
                   std::vector<std::byte>& out) {
  uint64_t all = 0;
  for (const uint64_t residual : residuals) all |= residual;
  const auto planes = static_cast<uint8_t>((BitWidth(all) + 7) / 8);
  if (planes == 0) return false;
  std::array<std::byte, kVectorPointsMax * sizeof(uint64_t)> content;
  for (size_t plane = 0; plane < planes; ++plane) {
    std::byte* const to = content.data() + plane * residuals.size();
    for (size_t i = 0; i < residuals.size(); ++i) {
      to[i] = static_cast<std::byte>(residuals[i] >> (8 * plane));
    }
  }
  plan.packing = PackPlan{};
  const size_t start = out.size();
  EmitHead(plan, FormOf(plan) | kStreamPlanes, out);
  PutValue(planes, out);
  std::vector<std::byte> frame;
  const size_t frame_bytes = TryAppendFrame(std::span(content).first(planes * residuals.size()),
                                            kPlanesLevel, size_max, frame);
  if (frame_bytes != 0 && out.size() - start + VarintBytes(frame_bytes) + frame_bytes < size_max) {
    PutVarint(frame_bytes, out);
    out.insert(out.end(), frame.begin(), frame.end());
    return true;
  }
  out.resize(start);
  return false;
}

// Replaces the stream from `start` on by a compressed one, if there is a smaller one.
void TryPlanes(const StreamPlan& plan, std::span<const uint64_t> values,
               std::span<const uint64_t> residuals, size_t start, std::vector<std::byte>& out) {
  const auto consider = [&](const StreamPlan& candidate, std::span<const uint64_t> bytes) {
    const size_t end = out.size();
    const size_t bytes_max = end - start - (end - start) / kPlanesGain;
    if (!TryEmitPlanes(candidate, bytes, bytes_max, out)) return;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(start),
              out.begin() + static_cast<std::ptrdiff_t>(end));
  };
  consider(plan, residuals);
  if (plan.kind == StreamKind::kFrame && !plan.zigzag) return;
  // Values repeat where steps do not.
  int64_t least = 0, greatest = 0;
  Kernels().signed_range(values.data(), values.size(), &least, &greatest);
  StreamPlan frame;
  frame.base = static_cast<uint64_t>(least);
  ResidualArray room;
  Kernels().subtract(values.data(), values.size(), frame.base, room.data());
  consider(frame, std::span(room).first(values.size()));
}

bool IsConstant(std::span<const uint64_t> values) {
  return std::all_of(values.begin(), values.end(),
                     [&](uint64_t value) { return value == values.front(); });
}

void AppendSimple(std::span<const uint64_t> values, bool compress, std::vector<std::byte>& out) {
  if (IsConstant(values)) {
    PutValue(static_cast<uint8_t>(StreamKind::kConstant), out);
    return PutSigned(values.front(), out);
  }
  ResidualArray room;
  const StreamPlan plan = PlanStream(values, room);
  const auto residuals =
      std::span(room).first(plan.kind == StreamKind::kDelta ? values.size() - 1 : values.size());
  const size_t start = out.size();
  EmitHead(plan, FormOf(plan), out);
  EmitPacked(plan.packing, residuals, out);
  assert(out.size() - start == plan.size_bytes);
  if (compress) TryPlanes(plan, values, residuals, start, out);
}

// False if there are too many runs to be worth a trial.
bool FindRuns(std::span<const uint64_t> values, ResidualArray& starts, ResidualArray& lengths,
              size_t& count) {
  count = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i] == values[i - 1]) {
      ++lengths[count - 1];
      continue;
    }
    if (count * kRunRowsMin >= values.size()) return false;
    starts[count] = values[i];
    lengths[count++] = 0;  // less one
  }
  return count > 1;
}

Status ReadPacked(ByteReader& reader, bool patched, std::span<uint64_t> residuals) {
  uint8_t width = 0;
  std::span<const std::byte> packed;
  if (!reader.Read(width) || width > kPackedWidthMax ||
      !reader.Take(PackedBytes(residuals.size(), width), packed) ||
      !PackedPaddingIsZero(packed, residuals.size(), width)) {
    return Status::Corruption("stream: width, size or padding");
  }
  UnpackBits(packed, width, residuals);
  if (!patched) return Status();
  uint64_t count = 0;
  uint8_t patch_width = 0;
  std::span<const std::byte> positions_bytes, highs_bytes;
  if (!reader.ReadVarint(count) || count == 0 || count > residuals.size() ||
      !reader.Read(patch_width) || patch_width == 0 || patch_width > kPackedWidthMax - width ||
      !reader.Take(PackedBytes(count, kPositionBits), positions_bytes) ||
      !PackedPaddingIsZero(positions_bytes, count, kPositionBits) ||
      !reader.Take(PackedBytes(count, patch_width), highs_bytes) ||
      !PackedPaddingIsZero(highs_bytes, count, patch_width)) {
    return Status::Corruption("stream: patches");
  }
  ResidualArray positions, highs;
  UnpackBits(positions_bytes, kPositionBits, std::span(positions).first(count));
  UnpackBits(highs_bytes, patch_width, std::span(highs).first(count));
  for (size_t i = 0; i < count; ++i) {
    if (positions[i] >= residuals.size()) return Status::Corruption("stream: patch outside");
    residuals[positions[i]] |= highs[i] << width;
  }
  return Status();
}

Status ReadPlanes(ByteReader& reader, std::span<uint64_t> residuals) {
  uint8_t planes = 0;
  uint64_t frame_bytes = 0;
  std::span<const std::byte> frame;
  if (!reader.Read(planes) || planes == 0 || planes > sizeof(uint64_t) ||
      !reader.ReadVarint(frame_bytes) || !reader.Take(frame_bytes, frame)) {
    return Status::Corruption("stream: planes");
  }
  std::array<std::byte, kVectorPointsMax * sizeof(uint64_t)> room;
  const auto content = std::span(room).first(planes * residuals.size());
  if (!ReadFrame(frame, content)) return Status::Corruption("stream: planes do not decompress");
  for (size_t i = 0; i < residuals.size(); ++i) {
    residuals[i] = std::to_integer<uint64_t>(content[i]);
  }
  for (size_t plane = 1; plane < planes; ++plane) {
    const std::byte* const from = content.data() + plane * residuals.size();
    for (size_t i = 0; i < residuals.size(); ++i) {
      residuals[i] |= std::to_integer<uint64_t>(from[i]) << (8 * plane);
    }
  }
  return Status();
}

// From residuals in place to values; `values` begins with the first where the kind is delta.
void Restore(StreamKind kind, uint8_t form, uint64_t first, uint64_t base, uint64_t factor,
             std::span<uint64_t> values) {
  const CodecKernels& kernels = Kernels();
  const bool delta = kind == StreamKind::kDelta;
  const std::span<uint64_t> residuals = delta ? values.subspan(1) : values;
  if ((form & kStreamScaled) != 0) kernels.multiply(residuals.data(), residuals.size(), factor);
  if ((form & kStreamZigZag) != 0) {
    kernels.unzigzag(residuals.data(), residuals.size(), base);
    base = 0;
  }
  if (!delta) {
    if (base != 0) kernels.add(values.data(), values.size(), base);
    return;
  }
  values[0] = first;
  for (uint64_t& value : residuals) value = first += value + base;
}

Status ReadSimple(ByteReader& reader, uint8_t form, std::span<uint64_t> values) {
  const auto kind = static_cast<StreamKind>(form & kStreamKindMask);
  uint64_t first = 0, base = 0, factor = 1;
  if ((kind == StreamKind::kDelta && !reader.ReadVarint(first)) || !reader.ReadVarint(base) ||
      ((form & kStreamScaled) != 0 && (!reader.ReadVarint(factor) || factor < 2))) {
    return Status::Corruption("stream ends in its head");
  }
  base = UnZigZag(base);
  if (kind == StreamKind::kConstant) {
    if (form != 0) return Status::Corruption("stream: form of a constant");
    std::fill(values.begin(), values.end(), base);
    return Status();
  }
  const auto residuals = kind == StreamKind::kDelta ? values.subspan(1) : values;
  const bool patched = (form & kStreamPatched) != 0;
  if ((form & kStreamPlanes) == 0) {
    XTDB_RETURN_IF_ERROR(ReadPacked(reader, patched, residuals));
  } else {
    if (patched) return Status::Corruption("stream: planes with patches");
    XTDB_RETURN_IF_ERROR(ReadPlanes(reader, residuals));
  }
  Restore(kind, form, UnZigZag(first), base, factor, values);
  return Status();
}

Status ReadPart(ByteReader& reader, std::span<uint64_t> values) {
  uint8_t form = 0;
  if (!reader.Read(form) || (form & ~kStreamFormAll) != 0 ||
      static_cast<StreamKind>(form & kStreamKindMask) == StreamKind::kRuns) {
    return Status::Corruption("stream: form of runs");
  }
  return ReadSimple(reader, form, values);
}

Status ReadRuns(ByteReader& reader, std::span<uint64_t> values) {
  uint64_t count = 0;
  if (!reader.ReadVarint(count) || count == 0 || count > values.size()) {
    return Status::Corruption("stream: number of runs");
  }
  ResidualArray starts, lengths;
  XTDB_RETURN_IF_ERROR(ReadPart(reader, std::span(starts).first(count)));
  XTDB_RETURN_IF_ERROR(ReadPart(reader, std::span(lengths).first(count)));
  size_t at = 0;
  for (size_t run = 0; run < count; ++run) {
    if (lengths[run] >= values.size() - at) return Status::Corruption("stream: runs too long");
    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(at), lengths[run] + 1, starts[run]);
    at += lengths[run] + 1;
  }
  return at == values.size() ? Status() : Status::Corruption("stream: runs too short");
}

}  // namespace

void AppendStream(std::span<const uint64_t> values, bool compress, std::vector<std::byte>& out) {
  XTDB_CHECK(!values.empty() && values.size() <= kVectorPointsMax);
  const size_t start = out.size();
  AppendSimple(values, compress, out);
  ResidualArray starts, lengths;
  size_t count = 0;
  if (out.size() - start <= kRunRowsMin * 2 || !FindRuns(values, starts, lengths, count)) return;
  const size_t end = out.size();
  PutValue(static_cast<uint8_t>(StreamKind::kRuns), out);
  PutVarint(count, out);
  AppendSimple(std::span(starts).first(count), compress, out);
  AppendSimple(std::span(lengths).first(count), compress, out);
  if (out.size() - end < end - start) {
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(start),
              out.begin() + static_cast<std::ptrdiff_t>(end));
  } else {
    out.resize(end);
  }
}

Status ReadStream(ByteReader& reader, std::span<uint64_t> values) {
  uint8_t form = 0;
  if (values.empty() || !reader.Read(form) || (form & ~kStreamFormAll) != 0) {
    return Status::Corruption("stream: form");
  }
  if (static_cast<StreamKind>(form & kStreamKindMask) != StreamKind::kRuns) {
    return ReadSimple(reader, form, values);
  }
  if (form != static_cast<uint8_t>(StreamKind::kRuns)) {
    return Status::Corruption("stream: form of runs");
  }
  return ReadRuns(reader, values);
}

}  // namespace xtdb
