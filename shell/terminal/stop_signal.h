#pragma once

#include <cstdint>

namespace xtdb {

// While one exists, SIGINT, SIGTERM and SIGHUP ask for an orderly end and kill nothing. At most one
// at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool stopped() const;
  // Sleeps; returns at once when one of the signals comes or has come.
  void WaitUs(int64_t us) const;
};

}  // namespace xtdb
