#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "vtab/container_session.h"
#include "vtab/engine_registry.h"
#include "vtab/row_handles.h"
#include "vtab/sqlite_api.h"
#include "vtab/statement_snapshots.h"
#include "vtab/table_options.h"

namespace xtdb {

class Table;
struct ImportCall;

// True of `CREATE VIRTUAL TABLE ... USING xtdb...`.
bool CreatesXtdbTable(const std::string& sql);

// Everything that the tables, functions and cursors of one sqlite3 connection share.
//
// Ownership: made by RegisterXtdb, ends with the connection (the module's destructor).
// Threads:   one at a time, under the connection's mutex.
class Connection {
 public:
  explicit Connection(sqlite3* db);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The connection's; RegisterXtdb has run.
  static Connection& Of(sqlite3* db);
  // nullptr: RegisterXtdb has not run.
  static Connection* Find(sqlite3* db);

  sqlite3* db() const { return db_; }

  // The table of that name (`plant`, `main.plant`) as SQLite resolves it, connected if it was not.
  // It lives until SQL runs on the connection again; its Session() may be kept. kNotFound lists the
  // tables there are.
  Result<Table*> FindTable(std::string_view name);
  // `plant`, or `aux.plant` where an earlier schema hides it.
  Result<std::vector<std::string>> TableNames();

  // What the statement that runs now sees of the container: for functions. A table-valued
  // function's cursor takes a lease in xOpen (snapshots().OpenCursor()) and asks
  // lease.view().ViewOf(session) instead, so that its statement stays known while it is open; its
  // xBestIndex calls snapshots().NotePrepare().
  Result<ReadView> View(const std::shared_ptr<ContainerSession>& session);
  StatementSnapshots& snapshots() { return snapshots_; }
  // Functions that the host has itself: "name/2", with the number of arguments.
  std::vector<std::string>& left_to_host() { return left_to_host_; }
  RowHandles& handles() { return handles_; }

  // The one session of that container.
  Result<std::shared_ptr<ContainerSession>> OpenSession(const std::string& path,
                                                        const TableOptions& options,
                                                        Existence existence);
  // Lets go of sessions that no table and no cursor uses; but never of temporary containers, which
  // a table that is dropped and comes back by ROLLBACK needs.
  void ReleaseUnusedSessions();

  // An IsCommittedFn: asks the databases of the tables that use the session.
  Result<bool> IsCommitted(const ContainerSession& session, const UndecidedTransaction& undecided);

  // The value of PRAGMA busy_timeout.
  Result<int64_t> BusyTimeoutUs();

  // True if this connection has made the temporary container at that path.
  bool HasTemporary(const std::string& path) const;

  // While a shadow table is read. A table of ours that stood in its place would lead to the next,
  // and a chain of them to the end of the stack.
  class ReadingConfig {
   public:
    explicit ReadingConfig(Connection& connection) : connection_(connection) {
      connection_.is_reading_config_ = true;
    }
    ~ReadingConfig() { connection_.is_reading_config_ = false; }
    ReadingConfig(const ReadingConfig&) = delete;
    ReadingConfig& operator=(const ReadingConfig&) = delete;

   private:
    Connection& connection_;
  };
  bool is_reading_config() const { return is_reading_config_; }

  // Runs one of our statements inside another.
  class Nested {
   public:
    Nested(Connection& connection, sqlite3_stmt* statement)
        : connection_(connection), statement_(statement) {
      connection_.snapshots_.Ignore(statement_);
    }
    ~Nested() { connection_.snapshots_.Unignore(statement_); }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Connection& connection_;
    sqlite3_stmt* const statement_;
  };

  // The xtdb_import that runs, whose INSERT carries out what it says. nullptr: none.
  ImportCall* import_call() const { return import_call_; }
  void set_import_call(ImportCall* call) { import_call_ = call; }

  void AddTable(Table* table) { tables_.push_back(table); }
  void RemoveTable(Table* table) { std::erase(tables_, table); }

 private:
  Table* ConnectedTable(std::string_view schema, std::string_view name) const;
  // nullptr: that schema has no table of the name, or a table of another kind (`exists` then).
  Result<Table*> FindIn(const std::string& schema, const std::string& name, bool* exists);
  std::vector<std::string> Schemas() const;  // in SQLite's order of search
  Status UnknownTable(std::string_view name);

  sqlite3* const db_;
  bool is_reading_config_ = false;
  ImportCall* import_call_ = nullptr;
  RowHandles handles_;
  StatementSnapshots snapshots_;
  std::vector<std::string> left_to_host_;
  std::vector<Table*>
      tables_;  // oldest first; several may be of one table, of which the last counts
  std::vector<std::shared_ptr<ContainerSession>> sessions_;
};

}  // namespace xtdb
