#pragma once

#include <filesystem>
#include <memory>

#include "bench/compare/dataset.h"
#include "engine/storage_engine.h"

namespace xtdb::bench {

// xTdb as a C++ program has it, without SQL. Errors end the program.
class EngineSession {
 public:
  EngineSession(const std::filesystem::path& folder, Synchronous synchronous);
  ~EngineSession();

  // All of `series` in one transaction: for each tag a handle, and batches of 10,000 points.
  void AppendSeries(const Dataset& data, const std::vector<TagSeries>& series);
  // The points [begin, end) one by one in one transaction, for each tag a handle.
  void WritePoints(const Dataset& data, size_t begin, size_t end);
  // The point `i`, a commit of its own.
  void WritePoint(const Dataset& data, size_t i);

 private:
  std::shared_ptr<StorageEngine> engine_;
};

}  // namespace xtdb::bench
