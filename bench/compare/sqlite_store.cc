#include "bench/compare/sqlite_store.h"

#include "bench/compare/sql_store.h"

namespace xtdb::bench {
namespace {

class SqliteStore : public SqlStore {
 public:
  explicit SqliteStore(const std::string& path) : SqlStore(path) {
    db_.Run("PRAGMA journal_mode=WAL");
    db_.Run("PRAGMA synchronous=FULL");
    db_.Run("PRAGMA cache_size=-65536");
    db_.Run(
        "CREATE TABLE IF NOT EXISTS t(tag TEXT, ts INTEGER, value REAL, quality INTEGER, "
        "PRIMARY KEY(tag, ts)) WITHOUT ROWID");
  }

  bool Compact() override {
    db_.Run("VACUUM");
    return true;
  }

 protected:
  std::string SqlOf(ReadKind kind) const override {
    switch (kind) {
      case ReadKind::kHourlyOfTagByCall:
        return SqlStore::SqlOf(ReadKind::kHourlyOfTag);
      case ReadKind::kHourlyOfAllByCall:
        return SqlStore::SqlOf(ReadKind::kHourlyOfAll);
      case ReadKind::kRangeVectors:
        return SqlStore::SqlOf(ReadKind::kRange);
      case ReadKind::kWholeTagVectors:
        return SqlStore::SqlOf(ReadKind::kWholeTag);
      case ReadKind::kNewest:
        // Goes from tag to tag through the key; the plain GROUP BY reads every row.
        return "WITH RECURSIVE n(tag) AS (SELECT min(tag) FROM t UNION ALL "
               "SELECT (SELECT min(tag) FROM t WHERE tag > n.tag) FROM n WHERE n.tag IS NOT NULL) "
               "SELECT t.tag, t.ts, t.value FROM n CROSS JOIN t WHERE n.tag IS NOT NULL AND "
               "t.tag = n.tag AND t.ts = (SELECT max(ts) FROM t AS u WHERE u.tag = n.tag)";
      default:
        return SqlStore::SqlOf(kind);
    }
  }
};

class SqliteContender : public Contender {
 public:
  Column column() const override { return Column::kSqlite; }
  std::string version() const override { return std::string("SQLite ") + sqlite3_libversion(); }
  std::unique_ptr<Store> Open(const std::filesystem::path& folder) override {
    return std::make_unique<SqliteStore>((folder / "s.db").string());
  }
};

}  // namespace

std::unique_ptr<Contender> MakeSqliteContender() { return std::make_unique<SqliteContender>(); }

}  // namespace xtdb::bench
