#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/chunk/directory_budget.h"
#include "engine/chunk/layout_calculator.h"
#include "engine/format/container_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// The container file: header, superblocks, the space behind them, and where catalogue versions are.
// Chunks are the business of ChunkStore.
//
// Ownership: owns the file.
// Threads:   one at a time (the holder of WRITER), but for the constant getters.
class Container {
 public:
  struct NewContainer {
    uint64_t chunk_size_bytes = 64 * kMiB;
    StorageOptions options;
    uint64_t max_bytes = 0;
    int64_t now_us = 0;
  };
  // Whether `file` is empty, or what a crash within Create leaves.
  static Result<bool> IsUnfinished(File& file);
  // kCorruption: "not an xTdb container", a file that somebody else may be using.
  static Status CheckIsContainer(File& file);
  // Makes a container of the unfinished `file`, which nobody else has open; syncs file and folder.
  // The header is written last, by a write within one sector: until then IsUnfinished. On error the
  // file is removed.
  static Result<std::unique_ptr<Container>> Create(FileSystem& fs, std::unique_ptr<File> file,
                                                   const NewContainer& wanted);
  // Reads header and superblock.
  //   kCorruption: "not an xTdb container" (CheckIsContainer), or both superblocks are damaged.
  static Result<std::unique_ptr<Container>> Open(std::unique_ptr<File> file, bool read_only);

  const ContainerHeader& header() const { return header_; }
  uint64_t container_id() const { return container_id_; }
  const LayoutCalculator& layout() const { return layout_; }
  const std::string& path() const { return path_; }
  File& file() const { return *file_; }
  // Of all its chunks.
  DirectoryBudget& directory_budget() const { return directory_budget_; }
  bool read_only() const { return read_only_; }

  const Superblock& superblock() const { return superblock_; }
  // Reads it again, as another process may have written it; it has at least `sequence_min`.
  // kCorruption if neither copy is so new.
  Status RereadSuperblock(uint64_t sequence_min);
  // Whether one of the two copies was damaged when they were read last, as a crash may leave it.
  bool found_damaged_superblock() const { return found_damaged_superblock_; }
  // Writes the copy whose turn it is, with the next sequence, and syncs. On error superblock() is
  // as before.
  Status WriteSuperblock(Superblock next);

  // The catalogue's bytes as the superblock names them; empty for a new container.
  Result<std::vector<std::byte>> ReadCatalogue() const;

  // Gives back what stands behind `end`, if anything does.
  Status Trim(uint64_t end);

 private:
  Container(std::unique_ptr<File> file, const ContainerHeader& header,
            const LayoutCalculator& layout, const Superblock& superblock, bool read_only);

  const std::string path_;
  const std::unique_ptr<File> file_;
  const ContainerHeader header_;
  const uint64_t container_id_;
  const LayoutCalculator layout_;
  const bool read_only_;
  mutable DirectoryBudget directory_budget_;
  Superblock superblock_;
  bool found_damaged_superblock_ = false;
};

}  // namespace xtdb
