#include "vtab/module.h"

#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/cleanup.h"
#include "vtab/best_index.h"
#include "vtab/connection.h"
#include "vtab/cursor.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/quote_text.h"
#include "vtab/update.h"

namespace xtdb {
namespace {

Table& TableOf(sqlite3_vtab* vtab) { return *static_cast<Table*>(vtab); }
Cursor& CursorOf(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

// argv: module, schema, table, then the options.
std::unique_ptr<Table> MakeTable(void* client, const char* const* argv) {
  return std::make_unique<Table>(*static_cast<Connection*>(client), argv[1], argv[2]);
}
Result<TableOptions> OptionsOf(int argc, const char* const* argv) {
  const std::vector<std::string_view> arguments(argv + 3, argv + argc);
  return ParseTableOptions(arguments);
}

Status Declare(sqlite3* db, const Table& table) {
  XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, sqlite3_declare_vtab(db, kTableSchema)));
  sqlite3_vtab_config(db, SQLITE_VTAB_CONSTRAINT_SUPPORT, 1);
  // A file elsewhere is named by whoever wrote the schema, which a stranger may have done.
  if (table.IsInDatabaseFolder()) sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  return {};
}

int Create(sqlite3* db, void* client, int argc, const char* const* argv, sqlite3_vtab** vtab,
           char** error) {
  return CallFromSqlite(error, [&]() -> Status {
    XTDB_ASSIGN_OR_RETURN(TableOptions options, OptionsOf(argc, argv));
    std::unique_ptr<Table> table = MakeTable(client, argv);
    Cleanup undo([&] { table->UndoCreate(); });
    XTDB_RETURN_IF_ERROR(table->Create(std::move(options)));
    XTDB_RETURN_IF_ERROR(Declare(db, *table));
    undo.Cancel();
    *vtab = table.release();
    return {};
  });
}

int Connect(sqlite3* db, void* client, int argc, const char* const* argv, sqlite3_vtab** vtab,
            char** error) {
  return CallFromSqlite(error, [&]() -> Status {
    std::unique_ptr<Table> table = MakeTable(client, argv);
    XTDB_RETURN_IF_ERROR(table->Connect(OptionsOf(argc, argv)));
    XTDB_RETURN_IF_ERROR(Declare(db, *table));
    *vtab = table.release();
    return {};
  });
}

int BestIndex(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  return CallFromSqlite(vtab, [&] {
    TableOf(vtab).connection().snapshots().NotePrepare();
    return ChooseIndex(TableOf(vtab).Statistics(), info);
  });
}

void DeleteTable(Table* table) {
  Connection& connection = table->connection();
  // DROP TABLE may be compiled where a finalized SELECT was; it is not that.
  connection.snapshots().NotePrepare();
  delete table;
  connection.ReleaseUnusedSessions();
}

int Disconnect(sqlite3_vtab* vtab) {
  delete &TableOf(vtab);
  return SQLITE_OK;
}

int Destroy(sqlite3_vtab* vtab) {
  // SQLite drops a message from here, so the code has to say it: "database table is locked".
  if (TableOf(vtab).HasUncommittedWrites()) return SQLITE_LOCKED;
  const int code = CallFromSqlite(vtab, [&] { return TableOf(vtab).Destroy(); });
  if (code == SQLITE_OK) DeleteTable(&TableOf(vtab));
  return code;
}

int Open(sqlite3_vtab* vtab, sqlite3_vtab_cursor** cursor) {
  return CallFromSqlite(vtab, [&]() -> Status {
    auto opened = std::make_unique<Cursor>(TableOf(vtab));
    XTDB_RETURN_IF_ERROR(opened->Open());
    *cursor = opened.release();
    return {};
  });
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete &CursorOf(cursor);
  return SQLITE_OK;
}

// idx_number: a mask of kIndex...; idx_text: the plan, which is what counts.
int Filter(sqlite3_vtab_cursor* cursor, int /*idx_number*/, const char* idx_text, int argc,
           sqlite3_value** argv) {
  return CallFromSqlite(cursor->pVtab, [&] {
    return CursorOf(cursor).Filter(idx_text, {argv, static_cast<size_t>(argc)});
  });
}

int Next(sqlite3_vtab_cursor* cursor) {
  return CallFromSqlite(cursor->pVtab, [&] { return CursorOf(cursor).Next(); });
}

int Eof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor).AtEnd() ? 1 : 0; }

int ReadColumn(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  return CallFromSqlite(cursor->pVtab, [&] { return CursorOf(cursor).Column(context, column); });
}

int Rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
  return CallFromSqlite(cursor->pVtab, [&]() -> Status {
    XTDB_ASSIGN_OR_RETURN(*rowid, CursorOf(cursor).Rowid());
    return {};
  });
}

// A broken constraint is reported in the form that the statement's conflict clause works on: the
// extended code only where the statement fails as a whole, and no message for a row that is
// skipped.
int ConstraintCode(sqlite3_vtab* vtab, int code) {
  const int conflict = sqlite3_vtab_on_conflict(TableOf(vtab).connection().db());
  if (conflict == SQLITE_ABORT || conflict == SQLITE_REPLACE) return code;
  if (conflict == SQLITE_IGNORE) {
    sqlite3_free(vtab->zErrMsg);
    vtab->zErrMsg = nullptr;
  }
  return SQLITE_CONSTRAINT;
}

int Update(sqlite3_vtab* vtab, int argc, sqlite3_value** argv, sqlite3_int64* rowid) {
  const int code = CallFromSqlite(vtab, [&] {
    return UpdateRow(TableOf(vtab), {argv, static_cast<size_t>(argc)}, rowid);
  });
  return (code & 0xFF) == SQLITE_CONSTRAINT ? ConstraintCode(vtab, code) : code;
}

// Calls `step` on the table's session; without one there is nothing to do.
int CallSession(sqlite3_vtab* vtab, Status (ContainerSession::*step)()) {
  return CallFromSqlite(vtab, [&] {
    const std::shared_ptr<ContainerSession> session = TableOf(vtab).open_session();
    return session == nullptr ? Status() : (*session.*step)();
  });
}

int CallSession(sqlite3_vtab* vtab, Status (ContainerSession::*step)(int), int level) {
  return CallFromSqlite(vtab, [&] {
    const std::shared_ptr<ContainerSession> session = TableOf(vtab).open_session();
    return session == nullptr ? Status() : (*session.*step)(level);
  });
}

// The session is opened here, so that it hears of the savepoints that follow.
int Begin(sqlite3_vtab* vtab) {
  return CallFromSqlite(vtab, [&]() -> Status {
    XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, TableOf(vtab).Session());
    return session->CheckUsable();
  });
}

int Sync(sqlite3_vtab* vtab) {
  return CallFromSqlite(vtab, [&] { return TableOf(vtab).Sync(); });
}

int Commit(sqlite3_vtab* vtab) {
  const int code = CallSession(vtab, &ContainerSession::Commit);
  TableOf(vtab).EndWriting();
  TableOf(vtab).KeepCreated();
  return code;
}

int Rollback(sqlite3_vtab* vtab) {
  const int code = CallSession(vtab, &ContainerSession::Rollback);
  TableOf(vtab).EndWriting();
  TableOf(vtab).UndoCreate();
  return code;
}

int Rename(sqlite3_vtab* vtab, const char* new_name) {
  return CallFromSqlite(vtab, [&] { return TableOf(vtab).Rename(new_name); });
}

int Savepoint(sqlite3_vtab* vtab, int level) {
  return CallSession(vtab, &ContainerSession::Savepoint, level);
}

int Release(sqlite3_vtab* vtab, int level) {
  return CallSession(vtab, &ContainerSession::Release, level);
}

int RollbackTo(sqlite3_vtab* vtab, int level) {
  return CallSession(vtab, &ContainerSession::RollbackTo, level);
}

int ShadowName(const char* suffix) {
  return EqualsIgnoreCase(suffix, "config") || EqualsIgnoreCase(suffix, "commit") ? 1 : 0;
}

}  // namespace

const sqlite3_module kXtdbModule = {
    .iVersion = 3,
    .xCreate = Create,
    .xConnect = Connect,
    .xBestIndex = BestIndex,
    .xDisconnect = Disconnect,
    .xDestroy = Destroy,
    .xOpen = Open,
    .xClose = Close,
    .xFilter = Filter,
    .xNext = Next,
    .xEof = Eof,
    .xColumn = ReadColumn,
    .xRowid = Rowid,
    .xUpdate = Update,
    .xBegin = Begin,
    .xSync = Sync,
    .xCommit = Commit,
    .xRollback = Rollback,
    .xFindFunction = nullptr,
    .xRename = Rename,
    .xSavepoint = Savepoint,
    .xRelease = Release,
    .xRollbackTo = RollbackTo,
    .xShadowName = ShadowName,
};

}  // namespace xtdb
