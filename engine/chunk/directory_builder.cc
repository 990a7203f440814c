#include "engine/chunk/directory_builder.h"

#include <array>
#include <string>

namespace xtdb {

Status DirectoryBuilder::Write(uint32_t entry_index, const BlockDirEntry& entry) {
  const auto where = [&] {
    return "chunk " + std::to_string(chunk_sequence_) + ", directory entry " +
           std::to_string(entry_index);
  };
  if (sealed_) return Status::FailedPrecondition(where() + ": the chunk is sealed");
  if (entry_index >= layout_.entry_count) {
    return Status::InvalidArgument(where() + ": index outside the directory of " +
                                   std::to_string(layout_.entry_count));
  }
  if (entry.extents > layout_.entry_count - entry_index) {
    return Status::InvalidArgument(where() + ": extents outside the chunk");
  }
  std::array<std::byte, sizeof(BlockDirEntry)> bytes;
  EncodeStruct(entry, bytes);
  // What a reader would refuse must not be written.
  const Result<BlockDirEntry> decoded = DecodeBlockDirEntry(bytes, chunk_sequence_);
  if (!decoded.ok() || IsUnwritten(decoded.value())) {
    return Status::InvalidArgument(
        where() + ": not a valid entry: " + std::string(decoded.status().message()));
  }
  return file_.WriteAt(layout_.EntryOffset(entry_index), bytes);
}

}  // namespace xtdb
