#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vtab/text/interval_text.h"

// Any text is an interval, whose own text reads back as the same, or an error of bounded size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const xtdb::Result<xtdb::Interval> interval = xtdb::ParseInterval(text);
  if (!interval.ok()) {
    if (interval.status().message().size() > 1024) __builtin_trap();
    return 0;
  }
  const xtdb::Result<xtdb::Interval> again =
      xtdb::ParseInterval(xtdb::FormatInterval(interval.value()));
  if (!again.ok() || again.value() != interval.value()) __builtin_trap();
  return 0;
}
