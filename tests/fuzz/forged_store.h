#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {

inline constexpr const char* kForgedPath = "/plant.xtdb";
inline constexpr const char* kForgedLog = "/plant.xtdb-wal";
inline constexpr const char* kForgedShm = "/plant.xtdb-shm";

EngineOptions ForgedOptions();

// Ends the program: what must not fail has failed.
void Must(const Status& status);
// Points at `first` .. `first` + 19 of three tags, each a commit.
void WriteSome(StorageEngine& engine, int64_t first);

// A small store in three lives: two chunks of blocks, then points that only the log has.
struct SoundStores {
  std::unique_ptr<FaultyFileSystem> closed;    // container alone
  std::unique_ptr<FaultyFileSystem> unclosed;  // container, log and shared memory
  TestPoints points;
};
const SoundStores& TheSoundStores();

// Damages a clone of one of them as the input says, and makes checksums right again where it asks
// for that, so that what stands behind them is reached.
//   byte 0: bit 0: the closed one; bits 1 .. 5: patch header, superblocks, directories, blocks,
//           seal records and frames of the log
//   then steps. First byte below 128: an edit: area, place (2 bytes), count, bytes. Else something
//   larger: what, from (2 bytes), to (2 bytes).
std::unique_ptr<FaultyFileSystem> ForgeStore(std::span<const uint8_t> input);
// Whether checksums were made right, so that anything may look sound.
bool IsPatched(std::span<const uint8_t> input);

// Ends the program when a file gets larger than anything in these stores justifies.
void ForbidHugeFiles(FaultyFileSystem& fs);

}  // namespace xtdb
