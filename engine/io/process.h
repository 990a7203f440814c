#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace xtdb {

int64_t CurrentProcessId();
std::string CurrentProgramName();
// Grows in a child at each fork(): an object that remembers it can tell that it was inherited.
uint64_t ForkGeneration();
// Bytes that no one can foresee, for identities.
void FillRandom(std::span<uint8_t> out);
// RFC 9562 version 4.
std::array<uint8_t, 16> RandomUuid();
// "process 1234 (sqlite3)" for each other process that has `path` open, as far as this user may see
// them; empty if none is found.
std::string DescribeHolders(const std::string& path);

}  // namespace xtdb
