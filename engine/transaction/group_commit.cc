#include "engine/transaction/group_commit.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>

#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"

namespace xtdb {

namespace {

// A group takes no more callers once its points are about so many bytes: the sync is a small part
// of its cost then, and whoever waits for it should not wait for long.
constexpr uint64_t kGroupBytesMax = 1 * kMiB;
// Longer timeouts are as good as none, and would overflow the clock.
constexpr int64_t kTimeoutMaxUs = int64_t{1'000'000} * 3600 * 24 * 365;

uint64_t BytesOf(std::span<const PointWrite> points) {
  uint64_t bytes = points.size_bytes();
  for (const PointWrite& point : points) bytes += point.value.text.size();
  return bytes;
}

Status Stage(Transaction& transaction, std::span<const PointWrite> points) {
  StagedTag* tag = nullptr;
  for (const PointWrite& point : points) {
    if (tag == nullptr || tag->definition().name != point.tag) {
      XTDB_ASSIGN_OR_RETURN(tag, transaction.FindOrDefineTag(point.tag));
    }
    XTDB_RETURN_IF_ERROR(transaction.Write(*tag, point.ts_us, point.value, point.quality));
  }
  return Status();
}

// What may be right for each caller, and too much for all of them together.
bool MayFitAlone(const Status& status) {
  return status.code() == StatusCode::kResourceExhausted ||
         status.code() == StatusCode::kOutOfMemory;
}

}  // namespace

// Lives on its caller's stack until that returns.
struct GroupCommit::Caller {
  const std::span<const PointWrite> points;
  const int64_t deadline_us;  // monotonic
  Caller* next = nullptr;     // guarded by mutex_ while queued; then the leader's
  Status status = Status();   // the leader's until is_done
  // Guarded by mutex_.
  bool is_taken = false;  // by a leader, in whose hands the outcome is
  bool is_done = false;
  bool leads = false;
  std::condition_variable turn = {};
};

Status GroupCommit::Commit(std::span<const PointWrite> points, int64_t timeout_us) {
  XTDB_RETURN_IF_ERROR(engine_.CheckWritable());  // before a mutex that a fork may have left locked
  if (points.empty()) return Status();
  const int64_t now_us = engine_.clock_.MonotonicUs();
  Caller self{points, now_us + std::clamp<int64_t>(timeout_us, 0, kTimeoutMaxUs)};
  {
    std::unique_lock lock(mutex_);
    (last_ != nullptr ? last_->next : first_) = &self;
    last_ = &self;
    if (is_led_) {
      XTDB_RETURN_IF_ERROR(WaitForTurn(lock, self));
      if (self.is_done) return self.status;
    }
    is_led_ = true;
  }
  Lead(self);
  return self.status;
}

// Until somebody else has written the points, or it is this caller's turn to lead.
Status GroupCommit::WaitForTurn(std::unique_lock<std::mutex>& lock, Caller& self) {
  const auto is_over = [&] { return self.is_done || self.leads; };
  const int64_t left_us = self.deadline_us - engine_.clock_.MonotonicUs();
  if (self.turn.wait_for(lock, std::chrono::microseconds(left_us), is_over)) return Status();
  if (!self.is_taken) {
    Unlink(self);
    return Status::Busy(engine_.path_ + ": other threads of this process are writing");
  }
  self.turn.wait(lock, is_over);
  return Status();
}

uint64_t GroupCommit::waiting() {
  const std::lock_guard lock(mutex_);
  uint64_t count = 0;
  for (const Caller* caller = first_; caller != nullptr; caller = caller->next) ++count;
  return count;
}

void GroupCommit::Unlink(const Caller& caller) {
  Caller* before = nullptr;
  for (Caller* at = first_; at != &caller; at = at->next) before = at;
  (before != nullptr ? before->next : first_) = caller.next;
  if (last_ == &caller) last_ = before;
}

void GroupCommit::Lead(Caller& self) {
  std::unique_ptr<Transaction> transaction;
  self.status = Begin(self, transaction);
  // Whoever else waits asks for himself: his time may be longer.
  Caller* const group = TakeGroup(self);
  if (transaction != nullptr) WriteGroup(std::move(transaction), group);
  EndTurn(group, self);
}

Status GroupCommit::Begin(const Caller& caller, std::unique_ptr<Transaction>& transaction) {
  return CatchNoMemory([&]() -> Status {
    const int64_t left_us = caller.deadline_us - engine_.clock_.MonotonicUs();
    XTDB_ASSIGN_OR_RETURN(transaction, engine_.Begin(std::max<int64_t>(left_us, 0)));
    return Status();
  });
}

// The leader, who is the first in the queue, and with WRITER taken those behind him.
GroupCommit::Caller* GroupCommit::TakeGroup(Caller& self) {
  const std::lock_guard lock(mutex_);
  uint64_t bytes = BytesOf(self.points);
  Caller* end = &self;
  while (self.status.ok() && end->next != nullptr && bytes < kGroupBytesMax) {
    end = end->next;
    end->is_taken = true;
    bytes += BytesOf(end->points);
  }
  first_ = end->next;
  if (first_ == nullptr) last_ = nullptr;
  end->next = nullptr;
  return &self;
}

void GroupCommit::WriteGroup(std::unique_ptr<Transaction> transaction, Caller* group) {
  const Status written = CatchNoMemory([&] { return WriteTogether(*transaction, group); });
  transaction.reset();
  if (written.ok()) return;
  if (group->next != nullptr && MayFitAlone(written)) return WriteOneByOne(group);
  for (Caller* caller = group; caller != nullptr; caller = caller->next) {
    if (caller->status.ok()) caller->status = written;
  }
}

// An error is that of everybody whose own status is OK.
Status GroupCommit::WriteTogether(Transaction& transaction, Caller* group) {
  uint64_t staged = 0;
  for (Caller* caller = group; caller != nullptr; caller = caller->next) {
    const Mark mark = transaction.TakeMark();
    const MarkHold hold = transaction.Hold(mark);
    caller->status = Stage(transaction, caller->points);
    if (caller->status.ok()) {
      ++staged;
      continue;
    }
    if (caller->status.code() == StatusCode::kIoError) return caller->status;
    transaction.RollbackTo(mark);
  }
  if (staged == 0) return Status();
  XTDB_RETURN_IF_ERROR(transaction.Prepare());
  transaction.Commit();
  const std::lock_guard lock(engine_.mutex_);
  engine_.stats_.commits += staged - 1;
  engine_.stats_.joined_commits += staged - 1;
  return Status();
}

void GroupCommit::WriteOneByOne(Caller* group) {
  while (group != nullptr) {
    Caller* const caller = group;
    group = std::exchange(caller->next, nullptr);
    std::unique_ptr<Transaction> transaction;
    caller->status = Begin(*caller, transaction);
    if (transaction != nullptr) WriteGroup(std::move(transaction), caller);
    caller->next = group;
  }
}

void GroupCommit::EndTurn(Caller* group, const Caller& self) {
  const std::lock_guard lock(mutex_);
  is_led_ = first_ != nullptr;
  if (is_led_) {
    first_->leads = true;
    first_->turn.notify_one();
  }
  while (group != nullptr) {
    Caller* const caller = group;
    group = caller->next;  // it may be gone once the mutex is free
    if (caller == &self) continue;
    caller->is_done = true;
    caller->turn.notify_one();
  }
}

}  // namespace xtdb
