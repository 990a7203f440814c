#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/transaction/value.h"

namespace xtdb {

class StorageEngine;
class Transaction;

// A point as a caller without a transaction of his own gives it; tag and text are borrowed.
struct PointWrite {
  std::string_view tag;
  int64_t ts_us = 0;
  Value value;
  Quality quality = kQualityGood;
};

// Commits of one step, from any threads of this process, share what a commit costs: those that come
// while another one is being written wait together, and become one transaction with one PREPARE and
// one sync. There is no thread for it: the first that finds nobody leading leads, and when its
// group is done the one that has waited longest leads the next.
//
// Ownership: borrows `engine`, which owns it.
// Threads:   any. After fork() the child must only destroy it; the rest is an error there.
class GroupCommit {
 public:
  explicit GroupCommit(StorageEngine& engine) : engine_(engine) {}
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  // Commits `points`, all or none, as `synchronous` says; waits at most `timeout_us` for its turn
  // (kBusy). What is wrong with these points fails this call alone; where log or disk fail, so does
  // everybody of the group. What a group has no room or memory for is tried again, each by itself.
  Status Commit(std::span<const PointWrite> points, int64_t timeout_us);
  // Callers that nobody writes for yet.
  uint64_t waiting();

 private:
  struct Caller;
  Status WaitForTurn(std::unique_lock<std::mutex>& lock, Caller& self);
  void Lead(Caller& self);
  Status Begin(const Caller& caller, std::unique_ptr<Transaction>& transaction);
  Caller* TakeGroup(Caller& self);
  void WriteGroup(std::unique_ptr<Transaction> transaction, Caller* group);
  Status WriteTogether(Transaction& transaction, Caller* group);
  void WriteOneByOne(Caller* group);
  void EndTurn(Caller* group, const Caller& self);
  void Unlink(const Caller& caller);  // caller holds mutex_

  StorageEngine& engine_;
  // The rest is guarded by mutex_: those who wait, the oldest first, with the leader until it has
  // WRITER. Their links are in themselves, so that no memory is needed.
  std::mutex mutex_;
  Caller* first_ = nullptr;
  Caller* last_ = nullptr;
  bool is_led_ = false;
};

}  // namespace xtdb
