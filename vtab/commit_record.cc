#include "vtab/commit_record.h"

#include <algorithm>
#include <optional>

#include "engine/io/process.h"
#include "vtab/connection.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr std::string_view kSuffix = "_commit";

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return std::nullopt;
}

// The opposite of UuidText.
std::optional<Uuid> ParseUuid(std::string_view text) {
  Uuid uuid{};
  size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const std::optional<int> digit = HexDigit(c);
    if (!digit || digits == 2 * uuid.size()) return std::nullopt;
    uuid[digits / 2] = static_cast<uint8_t>(uuid[digits / 2] << 4 | *digit);
    ++digits;
  }
  return digits == 2 * uuid.size() ? std::optional(uuid) : std::nullopt;
}

// Of the schema's xtdb tables that have a commit record.
Result<std::vector<std::string>> RecordedTables(sqlite3* db, const std::string& schema) {
  const std::string catalogue = QuoteIdentifier(schema) + ".sqlite_schema";
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement select,
      SqlStatement::Prepare(db, "SELECT t.name, t.sql FROM " + catalogue + " t, " + catalogue +
                                    " r WHERE t.type = 'table' AND r.type = 'table' AND "
                                    "r.name = t.name || '_commit' COLLATE NOCASE"));
  std::vector<std::string> tables;
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return tables;
    if (CreatesXtdbTable(select.Text(1))) tables.push_back(select.Text(0));
  }
}

}  // namespace

std::string CommitTable(const std::string& schema, const std::string& table) {
  return QuoteIdentifier(schema) + "." + QuoteIdentifier(table + std::string(kSuffix));
}

Status CreateCommitRecord(sqlite3* db, const std::string& schema, const std::string& table,
                          const Uuid& container) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<CommitRecord> others, ReadCommitRecords(db, schema));
  const Uuid database = others.empty() ? RandomUuid() : others.front().database;
  const std::string name = CommitTable(schema, table);
  XTDB_RETURN_IF_ERROR(
      RunSql(db, "CREATE TABLE " + name + "(database TEXT, container TEXT, number INTEGER)"));
  return RunSql(db, "INSERT INTO " + name + " VALUES ('" + UuidText(database) + "', '" +
                        UuidText(container) + "', 0)");
}

Result<std::optional<CommitRecord>> ReadCommitRecord(sqlite3* db, const std::string& schema,
                                                     const std::string& table) {
  std::optional<CommitRecord> record;
  // A view in its place could say anything.
  if (!IsTable(db, schema, table + std::string(kSuffix))) return record;
  Result<SqlStatement> select = SqlStatement::Prepare(
      db, "SELECT database, container, number FROM " + CommitTable(schema, table));
  // An xtdb table without atomic_commit, beside which somebody has a table of that name.
  if (select.status().code() == StatusCode::kInvalidArgument) return record;
  XTDB_RETURN_IF_ERROR(select.status());
  XTDB_ASSIGN_OR_RETURN(const bool has_row, select.value().Step());
  if (!has_row) return record;
  const std::optional<Uuid> database = ParseUuid(select.value().Text(0));
  const std::optional<Uuid> container = ParseUuid(select.value().Text(1));
  if (!database || !container) return record;
  record = {table, *database, *container, static_cast<LSN>(select.value().Integer(2))};
  return record;
}

Result<std::vector<CommitRecord>> ReadCommitRecords(sqlite3* db, const std::string& schema) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::string> tables, RecordedTables(db, schema));
  std::vector<CommitRecord> records;
  for (const std::string& table : tables) {
    XTDB_ASSIGN_OR_RETURN(std::optional<CommitRecord> record, ReadCommitRecord(db, schema, table));
    if (record) records.push_back(std::move(*record));
  }
  return records;
}

Status WriteCommitRecord(sqlite3* db, const std::string& schema, const std::string& table,
                         const Uuid& container, LSN number) {
  const std::string values = " SET number = " + std::to_string(number) + " WHERE container = '" +
                             UuidText(container) + "'";
  const Status written = RunSql(db, "UPDATE " + CommitTable(schema, table) + values);
  if (written.ok() && sqlite3_changes(db) == 1) return {};
  if (!written.ok() && written.code() != StatusCode::kInvalidArgument) return written;
  // A rename that was rolled back since leaves the caller with a wrong name; any record of the
  // container will do, since all are read.
  XTDB_ASSIGN_OR_RETURN(const std::vector<CommitRecord> records, ReadCommitRecords(db, schema));
  for (const CommitRecord& record : records) {
    if (record.container != container) continue;
    return RunSql(db, "UPDATE " + CommitTable(schema, record.table) + values);
  }
  return Status::FailedPrecondition("table " + table + " has lost its shadow table " + table +
                                    std::string(kSuffix) +
                                    ": DROP TABLE and create it again to attach the container");
}

}  // namespace xtdb
