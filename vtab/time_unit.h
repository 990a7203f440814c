#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "vtab/comparand.h"

namespace xtdb {

// Beside `ts` a number is microseconds. Seconds and milliseconds of our days are in January 1970
// then, and match everything or nothing. kInvalidArgument, with what to write, for a number that is
// likely such a one, where all points are later; looks through the tags for that, and only then.
//   name: of the column or argument, for the message
Status CheckTimeUnit(const ReadView& view, int64_t now_us, std::string_view name, int64_t number);
// The same of a comparand, if it is a number.
Status CheckTimeUnit(const ReadView& view, int64_t now_us, std::string_view name,
                     const Comparand& comparand);

}  // namespace xtdb
