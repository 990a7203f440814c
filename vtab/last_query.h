#pragma once

#include <cstdint>

#include "planner/request.h"

namespace xtdb {

// What the plans of the last statement that read a table did. Threads: one connection's.
class LastQuery {
 public:
  void Add(uint64_t statement, const PlanCounters& counters) noexcept {
    if (statement != statement_) counters_ = {};
    statement_ = statement;
    counters_.Add(counters);
  }
  const PlanCounters& counters() const { return counters_; }

 private:
  PlanCounters counters_;
  uint64_t statement_ = 0;  // its view's serial number
};

}  // namespace xtdb
