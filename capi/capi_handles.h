#pragma once

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
};

struct xtdb_transaction {
  std::unique_ptr<xtdb::Transaction> transaction;
};

// Of points (plan) or of buckets (buckets).
struct xtdb_cursor {
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
