#pragma once

#include <cstdio>

namespace xtdb {

// Where a command writes: results to `out`, errors and progress to `err`.
struct Terminal {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool out_is_tty = false;
  bool err_is_tty = false;
  bool out_has_colour = false;  // a terminal, and nobody has set NO_COLOR (no-color.org)
  int out_columns = 80;         // of a terminal its size
  int out_rows = 24;
  int err_columns = 80;

  // This process's. Of the standard streams those that its parent has closed become ones that only
  // fail, so that no file that is opened later takes their place.
  static Terminal Standard();
};

}  // namespace xtdb
