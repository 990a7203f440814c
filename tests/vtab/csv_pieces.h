#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "vtab/csv/csv_reader.h"

namespace xtdb {

// Hands out `text` in pieces of at most `piece_bytes`, as a pipe does.
inline CsvSource InPieces(std::string text, size_t piece_bytes) {
  return [text = std::move(text), piece_bytes,
          at = size_t{0}](std::span<char> out) mutable -> Result<size_t> {
    const size_t size = std::min({out.size(), piece_bytes, text.size() - at});
    std::copy_n(text.data() + at, size, out.data());
    at += size;
    return size;
  };
}

}  // namespace xtdb
