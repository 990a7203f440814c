#include "shell/terminal/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace xtdb {

namespace {

// In the wrong direction: reading and writing give EBADF, as from a closed one.
void HoldClosedStreams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free one, which is this.
    if (::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return;
  }
}

}  // namespace

Terminal Terminal::Standard() {
  HoldClosedStreams();
  Terminal terminal;
  terminal.out_is_tty = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_tty = ::isatty(STDERR_FILENO) == 1;
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  terminal.out_has_colour =
      terminal.out_is_tty && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  winsize size = {};
  if (terminal.out_is_tty && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.out_columns = size.ws_col;
    terminal.out_rows = size.ws_row;
  }
  if (terminal.err_is_tty && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.err_columns = size.ws_col;
  }
  return terminal;
}

}  // namespace xtdb
