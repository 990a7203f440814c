#include "engine/event_log.h"

namespace xtdb {

void EventLog::Add(int64_t time_us, EventLevel level, std::string kind, std::string message) {
  std::lock_guard lock(mutex_);
  if (events_.size() == kCapacity) events_.pop_front();
  events_.push_back({time_us, level, std::move(kind), std::move(message)});
}

std::vector<Event> EventLog::All() const {
  std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

}  // namespace xtdb
