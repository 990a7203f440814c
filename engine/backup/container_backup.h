#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/progress.h"
#include "engine/base/status.h"
#include "engine/catalog/catalogue_format.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/io/file_system.h"
#include "engine/storage_engine.h"

namespace xtdb {

struct BackupReport {
  LSN lsn = kNoLsn;  // the copy has every commit up to here
  uint64_t chunks = 0;
  uint64_t blocks = 0;
  uint64_t points = 0;  // tombstones included
  uint64_t bytes_written = 0;
};

// Copies a container that is in use into one that is closed. What may still change (superblock,
// catalogue, directories of open chunks) is copied while WRITER is held; the blocks, which never
// change once they are published, after that. The copy is written beside the target's name, synced,
// opened and checked; only then it gets the name.
//
// The copy keeps the container's UUID, since every chunk header and block carries it: it is the
// same container at an earlier time, and must not be put beside the log of a later one.
//
// Ownership: borrows `fs` and `engine`.
// Threads:   any, one for each object.
class ContainerBackup {
 public:
  // on_progress: called with "copying", of bytes, and "checking", of blocks of the copy
  ContainerBackup(FileSystem& fs, StorageEngine& engine, ProgressFn on_progress = {})
      : fs_(fs), engine_(engine), on_progress_(std::move(on_progress)) {}

  // timeout_us: for the transaction that is under way.
  //   kAlreadyExists: something has the target's name. kBusy: timeout, or another backup writes the
  //   same copy. kCorruption: the container is damaged, as the check of the copy says; then there
  //   is no copy.
  Result<BackupReport> Run(const std::string& target, int64_t timeout_us);

 private:
  struct Range {
    uint64_t begin;
    uint64_t end;
  };
  Status CheckTarget(const std::string& target) const;
  Status OpenPartial(const std::string& partial);
  Status EmptyPartial(File& file);
  // With WRITER: takes what stands still only now, and lists in `later_` what may be copied later.
  Status CopyMoving(int64_t timeout_us);
  Status CopyCatalogue(const Superblock& superblock);
  Status CopyChunk(const ChunkTableEntry& chunk);
  Status WriteHeader(Superblock superblock);
  Status CopyRange(const Range& range);
  Status CopyLater();
  Status Verify(const std::string& partial);
  Status Fill(const std::string& partial, int64_t timeout_us);

  FileSystem& fs_;
  StorageEngine& engine_;
  const ProgressFn on_progress_;
  std::unique_ptr<File> target_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<Range> later_;
  std::vector<ChunkLayout> sealed_;  // in `later_` with their headers
  uint64_t end_ = 0;                 // of the copy
  BackupReport report_;
};

}  // namespace xtdb
