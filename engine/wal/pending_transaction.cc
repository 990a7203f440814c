#include "engine/wal/pending_transaction.h"

#include <string>

namespace xtdb {

Status PendingTransaction::Commit(TagDictionary& dictionary, MemBuffer& buffer) const {
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
  return Status();
}

}  // namespace xtdb
