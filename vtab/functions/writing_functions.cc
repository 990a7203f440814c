#include <memory>
#include <string>
#include <utility>

#include "engine/base/cleanup.h"
#include "vtab/command.h"
#include "vtab/connection.h"
#include "vtab/functions/functions.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/table_import.h"

// These functions run an INSERT on the caller's connection and never touch the engine: a function
// alone gets no xBegin, xSync and xCommit, and an authorizer would not see it.

namespace xtdb {
namespace {

constexpr int kTableArgument = 0;

// "main"."plant"
Result<std::string> QualifiedName(Connection& connection, sqlite3_value* name,
                                  const char* example) {
  if (sqlite3_value_type(name) == SQLITE_NULL) {
    return Status::InvalidArgument(std::string("which table? write ") + example);
  }
  XTDB_ASSIGN_OR_RETURN(Table* const table, connection.FindTable(TextOf(name)));
  XTDB_RETURN_IF_ERROR(table->CheckOpenToFunctions());
  return QuoteIdentifier(table->schema()) + "." + QuoteIdentifier(table->name());
}

Status StepToEnd(Connection& connection, SqlStatement& statement) {
  const Connection::Nested nested(connection, statement.get());
  const Status status = statement.Step().status();
  statement.Reset();
  return status;
}

// Borrows the bytes: cleared before the caller's arguments end. SQLite gives an empty BLOB no
// address.
Status BindBlob(SqlStatement& statement, int parameter, sqlite3_value* value) {
  if (sqlite3_value_type(value) != SQLITE_BLOB) return statement.Bind(parameter, value);
  const std::string_view bytes = BlobOf(value);
  const int code = bytes.empty() ? sqlite3_bind_zeroblob(statement.get(), parameter, 0)
                                 : sqlite3_bind_blob64(statement.get(), parameter, bytes.data(),
                                                       bytes.size(), SQLITE_STATIC);
  return StatusFromSqlite(sqlite3_db_handle(statement.get()), code);
}

// The INSERT of the outer statement's earlier rows, if `tbl` is the same in all of them. SQLite
// ends it with the outer statement, so that it never stands in the way of sqlite3_close.
Result<SqlStatement*> AppendStatement(sqlite3_context* context, Connection& connection,
                                      sqlite3_value* name, std::unique_ptr<SqlStatement>& own) {
  if (void* const kept = sqlite3_get_auxdata(context, kTableArgument)) {
    return static_cast<SqlStatement*>(kept);
  }
  XTDB_ASSIGN_OR_RETURN(
      const std::string table,
      QualifiedName(connection, name, "xtdb_append('plant', tag, ts_blob, value_blob)"));
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement statement,
      SqlStatement::Prepare(
          connection.db(), "INSERT INTO " + table +
                               "(tag, ts_blob, value_blob, quality_blob) VALUES (?1, ?2, ?3, ?4)"));
  own = std::make_unique<SqlStatement>(std::move(statement));
  return own.get();
}

void Append(sqlite3_context* context, int argc, sqlite3_value** argv) {
  CallFromFunction(context, [&]() -> Status {
    Connection& connection = Connection::Of(sqlite3_context_db_handle(context));
    std::unique_ptr<SqlStatement> own;
    const auto run = [&]() -> Status {
      XTDB_ASSIGN_OR_RETURN(SqlStatement* const insert,
                            AppendStatement(context, connection, argv[kTableArgument], own));
      Status status = insert->Bind(1, argv[1]);
      for (int i = 2; i < argc && status.ok(); ++i) status = BindBlob(*insert, i, argv[i]);
      if (status.ok()) status = StepToEnd(connection, *insert);
      sqlite3_clear_bindings(insert->get());
      return status;
    };
    XTDB_RETURN_IF_ERROR(run().WithContext("xtdb_append"));
    sqlite3_result_int64(context, sqlite3_value_bytes(argv[2]) / int64_t{sizeof(int64_t)});
    if (own != nullptr) {
      sqlite3_set_auxdata(context, kTableArgument, own.release(),
                          [](void* kept) { delete static_cast<SqlStatement*>(kept); });
    }
    return {};
  });
}

Status InsertCommand(Connection& connection, const std::string& table, std::string_view command) {
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement insert,
      SqlStatement::Prepare(connection.db(), "INSERT INTO " + table + "(command) VALUES (?1)"));
  XTDB_RETURN_IF_ERROR(insert.Bind(1, command));
  return StepToEnd(connection, insert);
}

