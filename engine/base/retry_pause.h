#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace xtdb {

// When work that has failed may be tried again: after a minute, after two if it fails again, and so
// on up to an hour.
//
// Threads: one that tries; any may ask. Times: of the monotonic clock, in microseconds.
class RetryPause {
 public:
  static constexpr int64_t kFirstUs = 60'000'000;
  static constexpr int64_t kLongestUs = 60 * kFirstUs;

  bool IsOver(int64_t now_us) const { return now_us >= resume_us_; }
  void NoteSuccess() { length_us_ = kFirstUs; }
  void NoteFailure(int64_t now_us) {
    resume_us_ = now_us + length_us_;
    length_us_ = std::min(2 * length_us_, kLongestUs);
  }

 private:
  std::atomic<int64_t> resume_us_ = 0;
  int64_t length_us_ = kFirstUs;
};

}  // namespace xtdb
