#include "engine/wal/pending_transaction.h"

#include <string>

namespace xtdb {

Status PendingTransaction::Commit(TagDictionary& dictionary, MemBuffer& buffer,
                                  ChunkStore& chunks) const {
  for (const TagDefinition& definition : definitions) dictionary.Put(definition);
  for (const auto& [tag, rows] : groups) {
    if (!dictionary.Find(tag)) {
      return Status::Corruption("transaction at LSN " + std::to_string(transaction) +
                                ": points of tag number " + std::to_string(tag) +
                                ", which nothing defines");
    }
    buffer.Prepare(tag, rows);
    buffer.Append(tag, rows, prepare_lsn, transaction);
  }
  for (const auto& [lsn, record] : blocks) XTDB_RETURN_IF_ERROR(chunks.Replay(record, lsn));
  return Status();
}

}  // namespace xtdb
