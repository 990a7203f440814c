#include "bench/compare/xtdb_store.h"

#include <algorithm>

#include "bench/compare/sql_store.h"

namespace xtdb::bench {
namespace {

constexpr size_t kBlobPoints = 10'000;

class XtdbStore : public SqlStore {
 public:
  XtdbStore(const std::filesystem::path& folder, const std::filesystem::path& extension)
      : SqlStore((folder / "x.db").string()) {
    // As SQLite's store: half of a look-up would be the locks that a rollback journal needs.
    db_.Run("PRAGMA journal_mode=WAL");
    db_.LoadExtension(extension.string());
    db_.Run("CREATE VIRTUAL TABLE IF NOT EXISTS t USING xtdb(path='x.xtdb')");
  }

  bool AppendSeries(const Dataset& dataset, const std::vector<TagSeries>& series) override {
    const StatementPtr statement = db_.Prepare("SELECT xtdb_append('t', ?, ?, ?)");
    sqlite3_stmt* const append = statement.get();
    Begin();
    for (size_t tag = 0; tag < series.size(); ++tag) {
      const TagSeries& one = series[tag];
      for (size_t at = 0; at < one.ts_us.size(); at += kBlobPoints) {
        const size_t bytes = 8 * std::min(kBlobPoints, one.ts_us.size() - at);
        sqlite3_bind_text(append, 1, dataset.tags[tag].data(),
                          static_cast<int>(dataset.tags[tag].size()), SQLITE_STATIC);
        sqlite3_bind_blob64(append, 2, one.ts_us.data() + at, bytes, SQLITE_STATIC);
        sqlite3_bind_blob64(append, 3, one.value.data() + at, bytes, SQLITE_STATIC);
        db_.StepToEnd(append);
      }
    }
    Commit();
    return true;
  }

  bool Compact() override {
    if (db_.QueryInteger("SELECT count(*) FROM pragma_function_list WHERE name = 'xtdb_compact'") ==
        0)
      return false;
    db_.Run("SELECT xtdb_seal('t')");
    db_.Run("SELECT xtdb_compact('t')");
    return true;
  }

 protected:
  std::string SqlOf(ReadKind kind) const override {
    switch (kind) {
      case ReadKind::kRangeVectors:
        return "SELECT count, ts, value FROM xtdb_vectors('t', :tag, :from, :to)";
      case ReadKind::kWholeTagVectors:
        return "SELECT count, ts, value FROM xtdb_vectors('t', :tag)";
      case ReadKind::kHourlyOfTagByCall:
        return "SELECT ts, count, avg, min, max FROM xtdb_aggregate('t', :tag, NULL, NULL, "
               "'1 hour')";
      case ReadKind::kHourlyOfAllByCall:
        return "SELECT tag, ts, count, avg, min, max FROM xtdb_aggregate('t', '*', NULL, NULL, "
               "'1 hour')";
      case ReadKind::kNewest:
        return "SELECT tag, ts, value FROM xtdb_last('t')";
      default:
        return SqlStore::SqlOf(kind);
    }
  }
};

class XtdbContender : public Contender {
 public:
  explicit XtdbContender(std::filesystem::path extension) : extension_(std::move(extension)) {}
  Column column() const override { return Column::kXtdb; }
  std::string version() const override { return "xTdb"; }
  std::unique_ptr<Store> Open(const std::filesystem::path& folder) override {
    return std::make_unique<XtdbStore>(folder, extension_);
  }

 private:
  const std::filesystem::path extension_;
};

}  // namespace

std::unique_ptr<Contender> MakeXtdbContender(const std::filesystem::path& extension) {
  return std::make_unique<XtdbContender>(extension);
}

}  // namespace xtdb::bench
