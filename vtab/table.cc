#include "vtab/table.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "vtab/commit_partner.h"
#include "vtab/commit_record.h"
#include "vtab/connection.h"
#include "vtab/engine_registry.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"

namespace xtdb {

const char* const kTableSchema =
    "CREATE TABLE x(tag TEXT NOT NULL, time TIMESTAMP NOT NULL COLLATE XTDB_TIME, value NUMERIC, "
    "quality INTEGER, "
    "ts BIGINT HIDDEN NOT NULL, tag_id INTEGER HIDDEN, ts_blob BLOB HIDDEN, "
    "value_blob BLOB "
    "HIDDEN, "
    "quality_blob BLOB HIDDEN, command TEXT HIDDEN)";

std::string_view ColumnName(int column) {
  constexpr std::string_view kNames[kColumnCount] = {
      "tag",    "time",    "value",      "quality",      "ts",
      "tag_id", "ts_blob", "value_blob", "quality_blob", "command"};
  return column == kColumnRowid ? "rowid" : kNames[column];
}

namespace {

// Looked through at each question.
constexpr size_t kFewChunks = 64;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// A table's name as a part of a file's name.
std::string FileNamePart(std::string_view name) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string part;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/' || c == '%' || byte < 0x20 || byte == 0x7F) {
      part += '%';
      part += kHex[byte >> 4];
      part += kHex[byte & 15];
    } else {
      part += c;
    }
  }
  return part;
}

std::string TemporaryPath() {
  uint64_t number = 0;
  sqlite3_randomness(sizeof number, &number);
  const char* const folder = std::getenv("TMPDIR");
  return std::string(folder == nullptr || *folder == '\0' ? P_tmpdir : folder) + "/xtdb-" +
         std::to_string(number) + ".xtdb";
}

}  // namespace

Table::Table(Connection& connection, std::string schema, std::string name)
    : sqlite3_vtab{}, connection_(connection), schema_(std::move(schema)), name_(std::move(name)) {
  connection_.AddTable(this);
}

Table::~Table() {
  connection_.RemoveTable(this);
  sqlite3_free(zErrMsg);  // SQLite leaves the message of a failed xDestroy to us
}

std::string Table::ConfigTable() const {
  return QuoteIdentifier(schema_) + "." + QuoteIdentifier(name_ + "_config");
}

std::string Table::DatabaseFile() const {
  const char* const file = sqlite3_db_filename(connection_.db(), schema_.c_str());
  return file == nullptr ? "" : file;
}

Result<std::string> Table::ChoosePath() {
  const std::string database = DatabaseFile();
  if (options_.path) {
    if (!database.empty()) return *options_.path;
    return ContainerFiles().ResolvePath(*options_.path);
  }
  if (!database.empty()) return NameOf(database) + "." + FileNamePart(name_) + ".xtdb";
  temporary_ = true;
  return ContainerFiles().ResolvePath(TemporaryPath());
}

Status Table::SetPath(std::string stored_path) {
  stored_path_ = std::move(stored_path);
  if (stored_path_.find('\0') != std::string::npos) {
    return Status::InvalidArgument("table " + name_ +
                                   ": the path of its container has a NUL in it");
  }
  const bool absolute = stored_path_.starts_with('/');
  XTDB_ASSIGN_OR_RETURN(
      path_, ContainerFiles().ResolvePath(
                 absolute ? stored_path_ : DirectoryOf(DatabaseFile()) + "/" + stored_path_));
  return CheckIsNoDatabase();
}

// A file of the connection's own databases is never opened: to close it again would end SQLite's
// locks on it, which belong to the whole process, and an empty one would be made a container.
Status Table::CheckIsNoDatabase() const {
  for (int i = 0; const char* const schema = sqlite3_db_name(connection_.db(), i); ++i) {
    const std::string database = xtdb::DatabaseFile(connection_.db(), schema);
    if (database.empty()) continue;
    const Result<std::string> resolved = ContainerFiles().ResolvePath(database);
    for (const char* const suffix : {"", "-journal", "-wal", "-shm"}) {
      if (!resolved.ok() || resolved.value() + suffix != path_) continue;
      return Status::InvalidArgument("table " + name_ + ": " + path_ +
                                     " belongs to a database that is open here; a container is a "
                                     "file of its own, write another path");
    }
  }
  return {};
}

