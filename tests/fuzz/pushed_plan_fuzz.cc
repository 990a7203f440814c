#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vtab/functions/time_filter.h"
#include "vtab/pushed_plan.h"

// Any text is a plan, whose own text reads back as the same, or none; or a term on the column
// `time` that has this text, or none.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = xtdb::PushedPlan::Parse(text);
  if (plan && xtdb::PushedPlan::Parse(plan->ToText()) != plan) __builtin_trap();
  const auto term = xtdb::ParseTimeTerm(text, "time");
  if (term && term->ToText("time") != text) __builtin_trap();
  return 0;
}
