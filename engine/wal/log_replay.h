#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/buffer/mem_buffer.h"
#include "engine/catalog/tag_dictionary.h"
#include "engine/chunk/chunk_store.h"
#include "engine/wal/pending_transaction.h"
#include "engine/wal/rotating_wal.h"

namespace xtdb {

// Turns the log's records into what they meant: committed transactions go to the buffers and the
// dictionary, flushes and drops to the chunks. A transaction counts if its PREPARE is whole and
// nothing of the same transaction follows it.
//
// Ownership: borrows all three.
// Threads:   one.
class LogReplay {
 public:
  // keep_retired: snapshots may still see what a flush has taken from the buffers; whoever knows of
  // them reclaims it.
  LogReplay(TagDictionary& dictionary, MemBuffer& buffer, ChunkStore& chunks,
            bool keep_retired = false)
      : dictionary_(dictionary), buffer_(buffer), chunks_(chunks), keep_retired_(keep_retired) {}

  // Records in log order. kCorruption for a record whose bytes are intact and whose meaning is not;
  // kUnsupported for a type of a newer build.
  Status Apply(const LogRecord& record);
  // The log has ended. Takes out the prepared transaction at its end, which no later record has
  // decided; `transaction` is kNoLsn if there is none. For containers whose transactions somebody
  // else decides: then nothing is left to Finish.
  PendingTransaction TakeUndecided();
  // The log has ended: its last transaction counts if it is prepared.
  Status Finish();

  LSN last_lsn() const { return last_lsn_; }  // of the last commit, flush or drop; kNoLsn if none
  uint64_t transactions() const { return transactions_; }
  uint64_t points() const { return points_; }
  uint64_t withdrawn() const { return withdrawn_; }  // transactions that never committed
  // What has put blocks into chunks: flushes, transactions larger than memory, compactions.
  uint64_t flushes() const { return flushes_; }

 private:
  Status ApplyToTransaction(const LogRecord& record);
  void AddGroup(TagId tag, PointColumns&& rows);
  Status ApplyPrepare(const LogRecord& record);
  Status ApplyFlush(const LogRecord& record);
  Status ApplyDrop(const LogRecord& record);
  Status ApplyCompact(const LogRecord& record);
  Status Settle();

  TagDictionary& dictionary_;
  MemBuffer& buffer_;
  ChunkStore& chunks_;
  const bool keep_retired_;
  PendingTransaction pending_;
  LSN last_lsn_ = kNoLsn;
  uint64_t transactions_ = 0;
  uint64_t points_ = 0;
  uint64_t withdrawn_ = 0;
  uint64_t flushes_ = 0;
};

}  // namespace xtdb
