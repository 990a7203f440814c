#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch.h"
#include "vtab/csv/point_batch_reader.h"

namespace xtdb {

// Hands out the batches of a reader; of a long file they are read by a thread while the caller is
// busy with the one before.
//
// Ownership: borrows both; the thread ends with the object, which first sets `cancelled` so that
// the
//            reader's source stops waiting for input.
// Threads:   its methods from one.
class CsvBatchPump {
 public:
  static constexpr uint64_t kBatchesBeforeThread = 4;

  CsvBatchPump(PointBatchReader& reader, std::atomic<bool>& cancelled,
               uint64_t batches_before_thread = kBatchesBeforeThread)
      : reader_(reader), cancelled_(cancelled), batches_before_thread_(batches_before_thread) {}
  ~CsvBatchPump();
  CsvBatchPump(const CsvBatchPump&) = delete;
  CsvBatchPump& operator=(const CsvBatchPump&) = delete;

  // The next batch, valid until the next call; nullptr at the end.
  Result<const CsvBatch*> Next();

 private:
  bool StartThread();
  void Run();

  PointBatchReader& reader_;
  std::atomic<bool>& cancelled_;
  uint64_t batches_before_thread_;  // UINT64_MAX: there can be no thread
  uint64_t batches_ = 0;
  std::array<CsvBatch, 3> storage_;  // one with the caller, one ready, one in the making
  CsvBatch* with_caller_ = nullptr;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_, once there is a thread:
  std::deque<CsvBatch*> ready_;
  std::deque<CsvBatch*> free_;
  bool at_end_ = false;
  bool stopping_ = false;
  Status failure_;
};

}  // namespace xtdb
