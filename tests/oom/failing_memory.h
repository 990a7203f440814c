#pragma once

#include <cstdint>

namespace xtdb {

enum class Memory : uint8_t { kOperatorNew, kSqlite };

// From now on the nth allocation of that kind fails, with `sticky` every one behind it, too.
void FailMemory(Memory kind, int64_t nth, bool sticky);
// Whether an allocation has failed since FailMemory; from now on none does.
bool EndMemoryFailure();

}  // namespace xtdb
