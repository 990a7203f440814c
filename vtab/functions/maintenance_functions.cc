#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "engine/backup/container_backup.h"
#include "engine/storage_engine.h"
#include "vtab/comparand.h"
#include "vtab/connection.h"
#include "vtab/functions/functions.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/table_options.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

using Arguments = std::span<sqlite3_value* const>;  // behind the table
using Answer = std::variant<std::string, int64_t>;

// What a function acts on: the engine of a container, and how long it waits for others.
struct Target {
  std::shared_ptr<ContainerSession> session;
  int64_t timeout_us;
  StorageEngine& engine() const { return session->engine(); }
};

struct Maintenance {
  const char* name;
  int arguments_min;  // the table among them
  int arguments_max;
  int flags;
  const char* usage;
  Result<Answer> (*run)(const Target& target, Arguments arguments);
};

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

Result<Answer> Flush(const Target& target, Arguments /*arguments*/) {
  XTDB_RETURN_IF_ERROR(target.engine().Flush(target.timeout_us));
  return Answer("ok");
}

Result<Answer> Seal(const Target& target, Arguments /*arguments*/) {
  XTDB_RETURN_IF_ERROR(target.engine().Seal(target.timeout_us));
  return Answer("ok");
}

Result<Answer> Check(const Target& target, Arguments /*arguments*/) {
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CheckReport report, target.engine().Check());
  if (report.problems.empty()) return Answer("ok");
  std::string text;
  for (const std::string& problem : report.problems) text += (text.empty() ? "" : "\n") + problem;
  return Answer(std::move(text));
}

Result<Answer> Backup(const Target& target, Arguments arguments) {
  const std::string_view file = TextOf(arguments[0]);
  if (file.find('\0') != std::string_view::npos) {
    return Status::InvalidArgument("the name of the file has a NUL in it");
  }
  ContainerBackup backup(ContainerFiles(), target.engine());
  const Status done = backup.Run(std::string(file), target.timeout_us).status();
  // It would look like a broken constraint of a table.
  if (done.code() == StatusCode::kAlreadyExists) {
    return Status::FailedPrecondition(std::string(done.message()));
  }
  XTDB_RETURN_IF_ERROR(done);
  return Answer("ok");
}

Result<Answer> Retain(const Target& target, Arguments /*arguments*/) {
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::DropReport report,
                        target.engine().Retain(target.timeout_us));
  return Answer(static_cast<int64_t>(report.chunks));
}

Result<Answer> Drop(const Target& target, Arguments arguments) {
  StorageEngine& engine = target.engine();
  XTDB_ASSIGN_OR_RETURN(const Comparand limit, TsComparand(arguments[0], engine.clock().NowUs()));
  if (limit.kind != Comparand::Kind::kInteger) {
    return Status::InvalidArgument("before is " + ShowValue(arguments[0]) +
                                   "; write a time text or microseconds as an integer");
  }
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::DropReport report,
                        engine.DropBefore(limit.integer, target.timeout_us));
  return Answer(static_cast<int64_t>(report.chunks));
}

Result<CompactionScope> ScopeOf(Arguments arguments) {
  if (arguments.empty()) return CompactionScope::kRaw;
  const bool is_text = sqlite3_value_type(arguments[0]) == SQLITE_TEXT;
  if (is_text && TextOf(arguments[0]) == "full") return CompactionScope::kAll;
  return Status::InvalidArgument("the second argument is " + ShowValue(arguments[0]) +
                                 "; leave it out, or write 'full'");
}

Result<Answer> Compact(const Target& target, Arguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const CompactionScope scope, ScopeOf(arguments));
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CompactionReport report,
                        target.engine().Compact(scope, target.timeout_us));
  return Answer(static_cast<int64_t>(report.chunks_in));
}

Result<Answer> Set(const Target& target, Arguments arguments) {
  const std::string_view option = TextOf(arguments[0]);
  XTDB_ASSIGN_OR_RETURN(const RequestedStorage changes,
                        ParseStorageChange(option, TextOf(arguments[1])));
  XTDB_RETURN_IF_ERROR(target.engine().ChangeStorage(changes, target.timeout_us));
  return Answer("ok");
}

Result<Answer> Rename(const Target& target, Arguments arguments) {
  const Status done =
      target.engine().RenameTag(TextOf(arguments[0]), TextOf(arguments[1]), target.timeout_us);
  // It would look like a broken constraint of a table.
  if (done.code() == StatusCode::kAlreadyExists) {
    return Status::FailedPrecondition(std::string(done.message()));
  }
  XTDB_RETURN_IF_ERROR(done);
  return Answer("ok");
}

constexpr Maintenance kAll[] = {
    {"xtdb_flush", 1, 1, kChangingFunction, "which table? write xtdb_flush('plant')", Flush},
    {"xtdb_seal", 1, 1, kChangingFunction, "which table? write xtdb_seal('plant')", Seal},
    {"xtdb_check", 1, 1, kReadingFunction, "which table? write xtdb_check('plant')", Check},
    {"xtdb_backup", 2, 2, kChangingFunction,
     "which table, and to which file? write xtdb_backup('plant', 'copy.xtdb')", Backup},
    {"xtdb_retain", 1, 1, kChangingFunction, "which table? write xtdb_retain('plant')", Retain},
    {"xtdb_drop", 2, 2, kChangingFunction,
     "which table, and before what? write xtdb_drop('plant', '2026-01-01')", Drop},
    {"xtdb_compact", 1, 2, kChangingFunction, "which table? write xtdb_compact('plant')", Compact},
    {"xtdb_rename_tag", 3, 3, kChangingFunction,
     "which table, tag and new name? write xtdb_rename_tag('plant', 'old', 'new')", Rename},
    {"xtdb_set", 3, 3, kChangingFunction,
     "which table, option and value? write xtdb_set('plant', 'retention', '90 days')", Set},
};

Result<Answer> RunOn(sqlite3* db, const Maintenance& maintenance, Arguments arguments) {
  for (sqlite3_value* const argument : arguments) {
    if (sqlite3_value_type(argument) != SQLITE_NULL) continue;
    return Status::InvalidArgument(maintenance.usage);
  }
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<ContainerSession> session, IdleSession(db, arguments[0]));
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, Connection::Of(db).BusyTimeoutUs());
  return maintenance.run({std::move(session), timeout_us}, arguments.subspan(1));
}

void Run(sqlite3_context* context, int argc, sqlite3_value** argv) {
  const auto& maintenance = *static_cast<const Maintenance*>(sqlite3_user_data(context));
  CallFromFunction(context, [&]() -> Status {
    const Result<Answer> answer =
        RunOn(sqlite3_context_db_handle(context), maintenance, {argv, static_cast<size_t>(argc)});
    if (!answer.ok()) return answer.status().WithContext(maintenance.name);
    if (const auto* number = std::get_if<int64_t>(&answer.value())) {
      sqlite3_result_int64(context, *number);
    } else {
      const std::string& text = std::get<std::string>(answer.value());
      sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    return {};
  });
}

}  // namespace

int RegisterMaintenanceFunctions(sqlite3* db) {
  for (const Maintenance& maintenance : kAll) {
    for (int count = maintenance.arguments_min; count <= maintenance.arguments_max; ++count) {
      const int code = sqlite3_create_function_v2(db, maintenance.name, count, maintenance.flags,
                                                  const_cast<Maintenance*>(&maintenance), Run,
                                                  nullptr, nullptr, nullptr);
      if (code != SQLITE_OK) return code;
    }
  }
  return SQLITE_OK;
}

}  // namespace xtdb
