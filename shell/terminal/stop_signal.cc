#include "shell/terminal/stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

namespace xtdb {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

// A handler can reach nothing but globals; the descriptor wakes the sleeper, whose flag alone could
// be set just before it goes to sleep.
std::atomic<bool> stop_asked = false;
std::atomic<int> wake_fd = -1;
std::array<struct sigaction, kSignals.size()> saved_actions;

void HandleSignal(int) {
  const int saved_errno = errno;
  stop_asked = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd, &one, sizeof(one));
  errno = saved_errno;
}

}  // namespace

StopSignal::StopSignal() {
  stop_asked = false;
  wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  // A disk operation that is under way is not to fail with EINTR.
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &action, &saved_actions[i]);
  }
}

StopSignal::~StopSignal() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &saved_actions[i], nullptr);
  }
  ::close(wake_fd.exchange(-1));
}

bool StopSignal::stopped() const { return stop_asked; }

void StopSignal::WaitUs(int64_t us) const {
  if (us <= 0 || stop_asked) return;
  pollfd wait = {wake_fd, POLLIN, 0};
  timespec timeout = {};
  timeout.tv_sec = us / 1'000'000;
  timeout.tv_nsec = us % 1'000'000 * 1000;
  ::ppoll(&wait, 1, &timeout, nullptr);
}

}  // namespace xtdb
