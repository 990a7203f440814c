#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/crash/stress_board.h"
#include "tests/crash/stress_database.h"

namespace xtdb {

// What a process of a stress run does until it is asked to stop, killed, or something is wrong.
//   writer    commits as fast as it can
//   second    the same through another database, with pauses
//   reader    checks in statements of many kinds that it sees a prefix of the commits
//   operator  drops old points, flushes, seals, compacts, checks, looks at the statistics
struct StressRole {
  std::string name;
  StressStore store;
  uint64_t seed = 0;
};

// The exit code: 0 if it was asked to stop (SIGTERM) and nothing was wrong.
int RunStressRole(const StressRole& role, StressBoard& board);
int RunStressReader(const StressRole& role, StressBoard& board);
// For the main function: runs a role if `argv` says so (`--stress ROLE FOLDER JOURNAL SYNCHRONOUS
// SEED`, the board on kBoardFd), else returns -1.
int RunStressRoleIfAsked(int argc, char** argv);

// Raised by SIGTERM.
extern std::atomic<bool> stress_must_stop;

}  // namespace xtdb
