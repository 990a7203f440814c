#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/point_columns.h"
#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/buffer/mem_buffer.h"
#include "engine/catalog/tag_definition.h"
#include "engine/catalog/tag_dictionary.h"
#include "engine/chunk/chunk_store.h"
#include "engine/wal/flush_record.h"

namespace xtdb {

// A transaction as far as the log has been read. Threads: one at a time.
struct PendingTransaction {
  LSN transaction = kNoLsn;  // of its first frame; kNoLsn: there is none
  LSN prepare_lsn = kNoLsn;  // kNoLsn: not prepared, or withdrawn
  std::vector<TagDefinition> definitions;
  std::vector<std::pair<TagId, PointColumns>> groups;  // one for each tag
  std::vector<std::pair<LSN, FlushRecord>> blocks;     // that it has written, each with its LSN
  uint64_t record_count = 0;
  uint64_t point_count = 0;  // but for those in blocks

  bool prepared() const { return prepare_lsn != kNoLsn; }
  // Puts tags, points and blocks where a commit puts them; who reads at an LSN below prepare_lsn
  // does not see the points. kCorruption if a tag is defined nowhere.
  Status Commit(TagDictionary& dictionary, MemBuffer& buffer, ChunkStore& chunks) const;
};

}  // namespace xtdb
