#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/types.h"
#include "vtab/text/time_text.h"

// Any text is a time of the range, whose own text reads back as the same, or an error of bounded
// size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const xtdb::Result<int64_t> ts_us = xtdb::ParseTime(text, 0);
  if (!ts_us.ok()) {
    if (ts_us.status().message().empty() || ts_us.status().message().size() > 1024)
      __builtin_trap();
    return 0;
  }
  if (ts_us.value() < xtdb::kTsMin || ts_us.value() > xtdb::kTsMax) __builtin_trap();
  const xtdb::Result<int64_t> again = xtdb::ParseTime(xtdb::FormatTime(ts_us.value()), 0);
  if (!again.ok() || again.value() != ts_us.value()) __builtin_trap();
  return 0;
}
