#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "capi/capi_error.h"
#include "capi/capi_handles.h"

namespace xtdb {
namespace {

constexpr int64_t kTimeoutUs = StorageEngine::kWriteTimeoutUs;
constexpr size_t kCountMax = std::numeric_limits<ptrdiff_t>::max() / sizeof(int64_t);

Result<Value> ValueOf(const xtdb_point& point) {
  switch (point.kind) {
    case XTDB_KIND_NULL:
      return Value::Null();
    case XTDB_KIND_INTEGER:
      return Value::Integer(point.integer);
    case XTDB_KIND_REAL:
      return Value::Real(point.real);
    case XTDB_KIND_TEXT:
      XTDB_RETURN_IF_ERROR(CheckGiven(point.text, "text"));
      return Value::Text(point.text);
    default:
      return Status::InvalidArgument("kind is " + std::to_string(point.kind) +
                                     ", none of xtdb_kind");
  }
}

// A column as a caller has it.
struct Column {
  size_t count;
  const int64_t* ts_us;
  const double* values;
  const uint8_t* quality;
};

Status Append(Transaction& transaction, const char* tag, const Column& column) {
  if (column.count == 0) return {};
  if (column.count > kCountMax) {
    return Status::InvalidArgument("count is " + std::to_string(column.count) +
                                   ", more than memory can hold");
  }
  XTDB_RETURN_IF_ERROR(CheckGiven(column.ts_us, "ts_us"));
  XTDB_RETURN_IF_ERROR(CheckGiven(column.values, "values"));
  ColumnBatch batch;
  batch.ts_us = {column.ts_us, column.count};
  batch.values = std::span(column.values, column.count);
  if (column.quality != nullptr) batch.quality = {column.quality, column.count};
  XTDB_ASSIGN_OR_RETURN(StagedTag* const staged, transaction.FindOrDefineTag(tag));
  return transaction.WriteColumn(*staged, batch);
}

Result<Transaction*> TransactionOf(xtdb_transaction* transaction, const char* tag) {
  XTDB_RETURN_IF_ERROR(CheckGiven(transaction, "transaction"));
  XTDB_RETURN_IF_ERROR(CheckGiven(tag, "tag"));
  return transaction->transaction.get();
}

}  // namespace
}  // namespace xtdb

using namespace xtdb;

xtdb_code xtdb_write(xtdb_db* db, const char* tag, int64_t ts_us, double value) {
  const xtdb_point point = {.ts_us = ts_us,
                            .kind = XTDB_KIND_REAL,
                            .quality = XTDB_QUALITY_GOOD,
                            .integer = 0,
                            .real = value,
                            .text = nullptr};
  return xtdb_write_point(db, tag, &point);
}

xtdb_code xtdb_write_point(xtdb_db* db, const char* tag, const xtdb_point* point) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(tag, "tag"));
    XTDB_RETURN_IF_ERROR(CheckGiven(point, "point"));
    XTDB_ASSIGN_OR_RETURN(const Value value, ValueOf(*point));
    XTDB_RETURN_IF_ERROR(db->engine->WritePoint(tag, point->ts_us, value, point->quality));
    return XTDB_OK;
  });
}

xtdb_code xtdb_append(xtdb_db* db, const char* tag, size_t count, const int64_t* ts_us,
                      const double* values, const uint8_t* quality) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(tag, "tag"));
    XTDB_ASSIGN_OR_RETURN(const auto transaction, db->engine->Begin(kTimeoutUs));
    XTDB_RETURN_IF_ERROR(Append(*transaction, tag, {count, ts_us, values, quality}));
    XTDB_RETURN_IF_ERROR(transaction->Prepare());
    transaction->Commit();
    return XTDB_OK;
  });
}

xtdb_code xtdb_begin(xtdb_db* db, xtdb_transaction** transaction) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(transaction, "transaction"));
    *transaction = nullptr;
    auto begun = std::make_unique<xtdb_transaction>(*db);
    XTDB_ASSIGN_OR_RETURN(begun->transaction, db->engine->Begin(kTimeoutUs));
    *transaction = begun.release();
    return XTDB_OK;
  });
}

xtdb_code xtdb_transaction_write(xtdb_transaction* transaction, const char* tag,
                                 const xtdb_point* point) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_ASSIGN_OR_RETURN(Transaction* const open, TransactionOf(transaction, tag));
    XTDB_RETURN_IF_ERROR(CheckGiven(point, "point"));
    XTDB_ASSIGN_OR_RETURN(const Value value, ValueOf(*point));
    XTDB_ASSIGN_OR_RETURN(StagedTag* const staged, open->FindOrDefineTag(tag));
    XTDB_RETURN_IF_ERROR(open->Write(*staged, point->ts_us, value, point->quality));
    return XTDB_OK;
  });
}

xtdb_code xtdb_transaction_append(xtdb_transaction* transaction, const char* tag, size_t count,
                                  const int64_t* ts_us, const double* values,
                                  const uint8_t* quality) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_ASSIGN_OR_RETURN(Transaction* const open, TransactionOf(transaction, tag));
    XTDB_RETURN_IF_ERROR(Append(*open, tag, {count, ts_us, values, quality}));
    return XTDB_OK;
  });
}

xtdb_code xtdb_transaction_delete(xtdb_transaction* transaction, const char* tag, int64_t ts_us) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_ASSIGN_OR_RETURN(Transaction* const open, TransactionOf(transaction, tag));
    StagedTag* const staged = open->FindTag(std::string_view(tag));
    if (staged == nullptr) return Status::NotFound("no tag \"" + std::string(tag) + "\"");
    XTDB_RETURN_IF_ERROR(open->Delete(*staged, ts_us));
    return XTDB_OK;
  });
}

xtdb_code xtdb_commit(xtdb_transaction* transaction) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(transaction, "transaction"));
    const std::unique_ptr<xtdb_transaction> ending(transaction);
    XTDB_RETURN_IF_ERROR(ending->transaction->Prepare());
    ending->transaction->Commit();
    return XTDB_OK;
  });
}

xtdb_code xtdb_rollback(xtdb_transaction* transaction) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(transaction, "transaction"));
    const std::unique_ptr<xtdb_transaction> ending(transaction);
    XTDB_RETURN_IF_ERROR(ending->transaction->Rollback());
    return XTDB_OK;
  });
}
