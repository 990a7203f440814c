#include "engine/chunk/slot_map.h"

#include <algorithm>

namespace xtdb {

void SlotMap::Release(uint32_t slot) {
  if (taken_.erase(slot) != 0) first_free_ = std::min(first_free_, slot);
}

uint32_t SlotMap::NextFree(uint32_t first) {
  uint32_t slot = std::max(first, first_free_);
  for (auto it = taken_.lower_bound(slot); it != taken_.end() && *it == slot; ++it) ++slot;
  if (first <= first_free_) first_free_ = slot;
  return leased_.Contains(slot) ? NextFree(leased_.first + leased_.count) : slot;
}

SlotRange SlotMap::NextFreeRange(uint32_t count) {
  uint32_t first = NextFree();
  while (true) {
    uint32_t found = 1;
    while (found < count && NextFree(first + found) == first + found) ++found;
    if (found == count) return {first, count};
    first = NextFree(first + found);
  }
}

}  // namespace xtdb