bool Table::IsInDatabaseFolder() const {
  if (temporary_) return true;
  const std::string database = DatabaseFile();
  if (database.empty()) return false;
  const Result<std::string> resolved = ContainerFiles().ResolvePath(database);
  return resolved.ok() && path_.starts_with(DirectoryOf(resolved.value()) + "/");
}

Status Table::CheckOpenToFunctions() const {
  int is_trusted = 1;
  sqlite3_db_config(connection_.db(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, -1, &is_trusted);
  if (is_trusted != 0 || IsInDatabaseFolder()) return {};
  return Status::FailedPrecondition(
      "the container of " + name_ +
      " is outside of the database's folder, and with trusted_schema=OFF functions do not go "
      "there; use the table itself, or set PRAGMA trusted_schema = ON");
}

Status Table::Create(TableOptions options) {
  options_ = std::move(options);
  XTDB_ASSIGN_OR_RETURN(std::string path, ChoosePath());
  XTDB_RETURN_IF_ERROR(SetPath(std::move(path)));
  XTDB_ASSIGN_OR_RETURN(
      session_, connection_.OpenSession(
                    path_, options_, temporary_ ? Existence::kTemporary : Existence::kMayCreate));
  options_.LeaveOutChangeable();
  created_ = true;
  XTDB_RETURN_IF_ERROR(session_->SettleUndecided());
  has_commit_record_ = session_->engine().atomic_commit();
  uuid_ = UuidText(session_->engine().container().header().uuid);
  sqlite3* const db = connection_.db();
  XTDB_RETURN_IF_ERROR(RunSql(
      db, "CREATE TABLE " + ConfigTable() + "(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID"));
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement insert,
      SqlStatement::Prepare(db, "INSERT INTO " + ConfigTable() + " VALUES (?1, ?2)"));
  const Connection::Nested nested(connection_, insert.get());
  const std::pair<std::string_view, std::string_view> entries[] = {
      {"path", stored_path_},
      {"uuid", uuid_},
      {"temporary", temporary_ ? "1" : "0"},
      {"atomic_commit", has_commit_record_ ? "1" : "0"}};
  for (const auto& [key, value] : entries) {
    XTDB_RETURN_IF_ERROR(insert.Bind(1, key));
    XTDB_RETURN_IF_ERROR(insert.Bind(2, value));
    XTDB_RETURN_IF_ERROR(insert.Step().status());
    insert.Reset();
  }
  if (!has_commit_record_) return {};
  return CreateCommitRecord(db, schema_, name_, session_->engine().container().header().uuid);
}

// In a transaction that has not looked at the database yet, a connection of its own reads the
// shadow table: else the first INSERT would find a reader's lock of ours, and SQLite, which does
// not wait when it has to turn that into a writer's, would not heed the busy_timeout.
SecondConnection Table::ConnectionForConfig() const {
  sqlite3* const db = connection_.db();
  const bool takes_first_lock =
      sqlite3_get_autocommit(db) == 0 && sqlite3_txn_state(db, schema_.c_str()) == SQLITE_TXN_NONE;
  if (!takes_first_lock || xtdb::DatabaseFile(db, schema_).empty()) return nullptr;
  if (sqlite3_db_readonly(db, schema_.c_str()) == 1) return nullptr;  // it can get no writer's lock
  const Result<std::string> mode = ReadPragma(db, schema_, "locking_mode");
  if (!mode.ok() || mode.value() != "normal") return nullptr;  // nobody else can read it
  constexpr int64_t kWaitUs = 5'000'000;
  Result<SecondConnection> second = OpenSecondConnection(db, schema_, kWaitUs);
  if (!second.ok() || !SqlStatement::Prepare(second.value().get(), ConfigQuery("main")).ok()) {
    return nullptr;  // a database that only the caller can read
  }
  return std::move(second).value();
}

