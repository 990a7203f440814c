#pragma once

#include <cstdint>

namespace xtdb {

// Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowUs() = 0;        // wall clock, microseconds since 1970 UTC; may step backwards
  virtual int64_t MonotonicUs() = 0;  // never steps backwards; for ages and timeouts
  virtual void SleepUs(int64_t us) = 0;
};

Clock& SystemClock();  // lives for ever

}  // namespace xtdb
