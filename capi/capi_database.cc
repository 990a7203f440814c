#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "capi/capi_error.h"
#include "capi/capi_handles.h"
#include "capi/capi_version.h"
#include "planner/tag_summary.h"

namespace xtdb {
namespace {

constexpr int64_t kTimeoutUs = StorageEngine::kWriteTimeoutUs;

// Of what the caller knows of the options.
Result<EngineOptions> OptionsOf(const xtdb_open_options* given) {
  EngineOptions options;
  if (given == nullptr) return options;
  XTDB_RETURN_IF_ERROR(CheckStruct(given, "options"));
  xtdb_open_options known = {};
  const size_t size = std::min(given->struct_size, sizeof(known));
  std::copy_n(reinterpret_cast<const char*>(given), size, reinterpret_cast<char*>(&known));
  options.read_only = known.read_only != 0;
  options.must_exist = known.must_exist != 0 || options.read_only;
  switch (known.synchronous) {
    case XTDB_SYNC_FULL:
      break;
    case XTDB_SYNC_NORMAL:
      options.synchronous = Synchronous::kNormal;
      break;
    case XTDB_SYNC_OFF:
      options.synchronous = Synchronous::kOff;
      break;
    default:
      return Status::InvalidArgument("synchronous is " + std::to_string(known.synchronous) +
                                     ", none of xtdb_synchronous");
  }
  if (known.buffer_bytes != 0) options.buffer_bytes = known.buffer_bytes;
  return options;
}

Result<std::optional<ValueType>> TypeOf(int type) {
  if (type < 0) return std::optional<ValueType>();
  if (type > XTDB_TYPE_TEXT) {
    return Status::InvalidArgument("type is " + std::to_string(type) + ", none of xtdb_type");
  }
  return std::optional(static_cast<ValueType>(type));
}

static_assert(static_cast<int>(ValueType::kBool) == XTDB_TYPE_BOOL);
static_assert(static_cast<int>(ValueType::kInt32) == XTDB_TYPE_INT32);
static_assert(static_cast<int>(ValueType::kInt64) == XTDB_TYPE_INT64);
static_assert(static_cast<int>(ValueType::kFloat32) == XTDB_TYPE_FLOAT32);
static_assert(static_cast<int>(ValueType::kFloat64) == XTDB_TYPE_FLOAT64);
static_assert(static_cast<int>(ValueType::kText) == XTDB_TYPE_TEXT);

std::optional<std::string_view> TextOf(const char* text) {
  if (text == nullptr) return std::nullopt;
  return std::string_view(text);
}

int StepOf(Interpolation interpolation) {
  if (interpolation == Interpolation::kUnset) return -1;
  return interpolation == Interpolation::kStepped ? 1 : 0;
}

Result<xtdb_tag_info> Describe(const ReadView& view, const TagPtr& tag) {
  XTDB_ASSIGN_OR_RETURN(const TagSummary summary, SummarizeTag(view, tag, nullptr));
  return xtdb_tag_info{.struct_size = sizeof(xtdb_tag_info),
                       .name = tag->name.c_str(),
                       .unit = tag->unit.c_str(),
                       .description = tag->description.c_str(),
                       .type = static_cast<int>(tag->type),
                       .step = StepOf(tag->interpolation),
                       .points = summary.points,
                       .first_us = summary.first_ts_us,
                       .last_us = summary.last_ts_us};
}

}  // namespace

Result<ReadView> ViewOf(const xtdb_db& db) {
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, db.engine->TakeSnapshot());
  return view;
}

Result<TagPtr> TagOf(const ReadView& view, const char* tag) {
  XTDB_RETURN_IF_ERROR(CheckGiven(tag, "tag"));
  TagPtr found = view.FindTag(std::string_view(tag));
  if (found == nullptr) return Status::NotFound("no tag \"" + std::string(tag) + "\"");
  return found;
}

}  // namespace xtdb

using namespace xtdb;

const char* xtdb_version(void) { return CApiVersion(); }

xtdb_code xtdb_open(const char* path, const xtdb_open_options* options, xtdb_db** db) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(path, "path"));
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    *db = nullptr;
    XTDB_ASSIGN_OR_RETURN(const EngineOptions engine_options, OptionsOf(options));
    auto opened = std::make_unique<xtdb_db>();
    XTDB_ASSIGN_OR_RETURN(opened->engine, StorageEngine::Open(PosixFileSystem(), SystemClock(),
                                                              path, engine_options));
    *db = opened.release();
    return XTDB_OK;
  });
}

xtdb_code xtdb_close(xtdb_db* db) {
  return CallFromC([&]() -> Result<xtdb_code> {
    if (db == nullptr) return XTDB_OK;
    if (const int uses = db->uses; uses > 0) {
      return Status::FailedPrecondition(
          "transactions and cursors of it are open: " + std::to_string(uses) + "; end them first");
    }
    const std::unique_ptr<xtdb_db> closing(db);
    XTDB_RETURN_IF_ERROR(closing->engine->Close());
    return XTDB_OK;
  });
}

xtdb_code xtdb_flush(xtdb_db* db) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(db->engine->Flush(kTimeoutUs));
    return XTDB_OK;
  });
}

xtdb_code xtdb_define_tag(xtdb_db* db, const char* tag, int type, const char* unit,
                          const char* description, int step) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(tag, "tag"));
    XTDB_ASSIGN_OR_RETURN(const std::optional<ValueType> value_type, TypeOf(type));
    std::optional<Interpolation> interpolation;
    if (step >= 0) interpolation = step > 0 ? Interpolation::kStepped : Interpolation::kSloped;
    XTDB_ASSIGN_OR_RETURN(const auto transaction, db->engine->Begin(kTimeoutUs));
    XTDB_RETURN_IF_ERROR(
        transaction->DefineTag(tag, value_type, TextOf(unit), TextOf(description), interpolation));
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    return XTDB_OK;
  });
}

xtdb_code xtdb_tags(xtdb_db* db, xtdb_tag_function function, void* context) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(reinterpret_cast<const void*>(function), "function"));
    XTDB_ASSIGN_OR_RETURN(const ReadView view, ViewOf(*db));
    for (const TagPtr& tag : view.AllTags()) {
      XTDB_ASSIGN_OR_RETURN(const xtdb_tag_info info, Describe(view, tag));
      if (function(&info, context) != 0) break;
    }
    return XTDB_OK;
  });
}
