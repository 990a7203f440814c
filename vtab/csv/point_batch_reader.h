#pragma once

#include "engine/base/status.h"
#include "vtab/csv/csv_batch.h"

namespace xtdb {

// Reads a file of points, of whatever format, batch by batch.
// Threads: one at a time.
class PointBatchReader {
 public:
  virtual ~PointBatchReader() = default;
  // Replaces `batch` by what can be had without waiting for more input, or by as many points as are
  // good for a batch; false: it is empty, nothing is left. An error is final, and comes behind the
  // batch of what was read before it.
  virtual Result<bool> Next(CsvBatch& batch) = 0;
};

}  // namespace xtdb
