#include "vtab/csv/csv_batch_pump.h"

#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "engine/base/cleanup.h"

namespace xtdb {

CsvBatchPump::~CsvBatchPump() {
  if (!thread_.joinable()) return;
  cancelled_ = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool CsvBatchPump::StartThread() {
  for (CsvBatch& batch : storage_) free_.push_back(&batch);
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error&) {
    batches_before_thread_ = std::numeric_limits<uint64_t>::max();
  }
  return thread_.joinable();
}

void CsvBatchPump::Run() {
  for (;;) {
    CsvBatch* batch = nullptr;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !free_.empty(); });
      if (stopping_) return;
      batch = free_.front();
      free_.pop_front();
    }
    bool more = false;
    Status status = CatchNoMemory([&]() -> Status {
      XTDB_ASSIGN_OR_RETURN(more, reader_.Next(*batch));
      return Status();
    });
    const std::lock_guard lock(mutex_);
    if (more) {
      ready_.push_back(batch);
    } else {
      at_end_ = true;
      failure_ = std::move(status);
    }
    changed_.notify_all();
    if (at_end_) return;
  }
}

Result<const CsvBatch*> CsvBatchPump::Next() {
  const bool wants_thread =
      batches_ >= batches_before_thread_ && std::thread::hardware_concurrency() > 1;
  ++batches_;
  if (!thread_.joinable() && !(wants_thread && StartThread())) {
    XTDB_ASSIGN_OR_RETURN(const bool more, reader_.Next(storage_[0]));
    return more ? &storage_[0] : nullptr;
  }
  std::unique_lock lock(mutex_);
  if (with_caller_ != nullptr) free_.push_back(std::exchange(with_caller_, nullptr));
  changed_.notify_all();
  changed_.wait(lock, [this] { return at_end_ || !ready_.empty(); });
  if (!ready_.empty()) {
    with_caller_ = ready_.front();
    ready_.pop_front();
    return with_caller_;
  }
  if (!failure_.ok()) return failure_;
  return nullptr;
}

}  // namespace xtdb
