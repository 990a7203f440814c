#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/types.h"
#include "vtab/csv/decompressed_source.h"

// Any bytes are unpacked, go through, or are an error, whatever pieces are asked for; and only what
// is packed makes more of them.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  constexpr size_t kBytesMax = 1 * kMiB;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string first;
  for (const size_t piece : {size_t{7}, size_t{4096}}) {
    bool is_compressed = false;
    const CsvSource source = Decompressed(CsvFromText(text), &is_compressed);
    std::vector<char> buffer(piece);
    std::string out;
    bool failed = false;
    for (;;) {
      const Result<size_t> read = source(buffer);
      failed = !read.ok();
      if (failed && read.status().message().size() > 1024) __builtin_trap();
      if (failed || read.value() == 0 || out.size() > kBytesMax) break;
      if (read.value() > piece) __builtin_trap();
      out.append(buffer.data(), read.value());
    }
    if (!is_compressed && (failed || out != text)) __builtin_trap();
    if (piece == 7) first = out;
    if (piece != 7 && !failed && out.size() <= kBytesMax && out != first) __builtin_trap();
  }
  return 0;
}
