#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace xtdb {

// Another process with its own connection, which does what it is told: SQL, or one of
//   .cursor SQL   begins a SELECT and leaves it open
//   .rows N       the next N rows of it, or fewer at its end; .finish ends it
//   .fork         forks, lets the child read with the inherited connection, and answers
//                 PID|CODE|MESSAGE of it; the child then lives on and does nothing
//   .threads T N  T threads, each with a connection of its own, insert N points each
//   .reopen, .close
// The busy timeout is 0 until SQL sets another.
class SqlProcess {
 public:
  // as_nobody: gives up root's rights before it opens the database.
  explicit SqlProcess(const std::string& database, bool as_nobody = false);
  ~SqlProcess();  // closes the connection, if it lives
  SqlProcess(const SqlProcess&) = delete;
  SqlProcess& operator=(const SqlProcess&) = delete;

  struct Answer {
    int code = -1;     // SQLite's; -1: the process is gone
    std::string text;  // rows, columns apart by `|`, or the error's message
  };
  Answer Run(const std::string& what) { return Begin(what), End(); }
  // The text, or "CODE: MESSAGE" of an error.
  std::string Text(const std::string& what);
  // The two halves of Run, to do something while it is under way.
  void Begin(const std::string& what);
  Answer End();
  void Kill();
  void Signal(int signal) const;
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  int requests_ = -1;
  int answers_ = -1;
};

// For the main function: serves if `argv` says so, else returns -1.
int ServeSqlIfAsked(int argc, char** argv);

}  // namespace xtdb