std::optional<std::string> OptionalText(int argc, sqlite3_value** argv, int index) {
  if (index >= argc || sqlite3_value_type(argv[index]) == SQLITE_NULL) return std::nullopt;
  return std::string(TextOf(argv[index]));
}

Status RunDefineTag(sqlite3_context* context, int argc, sqlite3_value** argv) {
  constexpr const char* kExample = "xtdb_define_tag('plant', 'boiler.temp', 'float64', 'degC')";
  Connection& connection = Connection::Of(sqlite3_context_db_handle(context));
  XTDB_ASSIGN_OR_RETURN(const std::string table,
                        QualifiedName(connection, argv[kTableArgument], kExample));
  if (sqlite3_value_type(argv[1]) == SQLITE_NULL) {
    return Status::NotNull(std::string("tag is NULL; write ") + kExample);
  }
  const DefineTagCommand command = {.tag = std::string(TextOf(argv[1])),
                                    .type = OptionalText(argc, argv, 2),
                                    .unit = OptionalText(argc, argv, 3),
                                    .description = OptionalText(argc, argv, 4),
                                    .step = OptionalText(argc, argv, 5)};
  XTDB_RETURN_IF_ERROR(InsertCommand(connection, table, command.ToText()));
  XTDB_ASSIGN_OR_RETURN(Table* const found, connection.FindTable(TextOf(argv[kTableArgument])));
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, found->Session());
  XTDB_ASSIGN_OR_RETURN(const ReadView view, session->CurrentState());
  const TagPtr tag = view.FindTag(command.tag);
  if (tag != nullptr) sqlite3_result_int64(context, tag->id);
  return {};
}

void DefineTag(sqlite3_context* context, int argc, sqlite3_value** argv) {
  CallFromFunction(
      context, [&] { return RunDefineTag(context, argc, argv).WithContext("xtdb_define_tag"); });
}

Status RunImport(sqlite3_context* context, int argc, sqlite3_value** argv) {
  constexpr const char* kExample = "xtdb_import('plant', 'plant.csv')";
  Connection& connection = Connection::Of(sqlite3_context_db_handle(context));
  XTDB_ASSIGN_OR_RETURN(const std::string table,
                        QualifiedName(connection, argv[kTableArgument], kExample));
  if (sqlite3_value_type(argv[1]) == SQLITE_NULL) {
    return Status::NotNull(std::string("which file? write ") + kExample);
  }
  ImportCall call;
  call.file = TextOf(argv[1]);
  XTDB_ASSIGN_OR_RETURN(call.options, ParseImportOptions(OptionalText(argc, argv, 2).value_or("")));
  connection.set_import_call(&call);
  const Cleanup end([&] { connection.set_import_call(nullptr); });
  XTDB_RETURN_IF_ERROR(InsertCommand(connection, table, kImportCommand));
  sqlite3_result_int64(context, static_cast<sqlite3_int64>(call.rows));
  return {};
}

void Import(sqlite3_context* context, int argc, sqlite3_value** argv) {
  CallFromFunction(context,
                   [&] { return RunImport(context, argc, argv).WithContext("xtdb_import"); });
}

}  // namespace

int RegisterWritingFunctions(sqlite3* db) {
  struct Writing {
    const char* name;
    int argument_count;
    void (*run)(sqlite3_context*, int, sqlite3_value**);
  };
  constexpr Writing kAll[] = {{"xtdb_append", 4, Append},        {"xtdb_append", 5, Append},
                              {"xtdb_define_tag", 3, DefineTag}, {"xtdb_define_tag", 4, DefineTag},
                              {"xtdb_define_tag", 5, DefineTag}, {"xtdb_define_tag", 6, DefineTag},
                              {"xtdb_import", 2, Import},        {"xtdb_import", 3, Import}};
  for (const Writing& writing : kAll) {
    const int code =
        sqlite3_create_function_v2(db, writing.name, writing.argument_count, kChangingFunction,
                                   nullptr, writing.run, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace xtdb
