#pragma once

#include <cstdint>

namespace xtdb {

// Ends this process, as kill -9 would, before one of its calls that change files: write, sync,
// truncate, allocate, remove, rename, of the engine and of SQLite alike, in the order in which they
// come. This program stands in front of the C library for them.

inline constexpr int kCrashExitCode = 77;

// Before the `call`-th from now on, counted from 1; 0: never.
void ArmCrashPoint(uint64_t call);

}  // namespace xtdb
