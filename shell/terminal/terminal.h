#pragma once

#include <cstdio>

namespace xtdb {

// Where a command writes: results to `out`, errors and progress to `err`.
struct Terminal {
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  bool out_is_tty = false;
  bool err_is_tty = false;

  static Terminal Standard();  // this process's
};

}  // namespace xtdb
