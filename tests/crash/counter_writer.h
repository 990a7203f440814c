#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

namespace xtdb {

// What every transaction of the kill test writes: counter n to each of these tags at ts = n, each
// in a type of its own. A store is right if all tags hold the same counters, 1 to the last.
inline constexpr int kCounterTags = 6;
std::string CounterTag(int tag);
// The value as SQLite's quote() shows it, of counter n in that tag.
std::string CounterValue(int tag, int64_t n);

// Opens FOLDER/SYNCHRONOUS.db with a table `plant` on FOLDER/plant.xtdb; null with a message on
// stderr if that fails.
sqlite3* OpenCounters(const std::string& folder, const std::string& synchronous);
// Runs SQL that must succeed: otherwise says so on stderr and returns false.
bool ExecSql(sqlite3* db, const std::string& sql);
// The largest counter in the store, 0 if there is none, -1 on an error.
int64_t LastCounter(sqlite3* db);

struct CounterWriterOptions {
  std::string folder;
  std::string synchronous;  // full, normal, off
  uint64_t seed = 0;
  int ack_fd = -1;  // gets 8 bytes, the counter, after each COMMIT has returned
};
// Commits counters for ever, with rollbacks, savepoints, flushes, seals, compactions, closes and
// opens between them; returns only on an error, as a process's exit code.
int WriteCounters(const CounterWriterOptions& options);

}  // namespace xtdb
