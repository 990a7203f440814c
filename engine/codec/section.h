#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// Each kind of column (time, value) has a table of codecs of one shape:
//   encoding    its number on disk                  name    its word in xtdb_blocks
//   try_append  appends the section if this encoding can hold the rows, bit for bit, in fewer than
//               `size_max` bytes; else returns false and leaves `out` as it was
//   read        fills the rows from untrusted bytes and moves the reader behind the section; leaves
//               what every encoding shares (order and range) to the caller
// A new encoding is a pair of files and a row in its kind's table.

// Appends the smallest section that a codec of the table makes; of equal ones the first in the
// table.
template <typename Codec, typename Rows>
const Codec& AppendSmallest(std::span<const Codec> codecs, const Rows& rows,
                            std::vector<std::byte>& out) {
  const size_t start = out.size();
  const Codec* best = nullptr;
  size_t best_bytes = std::numeric_limits<size_t>::max();
  for (const Codec& codec : codecs) {
    const size_t candidate = out.size();
    if (!codec.try_append(rows, best_bytes, out)) continue;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(start),
              out.begin() + static_cast<std::ptrdiff_t>(candidate));
    best = &codec;
    best_bytes = out.size() - start;
  }
  XTDB_CHECK(best != nullptr);
  return *best;
}

// nullptr: no such encoding.
template <typename Codec>
const Codec* FindCodec(std::span<const Codec> codecs, uint8_t encoding) {
  for (const Codec& codec : codecs) {
    if (static_cast<uint8_t>(codec.encoding) == encoding) return &codec;
  }
  return nullptr;
}

}  // namespace xtdb
