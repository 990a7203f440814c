#include "engine/wal/segment_ring.h"

#include "engine/base/status.h"

namespace xtdb {

void SegmentRing::AddPlace(uint64_t number, uint64_t epoch) {
  const auto index = static_cast<uint32_t>(places_.size());
  places_.push_back({number, epoch, false});
  if (number == 0) {
    free_.emplace(number, index);
    return;
  }
  const auto [twin, inserted] = live_.try_emplace(number, index);
  if (!inserted) {
    Place& other = places_[twin->second];
    if (other.epoch >= epoch) {
      free_.emplace(number, index);
      return;
    }
    other.live = false;
    free_.emplace(number, twin->second);
    twin->second = index;
  }
  places_[index].live = true;
}

std::optional<uint32_t> SegmentRing::Find(uint64_t number) const {
  const auto found = live_.find(number);
  if (found == live_.end()) return std::nullopt;
  return found->second;
}

uint32_t SegmentRing::Acquire(uint64_t number, uint64_t epoch) {
  XTDB_CHECK(!free_.empty());
  auto chosen = free_.find(number);
  if (chosen == free_.end()) chosen = free_.begin();
  const uint32_t index = chosen->second;
  free_.erase(chosen);
  places_[index] = {number, epoch, true};
  XTDB_CHECK(live_.try_emplace(number, index).second);
  return index;
}

void SegmentRing::FreeBelow(uint64_t number) {
  while (!live_.empty() && live_.begin()->first < number) {
    const auto [old_number, index] = *live_.begin();
    places_[index].live = false;
    free_.emplace(old_number, index);
    live_.erase(live_.begin());
  }
}

void SegmentRing::FreeAbove(uint64_t number) {
  while (!live_.empty() && live_.rbegin()->first > number) {
    const auto [old_number, index] = *live_.rbegin();
    places_[index].live = false;
    free_.emplace(old_number, index);
    live_.erase(std::prev(live_.end()));
  }
}

}  // namespace xtdb
