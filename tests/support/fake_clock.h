#pragma once

#include <atomic>
#include <cstdint>

#include "engine/io/clock.h"

namespace xtdb {

// A clock that stands still until a test, or a sleeper, moves it.
// Threads: any.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t now_us = 1'767'225'600'000'000)  // 2026-01-01 00:00:00
      : now_us_(now_us) {}

  int64_t NowUs() override { return now_us_; }
  int64_t MonotonicUs() override { return monotonic_us_; }
  // Returns at once, with both clocks moved on.
  void SleepUs(int64_t us) override {
    if (us > 0) Advance(us);
  }

  void Advance(int64_t us) {
    now_us_ += us;
    monotonic_us_ += us;
  }
  // A step of the wall clock, also backwards, that the monotonic one does not see.
  void StepWallClock(int64_t us) { now_us_ += us; }

 private:
  std::atomic<int64_t> now_us_;
  std::atomic<int64_t> monotonic_us_{1'000'000};
};

}  // namespace xtdb
