#include "bench/common/timing.h"

#include <sys/resource.h>
#include <time.h>

namespace xtdb::bench {
namespace {

ClockKind clock_kind = ClockKind::kWall;

double ReadClock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double SecondsOfChildren() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void UseClock(ClockKind kind) { clock_kind = kind; }

double NowSeconds() {
  return clock_kind == ClockKind::kWall ? ReadClock(CLOCK_MONOTONIC) : ProcessorSeconds();
}

double ProcessorSeconds() { return ReadClock(CLOCK_PROCESS_CPUTIME_ID) + SecondsOfChildren(); }

}  // namespace xtdb::bench
