#pragma once

#include <atomic>

namespace xtdb {

// Raises a flag for a step that leaves things half done if it ends early, as by an exception: only
// Done() lowers it again, and not if it was up before.
//
// Threads: the steps of one flag are one thread's at a time; any may read it.
class RaisedFlag {
 public:
  explicit RaisedFlag(std::atomic<bool>& flag) : flag_(flag), was_raised_(flag.exchange(true)) {}
  RaisedFlag(const RaisedFlag&) = delete;
  RaisedFlag& operator=(const RaisedFlag&) = delete;

  void Done() { flag_ = was_raised_; }

 private:
  std::atomic<bool>& flag_;
  const bool was_raised_;
};

}  // namespace xtdb
