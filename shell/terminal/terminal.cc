#include "shell/terminal/terminal.h"

#include <unistd.h>

namespace xtdb {

Terminal Terminal::Standard() {
  Terminal terminal;
  terminal.out_is_tty = ::isatty(STDOUT_FILENO) == 1;
  terminal.err_is_tty = ::isatty(STDERR_FILENO) == 1;
  return terminal;
}

}  // namespace xtdb
