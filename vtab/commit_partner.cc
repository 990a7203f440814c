#include "vtab/commit_partner.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/io/file_system.h"
#include "vtab/commit_record.h"
#include "vtab/connection.h"
#include "vtab/engine_registry.h"
#include "vtab/second_connection.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr int kSynchronousFull = 2;  // of PRAGMA synchronous; 3 is EXTRA

// The last committed state. The caller's connection shows it, too, except in WAL mode when it reads
// an older snapshot; elsewhere nobody commits while it reads. Then a connection of its own must not
// be asked: it would wait for locks that the caller holds.
Result<std::vector<CommitRecord>> ReadCommitted(Connection& connection, const std::string& schema) {
  sqlite3* const db = connection.db();
  XTDB_ASSIGN_OR_RETURN(const std::string journal_mode, ReadPragma(db, schema, "journal_mode"));
  XTDB_ASSIGN_OR_RETURN(const std::string locking_mode, ReadPragma(db, schema, "locking_mode"));
  const bool may_be_old = EqualsIgnoreCase(journal_mode, "wal") &&
                          !EqualsIgnoreCase(locking_mode, "exclusive") &&
                          sqlite3_txn_state(db, schema.c_str()) != SQLITE_TXN_NONE;
  if (!may_be_old) return ReadCommitRecords(db, schema);
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, connection.BusyTimeoutUs());
  XTDB_ASSIGN_OR_RETURN(const auto own, OpenSecondConnection(db, schema, timeout_us));
  return ReadCommitRecords(own.get(), "main");
}

// What a process that died has committed may be in the page cache only: the journal's end or
// removal, or the last frames of the WAL. Never opens the database itself: to close it would drop
// the locks that SQLite has on it in this process.
Status SyncWhatIsCommitted(const std::string& database_file) {
  FileSystem& fs = ContainerFiles();
  for (const char* const suffix : {"-journal", "-wal"}) {
    Result<std::unique_ptr<File>> journal = fs.Open(database_file + suffix, OpenMode::kReadOnly);
    if (journal.status().code() == StatusCode::kNotFound) continue;
    XTDB_RETURN_IF_ERROR(journal.status());
    XTDB_RETURN_IF_ERROR(journal.value()->Sync());
  }
  return fs.SyncDirectory(DirectoryOf(database_file));
}

Status Refuse(const std::string& table, const std::string& why) {
  return Status::FailedPrecondition("table " + table + " has atomic_commit=on, which " + why);
}

}  // namespace

Result<CommitPartner> FindCommitPartner(Connection& connection, const std::string& schema,
                                        const std::string& table, const StorageEngine& engine) {
  sqlite3* const db = connection.db();
  const std::string file = DatabaseFile(db, schema);
  if (file.empty()) {
    return Refuse(table, "needs a database in a file; " + schema + " is in memory or temporary");
  }
  XTDB_ASSIGN_OR_RETURN(const std::string journal_mode, ReadPragma(db, schema, "journal_mode"));
  const bool deletes_journal = EqualsIgnoreCase(journal_mode, "delete");
  if (!deletes_journal && !EqualsIgnoreCase(journal_mode, "truncate") &&
      !EqualsIgnoreCase(journal_mode, "persist") && !EqualsIgnoreCase(journal_mode, "wal")) {
    return Refuse(table, "needs a journal on disk: the database has journal_mode=" + journal_mode +
                             "; set PRAGMA " + schema + ".journal_mode = WAL (or DELETE)");
  }
  XTDB_ASSIGN_OR_RETURN(const std::string level, ReadPragma(db, schema, "synchronous"));
  const int synchronous = level.empty() ? 0 : level[0] - '0';
  if (synchronous < kSynchronousFull) {
    return Refuse(table, "needs commits that last: the database has synchronous=" + level +
                             "; set PRAGMA " + schema + ".synchronous = FULL");
  }
  if (engine.options().synchronous != Synchronous::kFull) {
    return Refuse(table, "needs commits that last: the container is open with synchronous=" +
                             std::string(SynchronousName(engine.options().synchronous)) +
                             "; create the table with synchronous=full");
  }
  XTDB_ASSIGN_OR_RETURN(const std::vector<CommitRecord> records, ReadCommitRecords(db, schema));
  const Uuid& container = engine.container().header().uuid;
  const auto found = std::find_if(records.begin(), records.end(), [&](const CommitRecord& record) {
    return record.container == container;
  });
  if (found == records.end()) {
    return Refuse(table, "needs the shadow table " + table +
                             "_commit, which is gone or damaged: DROP TABLE and create it again to "
                             "attach the container");
  }
  // With FULL, SQLite does not wait until the journal's removal, which is the commit, is on disk.
  return CommitPartner{found->database, deletes_journal && synchronous == kSynchronousFull
                                            ? DirectoryOf(file)
                                            : std::string()};
}

Result<bool> IsCommitted(Connection& connection, const std::string& schema,
                         const UndecidedTransaction& undecided) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<CommitRecord> records, ReadCommitted(connection, schema));
  bool is_partner = false;
  for (const CommitRecord& record : records) {
    if (record.database != undecided.database) continue;
    is_partner = true;
    if (record.container != undecided.container || record.number != undecided.number) continue;
    XTDB_RETURN_IF_ERROR(SyncWhatIsCommitted(DatabaseFile(connection.db(), schema)));
    return true;
  }
  if (is_partner) return false;
  return Status::NotFound("schema " + schema + " is not database " + UuidText(undecided.database));
}

}  // namespace xtdb
