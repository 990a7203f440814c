#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/status.h"
#include "engine/codec/byte_io.h"

namespace xtdb {

// A column of integers: the one form in which times, values, positions, codes and flags reach the
// disk. Chosen by size among
//   constant   one number
//   frame      base + residual
//   delta      the first, and base + residual for each step
//   runs       values and lengths, each a stream of one of the other forms
// where residuals are bit-packed, with the few that need more bits patched [PFOR: Zukowski et al.
// 2006], or, in COMPACT chunks, zstd-compressed byte by byte. All arithmetic is modulo 2^64, so
// that INT64_MIN beside INT64_MAX costs bits and nothing else. Grammar: docs/format-vector.md.
//
// A stream is told its count and ends by itself.

// values: two's complement, 1 .. kVectorPointsMax. compress: try zstd, too.
void AppendStream(std::span<const uint64_t> values, bool compress, std::vector<std::byte>& out);

// Fills `values` from untrusted bytes and moves `reader` behind them. Allocates nothing.
Status ReadStream(ByteReader& reader, std::span<uint64_t> values);

}  // namespace xtdb
