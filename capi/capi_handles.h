#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "capi/xtdb.h"
#include "engine/read_view.h"
#include "engine/storage_engine.h"
#include "planner/aggregate/aggregate_plan.h"
#include "planner/plan.h"

// What stands behind the handles of xtdb.h.
struct xtdb_db {
  std::shared_ptr<xtdb::StorageEngine> engine;
  std::atomic<int> uses = 0;  // transactions and cursors that are not ended
};

namespace xtdb {

// Keeps a database from being closed. Threads: none of its own.
class DatabaseUse {
 public:
  explicit DatabaseUse(xtdb_db& db) : db_(db) { ++db_.uses; }
  ~DatabaseUse() { --db_.uses; }
  DatabaseUse(const DatabaseUse&) = delete;
  DatabaseUse& operator=(const DatabaseUse&) = delete;

 private:
  xtdb_db& db_;
};

}  // namespace xtdb

// The use is the first member, so that it is the last to end.
struct xtdb_transaction {
  explicit xtdb_transaction(xtdb_db& db) : use(db) {}
  const xtdb::DatabaseUse use;
  std::unique_ptr<xtdb::Transaction> transaction;
};

// Of points (plan) or of buckets (buckets).
struct xtdb_cursor {
  explicit xtdb_cursor(xtdb_db& db) : use(db) {}
  const xtdb::DatabaseUse use;
  xtdb::TagPtr tag;
  std::unique_ptr<xtdb::Plan> plan;
  std::unique_ptr<xtdb::AggregatePlan> buckets;
  // Of the batch that was handed out, where its columns are not those of the store.
  std::vector<double> reals;
  std::vector<int64_t> integers;
  std::vector<uint8_t> is_null;
  std::string text_bytes;
  std::vector<const char*> texts;
};

namespace xtdb {

// What is committed now.
Result<ReadView> ViewOf(const xtdb_db& db);
// kNotFound for a name that no tag has.
Result<TagPtr> TagOf(const ReadView& view, const char* tag);

}  // namespace xtdb
