#include <string>
#include <utility>

#include "engine/backup/container_backup.h"
#include "engine/storage_engine.h"
#include "vtab/comparand.h"
#include "vtab/connection.h"
#include "vtab/functions/functions.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"

namespace xtdb {
namespace {

// The container of the table that `name` names, which must not carry writes of this connection's
// transaction: what acts at once could neither see them nor be undone with them.
Result<std::shared_ptr<ContainerSession>> IdleSession(sqlite3* db, sqlite3_value* name) {
  Connection& connection = Connection::Of(db);
  XTDB_ASSIGN_OR_RETURN(Table* const table, connection.FindTable(TextOf(name)));
  XTDB_RETURN_IF_ERROR(table->CheckOpenToFunctions());
  const std::string table_name = table->name();
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<ContainerSession> session, table->Session());
  XTDB_RETURN_IF_ERROR(session->CheckUsable());
  if (session->transaction() != nullptr || session->has_written()) {
    return Status::FailedPrecondition("this transaction has written to the container of " +
                                      table_name + "; COMMIT or ROLLBACK first");
  }
  return session;
}

Result<std::string> Flush(sqlite3* db, sqlite3_value* name) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, name));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  XTDB_RETURN_IF_ERROR(session->engine().Flush(timeout_us));
  return std::string("ok");
}

Result<std::string> Seal(sqlite3* db, sqlite3_value* name) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, name));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  XTDB_RETURN_IF_ERROR(session->engine().Seal(timeout_us));
  return std::string("ok");
}

Result<std::string> Check(sqlite3* db, sqlite3_value* name) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, name));
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CheckReport report, session->engine().Check());
  if (report.problems.empty()) return std::string("ok");
  std::string text;
  for (const std::string& problem : report.problems) text += (text.empty() ? "" : "\n") + problem;
  return text;
}

Status RunBackup(sqlite3_context* context, sqlite3_value** argv) {
  sqlite3* const db = sqlite3_context_db_handle(context);
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL || sqlite3_value_type(argv[1]) == SQLITE_NULL) {
    return Status::InvalidArgument(
        "which table, and to which file? write xtdb_backup('plant', 'copy.xtdb')");
  }
  const std::string_view file = TextOf(argv[1]);
  if (file.find('\0') != std::string_view::npos) {
    return Status::InvalidArgument("the name of the file has a NUL in it");
  }
  const std::string target(file);
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, argv[0]));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  ContainerBackup backup(ContainerFiles(), session->engine());
  const Status done = backup.Run(target, timeout_us).status();
  // It would look like a broken constraint of a table.
  if (done.code() == StatusCode::kAlreadyExists) {
    return Status::FailedPrecondition(std::string(done.message()));
  }
  XTDB_RETURN_IF_ERROR(done);
  sqlite3_result_text(context, "ok", -1, SQLITE_STATIC);
  return {};
}

void Backup(sqlite3_context* context, int /*argc*/, sqlite3_value** argv) {
  CallFromFunction(context, [&] { return RunBackup(context, argv).WithContext("xtdb_backup"); });
}

Result<int64_t> Retain(sqlite3* db, sqlite3_value* name) {
  if (sqlite3_value_type(name) == SQLITE_NULL) {
    return Status::InvalidArgument("which table? write xtdb_retain('plant')");
  }
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, name));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::DropReport report,
                        session->engine().Retain(timeout_us));
  return static_cast<int64_t>(report.chunks);
}

void RunRetain(sqlite3_context* context, int /*argc*/, sqlite3_value** argv) {
  CallFromFunction(context, [&]() -> Status {
    const Result<int64_t> chunks = Retain(sqlite3_context_db_handle(context), argv[0]);
    if (!chunks.ok()) return chunks.status().WithContext("xtdb_retain");
    sqlite3_result_int64(context, chunks.value());
    return {};
  });
}

struct Maintenance {
  const char* name;
  int flags;
  Result<std::string> (*run)(sqlite3* db, sqlite3_value* table);
};
constexpr Maintenance kAll[] = {{"xtdb_flush", kChangingFunction, Flush},
                                {"xtdb_seal", kChangingFunction, Seal},
                                {"xtdb_check", kReadingFunction, Check}};

