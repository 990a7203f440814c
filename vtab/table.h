#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "planner/request.h"
#include "vtab/container_session.h"
#include "vtab/last_query.h"
#include "vtab/second_connection.h"
#include "vtab/sqlite_api.h"
#include "vtab/table_options.h"
#include "vtab/table_statistics.h"

namespace xtdb {

class Connection;

// Columns of every table, by number; see kTableSchema.
enum Column : int {
  kColumnRowid = -1,
  kColumnTag = 0,
  kColumnTime = 1,
  kColumnValue = 2,
  kColumnQuality = 3,
  kColumnTs = 4,
  kColumnTagId = 5,
  kColumnTsBlob = 6,  // from here on write-only
  kColumnValueBlob = 7,
  kColumnQualityBlob = 8,
  kColumnCommand = 9,
};
inline constexpr int kColumnCount = 10;
extern const char* const kTableSchema;
std::string_view ColumnName(int column);

// One CREATE VIRTUAL TABLE ... USING xtdb(...) of one connection: a name for a container.
//
// The container is opened at first use, so that a table whose container is away or busy can still
// be listed, dropped and asked again.
//
// Threads: one connection's.
class Table : public sqlite3_vtab {
 public:
  Table(Connection& connection, std::string schema, std::string name);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  // For xCreate: makes or opens the container and writes the shadow table NAME_config, and
  // NAME_commit if the container has atomic_commit.
  Status Create(TableOptions options);
  // For xConnect: reads the shadow table. What a stranger may have written into the schema and into
  // that table comes to light at first use, so that DROP TABLE always works.
  Status Connect(Result<TableOptions> options);
  // The running transaction has points for the container; nobody might be left to commit them.
  bool HasUncommittedWrites() const { return session_ != nullptr && session_->has_written(); }
  // For xDestroy, without uncommitted writes: drops the shadow tables.
  Status Destroy();
  Status Rename(std::string_view new_name);

  // For xUpdate, before every row. An error if the container's commits cannot be tied to this
  // database's as atomic_commit promises.
  Status BeginWriting(ContainerSession& session) {
    if (writing_) [[likely]]
      return {};
    return CheckMayWrite(session);
  }
  bool is_writing() const { return writing_; }
  // For xSync.
  Status Sync();
  // For xCommit and xRollback.
  void EndWriting() { writing_ = false; }

  // The session with its container, opened if it was not. What the container's log leaves undecided
  // is settled, if this database can tell.
  Result<std::shared_ptr<ContainerSession>> Session();
  // Of the container, if it is open already; else a guess.
  TableStatistics Statistics();
  // The session if it is open.
  const std::shared_ptr<ContainerSession>& open_session() const { return session_; }
  // For xCommit and xRollback: what CREATE made stays, or goes.
  void KeepCreated() { created_ = false; }
  void UndoCreate();

  Connection& connection() const { return connection_; }
  const std::string& schema() const { return schema_; }
  const std::string& name() const { return name_; }
  const std::string& container_path() const { return path_; }
  // True if the container is in the database's folder or below.
  bool IsInDatabaseFolder() const;
  // For functions, which name a table in a text. SQLite does not tell who calls: with
  // trusted_schema=OFF, a view of a stranger could read any container of the user through them, and
  // a CHECK constraint, where SQLite does not heed SQLITE_DIRECTONLY, change it.
  Status CheckOpenToFunctions() const;

  const std::shared_ptr<LastQuery>& last_query() const { return last_query_; }

 private:
  std::string ConfigTable() const;
  std::string ConfigQuery(const std::string& schema) const;
  SecondConnection ConnectionForConfig() const;  // null: the caller's will do
  std::string DatabaseFile() const;              // "" for in-memory and temporary databases
  Result<std::string> ChoosePath();              // for Create: as the shadow table keeps it
  Status ReadConfig(std::string& path, bool& temporary);
  Status SetPath(std::string stored_path);
  Status CheckIsNoDatabase() const;
  Status DropShadow(const std::string& suffix);
  Status CheckUuid(const ContainerSession& session) const;
  Status CheckMayWrite(ContainerSession& session);
  Status ForgetCommits();

  Connection& connection_;
  std::string schema_;
  std::string name_;
  TableOptions options_;
  std::string stored_path_;  // relative to the database's folder
  std::string path_;         // absolute
  std::string uuid_;         // of the container at creation; "" if unknown
  Status unusable_;          // why the container cannot even be looked for
  bool temporary_ = false;   // made by this connection, which removes it
  bool created_ = false;     // in the running transaction
  bool has_commit_record_ = false;
  bool writing_ = false;  // in the running transaction
  std::shared_ptr<ContainerSession> session_;
  // Of the chunks at that address, which are looked through when there are others.
  const ChunkList* statistics_of_ = nullptr;
  TableStatistics statistics_;
  const std::shared_ptr<LastQuery> last_query_ = std::make_shared<LastQuery>();
};

}  // namespace xtdb
