#include <cerrno>
#include <ctime>

#include "engine/io/clock.h"

namespace xtdb {
namespace {

class OperatingSystemClock final : public Clock {
 public:
  int64_t NowUs() override { return ReadUs(CLOCK_REALTIME); }
  int64_t MonotonicUs() override { return ReadUs(CLOCK_MONOTONIC); }

  void SleepUs(int64_t us) override {
    if (us <= 0) return;
    timespec left{us / 1'000'000, (us % 1'000'000) * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
  }

 private:
  static int64_t ReadUs(clockid_t id) {
    timespec now{};
    clock_gettime(id, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  }
};

}  // namespace

Clock& SystemClock() {
  // Never destroyed: threads that outlive main still ask for the time.
  static Clock& clock = *new OperatingSystemClock;
  return clock;
}

}  // namespace xtdb
