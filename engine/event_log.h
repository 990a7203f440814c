#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

namespace xtdb {

// The kind of the events that xtdb_check repeats as problems.
inline constexpr const char* kDamagedChunkEvent = "damaged chunk";
// The kind of those that a reader has found; the check finds them itself.
inline constexpr const char* kDamageFoundEvent = "damage found";

enum class EventLevel : uint8_t { kInfo, kWarning, kError };

struct Event {
  int64_t time_us = 0;
  EventLevel level = EventLevel::kInfo;
  std::string kind;     // "recovery", "flush failed"
  std::string message;  // a sentence
};

// The last kCapacity things worth telling an operator, kept in memory; warnings and errors also go
// to the program's log. Threads: any.
class EventLog {
 public:
  static constexpr size_t kCapacity = 1000;
  void Add(int64_t time_us, EventLevel level, std::string kind, std::string message);
  // The same, unless an event of that kind and message is there.
  void AddOnce(int64_t time_us, EventLevel level, const char* kind, const std::string& message);
  std::vector<Event> All() const;  // oldest first

 private:
  mutable std::mutex mutex_;
  std::deque<Event> events_;
};

}  // namespace xtdb
