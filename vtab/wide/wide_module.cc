#include "vtab/wide/wide_module.h"

#include <utility>
#include <vector>

#include "vtab/sqlite_glue.h"
#include "vtab/wide/wide_cursor.h"
#include "vtab/wide/wide_definition.h"
#include "vtab/wide/wide_plan.h"

namespace xtdb {
namespace {

constexpr const char* kName = "xtdb_wide";

WideTable& TableOf(sqlite3_vtab* vtab) { return static_cast<WideTable&>(*vtab); }
WideCursor& CursorOf(sqlite3_vtab_cursor* cursor) { return static_cast<WideCursor&>(*cursor); }

// The table may be gone when the wide one is opened again, but is there when it is made.
template <bool is_new>
int Connect(sqlite3* db, void* /*aux*/, int argc, const char* const* argv, sqlite3_vtab** out,
            char** error) {
  const auto connect = [&]() -> Status {
    const std::vector<std::string_view> arguments(argv + 3, argv + argc);
    XTDB_ASSIGN_OR_RETURN(WideDefinition definition, ParseWideDefinition(db, argv[1], arguments));
    if (is_new) {
      XTDB_RETURN_IF_ERROR(Connection::Of(db).FindTable(definition.table).status());
    }
    const int code = sqlite3_declare_vtab(db, WideSchema(definition).c_str());
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, code));
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS)));
    *out = new WideTable(Connection::Of(db), std::move(definition));
    return {};
  };
  return CallFromSqlite(error, [&] { return connect().WithContext(kName); });
}

int Disconnect(sqlite3_vtab* vtab) {
  delete &TableOf(vtab);
  return SQLITE_OK;
}

int BestIndex(sqlite3_vtab* vtab, sqlite3_index_info* info) {
  return CallFromSqlite(vtab, [&] {
    WideTable& table = TableOf(vtab);
    table.connection.snapshots().NotePrepare();
    return ChooseWideIndex(table.definition.columns.size(), info);
  });
}

int Open(sqlite3_vtab* vtab, sqlite3_vtab_cursor** out) {
  return CallFromSqlite(vtab, [&]() -> Status {
    *out = new WideCursor(TableOf(vtab));
    return {};
  });
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete &CursorOf(cursor);
  return SQLITE_OK;
}

int Filter(sqlite3_vtab_cursor* cursor, int /*index*/, const char* text, int argc,
           sqlite3_value** argv) {
  return CallFromSqlite(cursor->pVtab, [&] {
    return CursorOf(cursor).Filter(text, {argv, static_cast<size_t>(argc)}).WithContext(kName);
  });
}

int Next(sqlite3_vtab_cursor* cursor) {
  return CallFromSqlite(cursor->pVtab, [&] { return CursorOf(cursor).Next().WithContext(kName); });
}

int Eof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor).AtEnd() ? 1 : 0; }

int Column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  CallFromFunction(context, [&]() -> Status {
    CursorOf(cursor).Column(context, column);
    return {};
  });
  return SQLITE_OK;
}

int Rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
  *rowid = CursorOf(cursor).Rowid();
  return SQLITE_OK;
}

int Rename(sqlite3_vtab* /*vtab*/, const char* /*name*/) { return SQLITE_OK; }

constexpr sqlite3_module MakeModule() {
  sqlite3_module module{};
  module.iVersion = 1;
  module.xCreate = Connect<true>;
  module.xConnect = Connect<false>;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xDestroy = Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = Eof;
  module.xColumn = Column;
  module.xRowid = Rowid;
  module.xRename = Rename;
  return module;
}
constexpr sqlite3_module kWideModule = MakeModule();

}  // namespace

int RegisterWideModule(sqlite3* db) {
  return sqlite3_create_module_v2(db, kName, &kWideModule, nullptr, nullptr);
}

}  // namespace xtdb