std::string Table::ConfigQuery(const std::string& schema) const {
  return "SELECT key, value FROM " + QuoteIdentifier(schema) + "." +
         QuoteIdentifier(name_ + "_config") +
         " WHERE typeof(value) = 'text' AND length(value) <= 4096 LIMIT 16";
}

Status Table::ReadConfig(std::string& path, bool& temporary) {
  // A view in its place could say and do anything.
  if (!IsTable(connection_.db(), schema_, name_ + "_config")) return {};
  const Connection::ReadingConfig reading(connection_);
  const SecondConnection second = ConnectionForConfig();
  Result<SqlStatement> select = second == nullptr
                                    ? SqlStatement::Prepare(connection_.db(), ConfigQuery(schema_))
                                    : SqlStatement::Prepare(second.get(), ConfigQuery("main"));
  if (!select.ok()) return {};
  const Connection::Nested nested(connection_, select.value().get());
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool has_row, select.value().Step());
    if (!has_row) return {};
    const std::string key = select.value().Text(0);
    if (key == "path") path = select.value().Text(1);
    if (key == "uuid") uuid_ = select.value().Text(1);
    if (key == "temporary") temporary = select.value().Text(1) == "1";
    if (key == "atomic_commit") has_commit_record_ = select.value().Text(1) == "1";
  }
}

Status Table::Connect(Result<TableOptions> options) {
  if (connection_.is_reading_config()) {
    return Status::Corruption("table " + name_ + " stands in the place of a shadow table");
  }
  if (options.ok()) {
    options_ = std::move(options).value();
    options_.LeaveOutChangeable();
  } else {
    unusable_ = options.status();
  }
  std::string path;
  bool temporary = false;
  XTDB_RETURN_IF_ERROR(ReadConfig(path, temporary));
  // Without the shadow table (an SQL dump replayed in parts) the statement that made the table
  // still says enough.
  Status found;
  if (path.empty()) {
    Result<std::string> chosen = ChoosePath();
    temporary = temporary_;
    found = chosen.status();
    if (found.ok()) path = std::move(chosen).value();
  }
  if (found.ok()) found = SetPath(std::move(path));
  if (unusable_.ok()) unusable_ = std::move(found);
  // Else whoever writes "temporary" into the shadow table could have any container removed.
  temporary_ = temporary && connection_.HasTemporary(path_);
  return {};
}

Status Table::CheckUuid(const ContainerSession& session) const {
  const std::string uuid = UuidText(session.engine().container().header().uuid);
  if (uuid_.empty() || uuid == uuid_) return {};
  return Status::FailedPrecondition(
      "table " + name_ + ": " + path_ + " is another container (" + uuid +
      ") than the one it was created with (" + uuid_ +
      "); put that one back, or DROP TABLE and create it again to attach this one");
}

Result<std::shared_ptr<ContainerSession>> Table::Session() {
  if (session_ != nullptr) [[likely]] {
    XTDB_RETURN_IF_ERROR(session_->SettleUndecided());
    return session_;
  }
  XTDB_RETURN_IF_ERROR(unusable_);
  // Also a temporary one: the connection that has made it holds it.
  Result<std::shared_ptr<ContainerSession>> session =
      connection_.OpenSession(path_, options_, Existence::kMustExist);
  if (!session.ok()) {
    if (session.status().code() != StatusCode::kNotFound) return session.status();
    return Status::NotFound("table " + name_ + ": its container " + path_ +
                            " is missing; put the file back, or DROP TABLE " + name_);
  }
  XTDB_RETURN_IF_ERROR(CheckUuid(*session.value()));
  session_ = std::move(session).value();
  XTDB_RETURN_IF_ERROR(session_->SettleUndecided());
  return session_;
}

TableStatistics Table::Statistics() {
  if (session_ == nullptr || !session_->CheckUsable().ok()) return {};
  const Result<std::shared_ptr<const Snapshot>> snapshot = session_->engine().TakeSnapshot();
  // What is wrong is said when the statement runs.
  if (!snapshot.ok()) return {};
  const Snapshot& seen = *snapshot.value();
  if (statistics_of_ != &seen.chunks() || seen.chunks().size() <= kFewChunks) {
    statistics_of_ = &seen.chunks();
    statistics_ = TableStatistics::Of(seen);
  }
  return statistics_;
}

