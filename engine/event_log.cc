#include "engine/event_log.h"

#include <algorithm>

namespace xtdb {

void EventLog::Add(int64_t time_us, EventLevel level, std::string kind, std::string message) {
  std::lock_guard lock(mutex_);
  if (events_.size() == kCapacity) events_.pop_front();
  events_.push_back({time_us, level, std::move(kind), std::move(message)});
}

void EventLog::AddOnce(int64_t time_us, EventLevel level, const char* kind,
                       const std::string& message) {
  {
    std::lock_guard lock(mutex_);
    const bool is_known = std::any_of(events_.begin(), events_.end(), [&](const Event& event) {
      return event.kind == kind && event.message == message;
    });
    if (is_known) return;
  }
  Add(time_us, level, kind, message);
}

std::vector<Event> EventLog::All() const {
  std::lock_guard lock(mutex_);
  return {events_.begin(), events_.end()};
}

}  // namespace xtdb
