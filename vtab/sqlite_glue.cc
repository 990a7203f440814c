#include "vtab/sqlite_glue.h"

#include "vtab/text/quote_text.h"

namespace xtdb {

int SqliteCode(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return SQLITE_OK;
    case StatusCode::kAlreadyExists:
      return SQLITE_CONSTRAINT;
    case StatusCode::kTypeMismatch:
      return SQLITE_MISMATCH;
    case StatusCode::kNotNull:
      return SQLITE_CONSTRAINT_NOTNULL;
    case StatusCode::kTooBig:
      return SQLITE_TOOBIG;
    case StatusCode::kBusy:
      return SQLITE_BUSY;
    case StatusCode::kReadOnly:
      return SQLITE_READONLY;
    case StatusCode::kIoError:
      return SQLITE_IOERR;
    case StatusCode::kCorruption:
      return SQLITE_CORRUPT_VTAB;
    case StatusCode::kResourceExhausted:
      return SQLITE_FULL;
    case StatusCode::kOutOfMemory:
      return SQLITE_NOMEM;
    case StatusCode::kInterrupted:
      return SQLITE_INTERRUPT;
    case StatusCode::kRolledBack:
      return SQLITE_ABORT_ROLLBACK;
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kUnsupported:
      return SQLITE_ERROR;
  }
  return SQLITE_ERROR;
}

Status StatusFromSqlite(sqlite3* db, int code) {
  std::string message = sqlite3_errmsg(db);
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return {};
    case SQLITE_NOMEM:
      throw std::bad_alloc();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Status::Busy(std::move(message));
    case SQLITE_READONLY:
      return Status::ReadOnly(std::move(message));
    case SQLITE_IOERR:
      return Status::IoError(std::move(message));
    case SQLITE_CORRUPT:
      return Status::Corruption(std::move(message));
    case SQLITE_FULL:
      return Status::ResourceExhausted(std::move(message));
    case SQLITE_TOOBIG:
      return Status::TooBig(std::move(message));
    case SQLITE_INTERRUPT:
      return Status::Interrupted(std::move(message));
    case SQLITE_MISMATCH:
      return Status::TypeMismatch(std::move(message));
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_NOTNULL ? Status::NotNull(std::move(message))
                                               : Status::AlreadyExists(std::move(message));
    default:
      return Status::InvalidArgument(std::move(message));
  }
}

void SetMessage(char** message, std::string_view text) {
  sqlite3_free(*message);
  *message = sqlite3_mprintf("%.*s", static_cast<int>(text.size()), text.data());
}

void SetResultError(sqlite3_context* context, const Status& status) {
  const std::string_view message = status.message();
  sqlite3_result_error(context, message.data(), static_cast<int>(message.size()));
  sqlite3_result_error_code(context, SqliteCode(status.code()));
}

std::string_view TextOf(sqlite3_value* value) {
  // The text first: it may convert, and only then is the length that of the text.
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
  const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
  if (text == nullptr && sqlite3_value_type(value) != SQLITE_NULL && size != 0) {
    throw std::bad_alloc();
  }
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

std::string_view BlobOf(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return bytes == nullptr
             ? std::string_view()
             : std::string_view(bytes, static_cast<size_t>(sqlite3_value_bytes(value)));
}

std::string ShowValue(sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return "NULL";
    case SQLITE_TEXT:
      return QuoteForMessage(TextOf(value));
    case SQLITE_BLOB:
      return "a BLOB of " + std::to_string(sqlite3_value_bytes(value)) + " bytes";
    case SQLITE_INTEGER:
      return std::to_string(sqlite3_value_int64(value));
    default: {
      // As few digits as it takes, with a point also in whole ones.
      const double real = sqlite3_value_double(value);
      char text[40];
      sqlite3_snprintf(sizeof text, text, "%!.15g", real);
      if (std::strtod(text, nullptr) != real) {
        sqlite3_snprintf(sizeof text, text, "%!.17g", real);
      }
      return text;
    }
  }
}

Result<SqlStatement> SqlStatement::Prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr);
  if (code != SQLITE_OK) return StatusFromSqlite(db, code);
  return SqlStatement(statement);
}

Status SqlStatement::Bind(int parameter, std::string_view text) {
  const int code = sqlite3_bind_text64(get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT,
                                       SQLITE_UTF8);
  return StatusFromSqlite(sqlite3_db_handle(get()), code);
}

Status SqlStatement::Bind(int parameter, sqlite3_value* value) {
  return StatusFromSqlite(sqlite3_db_handle(get()), sqlite3_bind_value(get(), parameter, value));
}

Result<bool> SqlStatement::Step() {
  const int code = sqlite3_step(get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return StatusFromSqlite(sqlite3_db_handle(get()), code);
}

void SqlStatement::Reset() { sqlite3_reset(get()); }

std::string SqlStatement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<size_t>(sqlite3_column_bytes(get(), column))};
}

Status RunSql(sqlite3* db, const std::string& sql) {
  char* message = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message);
  sqlite3_free(message);
  return StatusFromSqlite(db, code);
}

bool IsTable(sqlite3* db, const std::string& schema, const std::string& name) {
  return sqlite3_table_column_metadata(db, schema.c_str(), name.c_str(), nullptr, nullptr, nullptr,
                                       nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

Result<std::string> ReadPragma(sqlite3* db, const std::string& schema, const std::string& name) {
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement pragma,
      SqlStatement::Prepare(db, "PRAGMA " + QuoteIdentifier(schema) + "." + name));
  XTDB_ASSIGN_OR_RETURN(const bool has_row, pragma.Step());
  return has_row ? pragma.Text(0) : std::string();
}

}  // namespace xtdb
