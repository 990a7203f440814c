#include "vtab/connection.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include "vtab/commit_partner.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

// Connections by handle. Never destroyed: a host may close connections while static objects go.
struct Connections {
  std::mutex mutex;
  std::unordered_map<sqlite3*, Connection*> by_handle;
  static Connections& Instance() {
    static Connections& connections = *new Connections;
    return connections;
  }
  // A child after fork() finds the mutex free.
  Connections() {
    pthread_atfork([] { Instance().mutex.lock(); }, [] { Instance().mutex.unlock(); },
                   [] { Instance().mutex.unlock(); });
  }
};

}  // namespace

bool CreatesXtdbTable(const std::string& sql) {
  const std::string lower = ToLower(sql);
  size_t at = 0;
  while ((at = lower.find("using", at)) != std::string::npos) {
    at += 5;
    size_t name = at;
    while (name < lower.size() && IsBlank(lower[name])) ++name;
    if (name == at || lower.compare(name, 4, "xtdb") != 0) continue;
    const char next = name + 4 < lower.size() ? lower[name + 4] : ' ';
    if (!IsLetter(next) && !IsDigit(next) && next != '_') return true;
  }
  return false;
}

Connection::Connection(sqlite3* db) : db_(db), snapshots_(db) {
  Connections& connections = Connections::Instance();
  std::lock_guard lock(connections.mutex);
  connections.by_handle[db] = this;
}

Connection::~Connection() {
  snapshots_.Clear();
  Connections& connections = Connections::Instance();
  std::lock_guard lock(connections.mutex);
  connections.by_handle.erase(db_);
}

Connection* Connection::Find(sqlite3* db) {
  Connections& connections = Connections::Instance();
  std::lock_guard lock(connections.mutex);
  const auto found = connections.by_handle.find(db);
  return found == connections.by_handle.end() ? nullptr : found->second;
}

Connection& Connection::Of(sqlite3* db) {
  Connection* const connection = Find(db);
  XTDB_CHECK(connection != nullptr);
  return *connection;
}

Result<ReadView> Connection::View(const std::shared_ptr<ContainerSession>& session) {
  return snapshots_.Current()->ViewOf(session);
}

Result<std::shared_ptr<ContainerSession>> Connection::OpenSession(const std::string& path,
                                                                  const TableOptions& options,
                                                                  Existence existence) {
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<EngineHandle> handle,
                        EngineRegistry::Instance().Open(path, options, existence));
  for (const std::shared_ptr<ContainerSession>& session : sessions_) {
    if (&session->handle() == handle.get()) return session;
  }
  sessions_.push_back(std::make_shared<ContainerSession>(*this, std::move(handle)));
  return sessions_.back();
}

bool Connection::HasTemporary(const std::string& path) const {
  return std::ranges::any_of(sessions_, [&](const std::shared_ptr<ContainerSession>& session) {
    return session->handle().temporary() && session->engine().path() == path;
  });
}

void Connection::ReleaseUnusedSessions() {
  snapshots_.Sweep();
  std::erase_if(sessions_, [](const std::shared_ptr<ContainerSession>& session) {
    return session.use_count() == 1 && !session->handle().temporary();
  });
}

Result<bool> Connection::IsCommitted(const ContainerSession& session,
                                     const UndecidedTransaction& undecided) {
  std::set<std::string> schemas;
  for (const Table* const table : tables_) {
    if (table->open_session().get() == &session) schemas.insert(table->schema());
  }
  for (const std::string& schema : schemas) {
    Result<bool> answer = xtdb::IsCommitted(*this, schema, undecided);
    if (answer.status().code() != StatusCode::kNotFound) return answer;
  }
  return Status::NotFound("no table of database " + UuidText(undecided.database));
}

Result<int64_t> Connection::BusyTimeoutUs() {
  XTDB_ASSIGN_OR_RETURN(SqlStatement pragma, SqlStatement::Prepare(db_, "PRAGMA busy_timeout"));
  const Nested nested(*this, pragma.get());
  XTDB_ASSIGN_OR_RETURN(const bool has_row, pragma.Step());
  return has_row ? pragma.Integer(0) * 1000 : 0;
}

Table* Connection::ConnectedTable(std::string_view schema, std::string_view name) const {
  const auto found = std::find_if(tables_.rbegin(), tables_.rend(), [&](const Table* table) {
    return EqualsIgnoreCase(table->schema(), schema) && EqualsIgnoreCase(table->name(), name);
  });
  return found == tables_.rend() ? nullptr : *found;
}

std::vector<std::string> Connection::Schemas() const {
  std::vector<std::string> schemas = {"temp", "main"};
  for (int i = 2; const char* name = sqlite3_db_name(db_, i); ++i) schemas.emplace_back(name);
  return schemas;
}

Result<Table*> Connection::FindIn(const std::string& schema, const std::string& name,
                                  bool* exists) {
  *exists = IsTable(db_, schema, name);
  if (!*exists) return nullptr;
  if (Table* const table = ConnectedTable(schema, name)) return table;
  const Result<SqlStatement> connects = SqlStatement::Prepare(
      db_, "SELECT 1 FROM " + QuoteIdentifier(schema) + "." + QuoteIdentifier(name) + " LIMIT 0");
  if (!connects.ok()) return connects.status();
  return ConnectedTable(schema, name);
}

Result<Table*> Connection::FindTable(std::string_view name) {
  const std::string text(name);
  bool exists = false;
  for (const std::string& schema : Schemas()) {
    XTDB_ASSIGN_OR_RETURN(Table* const table, FindIn(schema, text, &exists));
    if (table != nullptr) return table;
    if (exists) return UnknownTable(name);
  }
  for (size_t dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1)) {
    XTDB_ASSIGN_OR_RETURN(Table* const table,
                          FindIn(text.substr(0, dot), text.substr(dot + 1), &exists));
    if (table != nullptr) return table;
  }
  return UnknownTable(name);
}

Result<std::vector<std::string>> Connection::TableNames() {
  std::vector<std::string> names;
  for (const std::string& schema : Schemas()) {
    XTDB_ASSIGN_OR_RETURN(
        SqlStatement statement,
        SqlStatement::Prepare(db_, "SELECT name, sql FROM " + QuoteIdentifier(schema) +
                                       ".sqlite_schema WHERE type = 'table' ORDER BY 1"));
    const Nested nested(*this, statement.get());
    while (true) {
      XTDB_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
      if (!has_row) break;
      if (!CreatesXtdbTable(statement.Text(1))) continue;
      const std::string name = statement.Text(0);
      const bool hidden = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
        return EqualsIgnoreCase(other, name);
      });
      names.push_back(hidden ? schema + "." + name : name);
    }
  }
  return names;
}

Status Connection::UnknownTable(std::string_view name) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::string> names, TableNames());
  std::string message = "no xtdb table " + QuoteForMessage(name);
  if (names.empty()) {
    message += "; there is none yet: CREATE VIRTUAL TABLE plant USING xtdb";
  } else {
    message += "; there are: ";
    for (size_t i = 0; i < names.size(); ++i) message += (i == 0 ? "" : ", ") + names[i];
  }
  return Status::NotFound(std::move(message));
}

}  // namespace xtdb
