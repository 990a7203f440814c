#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/chunk/slot_lease.h"
#include "engine/format/shm_format.h"
#include "engine/io/file_system.h"

namespace xtdb {

// The words and reader slots that the processes of one container share. Every access is one
// sequentially consistent 8-byte load or store: the protocol (docs/concurrency.md) counts on the
// order of a store here and a load there.
//
// Ownership: borrows `container`, the open file whose bytes are the slots' locks.
// Threads:   any.
class SharedMemory {
 public:
  // Maps the file. read_only: it must be there and of this container's making, else kNotFound.
  static Result<std::unique_ptr<SharedMemory>> Open(FileSystem& fs, const std::string& path,
                                                    File& container, bool read_only);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // What an earlier life left, if that was of this container and log epoch.
  struct Left {
    LSN durable = kNoLsn;
    bool log_failed = false;
  };
  Left LeftBy(const Uuid& uuid, uint64_t log_epoch) const;
  // Makes it anew: no slots, all words zero but `log_failed`; the generation is set by Finish. By
  // who has the container alone.
  void BeginRebuild(const Uuid& uuid, uint64_t log_epoch, bool log_failed);
  void FinishRebuild();
  bool IsOf(const Uuid& uuid) const;
  // kFailedPrecondition if somebody has written over the file since this process claimed its slot,
  // for which no word in it can be trusted any more.
  Status CheckIntact() const;
  // The same, by the holder of WRITER, if the words are behind what this process has seen there:
  // who follows them would forget commits. Only another superblock may take settled ones back,
  // when what a failed disk lost is recovered.
  Status CheckGrown(uint64_t seen_sequence, LSN seen_settled) const;

  uint64_t generation() const { return Load(&ShmWords::generation); }
  LSN settled() const { return Load(&ShmWords::settled); }
  LSN durable() const { return Load(&ShmWords::durable); }
  LSN checkpoint() const { return Load(&ShmWords::checkpoint); }
  uint64_t superblock_sequence() const { return Load(&ShmWords::superblock_sequence); }
  uint64_t writer_mark() const { return Load(&ShmWords::writer_mark); }
  uint64_t last_writer() const { return Load(&ShmWords::last_writer); }
  uint32_t settled_crc() const { return static_cast<uint32_t>(Load(&ShmWords::settled_crc)); }
  bool log_failed() const { return Load(&ShmWords::log_failed) != 0; }

  // last_crc32: of the frame before `lsn`; 0 if that is not known.
  void SetSettled(LSN lsn, uint32_t last_crc32);
  void SetDurable(LSN lsn);
  // The log goes on in another epoch, or begins. By the holder of WRITER.
  void SetLogEpoch(uint64_t log_epoch);
  void SetCheckpoint(LSN lsn) { Store(&ShmWords::checkpoint, lsn); }
  void SetSuperblockSequence(uint64_t value) { Store(&ShmWords::superblock_sequence, value); }
  void SetWriterMark(uint64_t mark) { Store(&ShmWords::writer_mark, mark); }
  void SetLastWriter(uint64_t mark) { Store(&ShmWords::last_writer, mark); }
  // Who compacts (0: nobody), and where. Whether that process lives says the lock on COMPACTION.
  uint64_t lease_mark() const { return Load(&ShmWords::lease_mark); }
  SlotLease lease() const;
  // By the holder of WRITER, for this process.
  void SetLease(const SlotLease& lease);
  // The numbers stay used.
  void ClearLease() { Store(&ShmWords::lease_mark, 0); }
  void SetLogFailed(bool failed) { Store(&ShmWords::log_failed, failed ? 1 : 0); }

  // Takes a slot for this process. kResourceExhausted: all are taken.
  Status ClaimSlot();
  void ReleaseSlot();
  // A number that names this process's use of the container among all living ones; not 0.
  uint64_t mark() const { return mark_; }
  // Of the process that a mark names; 0 if its slot is free.
  int64_t PidOf(uint64_t mark) const;
  void SetLogPosition(LSN lsn);                        // kMaxLsn: reads no log
  void SetSnapshot(LSN oldest_lsn, int64_t since_us);  // of this process
  void ClearSnapshot();                                // it has none

  // What the other processes that live still need.
  struct Needs {
    LSN log_lsn = kMaxLsn;
    LSN snapshot_lsn = kMaxLsn;
    int64_t pid = 0;       // of the oldest snapshot
    int64_t since_us = 0;  // of the oldest snapshot
  };
  Result<Needs> NeedsOfOthers();
  // Whether another process has a slot, and so may write.
  Result<bool> IsSharedWithWriters() const;

 private:
  bool IsLaidOutFor(const Uuid& uuid) const;  // made for it, though perhaps not to the end
  SharedMemory(std::unique_ptr<SharedMapping> mapping, File& container);
  uint64_t Load(uint64_t ShmWords::*word) const;
  void Store(uint64_t ShmWords::*word, uint64_t value);
  ShmHeader& header() const;
  ShmSlot& slot(uint32_t index) const;
  Result<bool> ForgetIfDead(uint32_t index);
  Status ChangedBySomebody() const;

  const std::unique_ptr<SharedMapping> mapping_;
  File& container_;
  static constexpr int64_t kNoSlot = -1;
  std::atomic<int64_t> own_slot_ = kNoSlot;
  std::mutex forget_mutex_;
  uint64_t mark_ = 0;
  uint64_t generation_ = 0;  // when this process took its slot
};

}  // namespace xtdb
