#include "engine/codec/time_codec.h"

#include <algorithm>
#include <array>

#include "engine/base/types.h"
#include "engine/codec/codec_kernels.h"
#include "engine/codec/int_stream.h"
#include "engine/codec/stream_plan.h"
#include "engine/codec/time_grid.h"

namespace xtdb {
namespace {

// Grids of fewer rows cost more than they save.
constexpr size_t kGridRowsMin = 4;
// Of a section as small as this nothing is to be saved.
constexpr size_t kSmallBytes = 8;

uint64_t Difference(int64_t later, int64_t earlier) {
  return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

bool TryAppendStep(const TimeRows& rows, size_t size_max, std::vector<std::byte>& out) {
  const std::span<const int64_t> ts_us = rows.ts_us;
  const uint64_t step = ts_us.size() == 1 ? 0 : Difference(ts_us[1], ts_us[0]);
  if (VarintBytes(step) >= size_max) return false;
  for (size_t i = 2; i < ts_us.size(); ++i) {
    if (Difference(ts_us[i], ts_us[i - 1]) != step) return false;
  }
  PutVarint(step, out);
  return true;
}

Status ReadStep(ByteReader& reader, int64_t first_ts_us, std::span<int64_t> ts_us) {
  uint64_t step = 0;
  if (!reader.ReadVarint(step)) return Status::Corruption("constant-step times: step");
  std::fill(ts_us.begin(), ts_us.end(), 0);
  Kernels().add_grid(ts_us.data(), ts_us.size(), first_ts_us, 0, step, 0);
  return Status();
}

bool TryAppendGrid(const TimeRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (rows.ts_us.size() < kGridRowsMin || size_max <= kSmallBytes) return false;
  const size_t start = out.size();
  AppendGrid(FitGrid(rows.ts_us), rows.ts_us, rows.compress, out);
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

bool TryAppendDeltas(const TimeRows& rows, size_t size_max, std::vector<std::byte>& out) {
  const size_t steps = rows.ts_us.size() - 1;
  if (steps == 0 || size_max <= kSmallBytes) return false;
  std::array<uint64_t, kVectorPointsMax> deltas;
  for (size_t i = 0; i < steps; ++i) deltas[i] = Difference(rows.ts_us[i + 1], rows.ts_us[i]);
  // Where there is a grid, its residuals are the smaller ones, which a sample shows.
  const auto stream = std::span(deltas).first(steps);
  if (steps >= kGridRowsMin && EstimateStreamBytes(stream) >= size_max) return false;
  const size_t start = out.size();
  AppendStream(stream, rows.compress, out);
  if (out.size() - start < size_max) return true;
  out.resize(start);
  return false;
}

Status ReadDeltas(ByteReader& reader, int64_t first_ts_us, std::span<int64_t> ts_us) {
  std::array<uint64_t, kVectorPointsMax> room;
  const auto deltas = std::span(room).first(ts_us.size() - 1);
  XTDB_RETURN_IF_ERROR(ReadStream(reader, deltas));
  auto ts = static_cast<uint64_t>(first_ts_us);
  ts_us[0] = first_ts_us;
  for (size_t i = 0; i < deltas.size(); ++i) {
    ts += deltas[i];
    ts_us[i + 1] = static_cast<int64_t>(ts);
  }
  return Status();
}

constexpr TimeCodec kTimeCodecs[] = {
    {TimeEncoding::kStep, "step", TryAppendStep, ReadStep},
    {TimeEncoding::kGrid, "grid", TryAppendGrid, ReadGrid},
    {TimeEncoding::kDelta, "delta", TryAppendDeltas, ReadDeltas},
};

}  // namespace

std::span<const TimeCodec> TimeCodecs() { return kTimeCodecs; }

}  // namespace xtdb