void Run(sqlite3_context* context, int /*argc*/, sqlite3_value** argv) {
  const auto& maintenance = *static_cast<const Maintenance*>(sqlite3_user_data(context));
  CallFromFunction(context, [&]() -> Status {
    if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
      return Status::InvalidArgument(std::string(maintenance.name) + ": which table? write " +
                                     maintenance.name + "('plant')");
    }
    const Result<std::string> result = maintenance.run(sqlite3_context_db_handle(context), argv[0]);
    if (!result.ok()) return result.status().WithContext(maintenance.name);
    sqlite3_result_text64(context, result.value().data(), result.value().size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8);
    return {};
  });
}

Result<int64_t> Drop(sqlite3* db, sqlite3_value* name, sqlite3_value* before) {
  if (sqlite3_value_type(name) == SQLITE_NULL) {
    return Status::InvalidArgument("which table? write xtdb_drop('plant', '2026-01-01')");
  }
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, name));
  StorageEngine& engine = session->engine();
  XTDB_ASSIGN_OR_RETURN(const Comparand limit, TsComparand(before, engine.clock().NowUs()));
  if (limit.kind != Comparand::Kind::kInteger) {
    return Status::InvalidArgument("before is " + ShowValue(before) +
                                   "; write a time text or microseconds as an integer");
  }
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::DropReport report,
                        engine.DropBefore(limit.integer, timeout_us));
  return static_cast<int64_t>(report.chunks);
}

Result<CompactionScope> ScopeOf(int argc, sqlite3_value** argv) {
  if (argc < 2) return CompactionScope::kRaw;
  const bool is_text = sqlite3_value_type(argv[1]) == SQLITE_TEXT;
  if (is_text && TextOf(argv[1]) == "full") return CompactionScope::kAll;
  return Status::InvalidArgument("the second argument is " + ShowValue(argv[1]) +
                                 "; leave it out, or write 'full'");
}

Result<int64_t> Compact(sqlite3* db, int argc, sqlite3_value** argv) {
  if (sqlite3_value_type(argv[0]) == SQLITE_NULL) {
    return Status::InvalidArgument("which table? write xtdb_compact('plant')");
  }
  XTDB_ASSIGN_OR_RETURN(const CompactionScope scope, ScopeOf(argc, argv));
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, IdleSession(db, argv[0]));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CompactionReport report,
                        session->engine().Compact(scope, timeout_us));
  return static_cast<int64_t>(report.chunks_in);
}

void RunCompact(sqlite3_context* context, int argc, sqlite3_value** argv) {
  CallFromFunction(context, [&]() -> Status {
    const Result<int64_t> chunks = Compact(sqlite3_context_db_handle(context), argc, argv);
    if (!chunks.ok()) return chunks.status().WithContext("xtdb_compact");
    sqlite3_result_int64(context, chunks.value());
    return {};
  });
}

void RunDrop(sqlite3_context* context, int /*argc*/, sqlite3_value** argv) {
  CallFromFunction(context, [&]() -> Status {
    const Result<int64_t> chunks = Drop(sqlite3_context_db_handle(context), argv[0], argv[1]);
    if (!chunks.ok()) return chunks.status().WithContext("xtdb_drop");
    sqlite3_result_int64(context, chunks.value());
    return {};
  });
}

}  // namespace

int RegisterMaintenanceFunctions(sqlite3* db) {
  const int drop_code = sqlite3_create_function_v2(db, "xtdb_drop", 2, kChangingFunction, nullptr,
                                                   RunDrop, nullptr, nullptr, nullptr);
  if (drop_code != SQLITE_OK) return drop_code;
  const int retain_code = sqlite3_create_function_v2(db, "xtdb_retain", 1, kChangingFunction,
                                                     nullptr, RunRetain, nullptr, nullptr, nullptr);
  if (retain_code != SQLITE_OK) return retain_code;
  for (const int argument_count : {1, 2}) {
    const int code =
        sqlite3_create_function_v2(db, "xtdb_compact", argument_count, kChangingFunction, nullptr,
                                   RunCompact, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
  }
  for (const Maintenance& maintenance : kAll) {
    const int code = sqlite3_create_function_v2(db, maintenance.name, 1, maintenance.flags,
                                                const_cast<Maintenance*>(&maintenance), Run,
                                                nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
  }
  return sqlite3_create_function_v2(db, "xtdb_backup", 2, kChangingFunction, nullptr, Backup,
                                    nullptr, nullptr, nullptr);
}

}  // namespace xtdb