Status Table::CheckMayWrite(ContainerSession& session) {
  if (session.engine().atomic_commit()) {
    if (created_) {
      return Status::FailedPrecondition("table " + name_ +
                                        ": with atomic_commit=on, COMMIT its CREATE VIRTUAL TABLE "
                                        "before you write to it");
    }
    XTDB_ASSIGN_OR_RETURN(CommitPartner partner,
                          FindCommitPartner(connection_, schema_, name_, session.engine()));
    XTDB_RETURN_IF_ERROR(session.SetPartner(std::move(partner)));
  }
  writing_ = true;
  return {};
}

Status Table::Sync() {
  if (session_ == nullptr) return {};
  const std::shared_ptr<ContainerSession> session = session_;
  const bool records = writing_ && session->engine().atomic_commit();
  // The journal's mode may have changed since the first write.
  if (records) XTDB_RETURN_IF_ERROR(CheckMayWrite(*session));
  XTDB_RETURN_IF_ERROR(session->Prepare());
  const Transaction* const transaction = session->transaction();
  if (!records || transaction == nullptr || transaction->number() == kNoLsn) return {};
  return WriteCommitRecord(connection_.db(), schema_, name_,
                           session->engine().container().header().uuid, transaction->number());
}

void Table::UndoCreate() {
  if (!created_) return;
  created_ = false;
  session_->handle().RemoveAtEndIfNew();
  connection_.snapshots().Forget(*session_);
  session_.reset();
  connection_.ReleaseUnusedSessions();
}

Status Table::Destroy() {
  // No further call comes for this table, and nobody else might end the transaction, which is
  // empty.
  if (session_ != nullptr) XTDB_RETURN_IF_ERROR(session_->Rollback());
  if (has_commit_record_) {
    XTDB_RETURN_IF_ERROR(ForgetCommits());
    XTDB_RETURN_IF_ERROR(DropShadow("_commit"));
  }
  return DropShadow("_config");
}

// What is no table is not what this module has made, and stays.
Status Table::DropShadow(const std::string& suffix) {
  if (!IsTable(connection_.db(), schema_, name_ + suffix)) return {};
  return RunSql(connection_.db(), "DROP TABLE IF EXISTS " + QuoteIdentifier(schema_) + "." +
                                      QuoteIdentifier(name_ + suffix));
}

// The record goes, so the log itself has to say that what is in it was committed.
Status Table::ForgetCommits() {
  const Result<std::shared_ptr<ContainerSession>> session = Session();
  if (session.status().code() == StatusCode::kBusy) return session.status();
  if (!session.ok()) return {};  // gone or damaged: a table must be droppable then, too
  // SQLite has removed this table from the schema already, so the others are the rest.
  XTDB_ASSIGN_OR_RETURN(const std::optional<CommitRecord> own,
                        ReadCommitRecord(connection_.db(), schema_, name_));
  if (!own) return {};
  XTDB_ASSIGN_OR_RETURN(const std::vector<CommitRecord> others,
                        ReadCommitRecords(connection_.db(), schema_));
  const bool is_last = std::ranges::none_of(others, [&](const CommitRecord& other) {
    return other.container == own->container && !EqualsIgnoreCase(other.table, name_);
  });
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, connection_.BusyTimeoutUs());
  return session.value()->engine().ForgetDatabase(
      own->database, is_last ? StorageEngine::Binding::kRelease : StorageEngine::Binding::kKeep,
      timeout_us);
}

Status Table::Rename(std::string_view new_name) {
  XTDB_RETURN_IF_ERROR(
      RunSql(connection_.db(), "ALTER TABLE " + ConfigTable() + " RENAME TO " +
                                   QuoteIdentifier(std::string(new_name) + "_config")));
  if (has_commit_record_) {
    XTDB_RETURN_IF_ERROR(
        RunSql(connection_.db(), "ALTER TABLE " + CommitTable(schema_, name_) + " RENAME TO " +
                                     QuoteIdentifier(std::string(new_name) + "_commit")));
  }
  name_ = new_name;
  return {};
}

}  // namespace xtdb
