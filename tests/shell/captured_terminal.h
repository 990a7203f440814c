#pragma once

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "shell/terminal/terminal.h"

namespace xtdb {

// A Terminal that keeps what is written.
class CapturedTerminal {
 public:
  explicit CapturedTerminal(bool is_tty = false) {
    terminal_.out = ::open_memstream(&out_text_, &out_size_);
    terminal_.err = ::open_memstream(&err_text_, &err_size_);
    terminal_.out_is_tty = is_tty;
    terminal_.err_is_tty = is_tty;
  }
  ~CapturedTerminal() {
    std::fclose(terminal_.out);
    std::fclose(terminal_.err);
    std::free(out_text_);
    std::free(err_text_);
  }
  CapturedTerminal(const CapturedTerminal&) = delete;
  CapturedTerminal& operator=(const CapturedTerminal&) = delete;

  const Terminal& terminal() const { return terminal_; }
  std::string out() const {
    std::fflush(terminal_.out);
    return {out_text_, out_size_};
  }
  std::string err() const {
    std::fflush(terminal_.err);
    return {err_text_, err_size_};
  }

 private:
  Terminal terminal_;
  char* out_text_ = nullptr;
  char* err_text_ = nullptr;
  size_t out_size_ = 0;
  size_t err_size_ = 0;
};

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace xtdb
