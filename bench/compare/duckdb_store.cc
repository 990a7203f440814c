#include "bench/compare/duckdb_store.h"

#include <fmt/format.h>

#include "bench/common/text.h"
#include "bench/compare/duckdb_appender.h"
#include "bench/compare/duckdb_connection.h"
#include "bench/compare/duckdb_reader.h"

namespace xtdb::bench {
namespace {

constexpr const char* kFileName = "d.duckdb";
constexpr const char* kCreate =
    "CREATE TABLE IF NOT EXISTS t(tag INTEGER, ts TIMESTAMP, value DOUBLE, quality UTINYINT)";

std::string SqlOf(ReadKind kind) {
  constexpr const char* kHourly =
      "date_trunc('hour', ts), count(*), avg(value), min(value), max(value) FROM t ";
  switch (kind) {
    case ReadKind::kPoint:
      return "SELECT value FROM t WHERE tag = $tag AND ts = $from";
    case ReadKind::kRange:
    case ReadKind::kRangeVectors:
      return "SELECT ts, value, quality FROM t WHERE tag = $tag AND ts >= $from AND ts < $to";
    case ReadKind::kWholeTag:
    case ReadKind::kWholeTagVectors:
      return "SELECT ts, value, quality FROM t WHERE tag = $tag";
    case ReadKind::kHourlyOfTag:
    case ReadKind::kHourlyOfTagByCall:
      return std::string("SELECT ") + kHourly + "WHERE tag = $tag GROUP BY 1";
    case ReadKind::kHourlyOfAll:
    case ReadKind::kHourlyOfAllByCall:
      return std::string("SELECT tag, ") + kHourly + "GROUP BY 1, 2";
    case ReadKind::kNewest:
      return "SELECT tag, max(ts), arg_max(value, ts) FROM t GROUP BY tag";
    case ReadKind::kCountAbove:
      return "SELECT count(*) FROM t WHERE tag = $tag AND value > $bound";
  }
  return "";
}

class DuckdbStore : public Store {
 public:
  DuckdbStore(const DuckdbApi& api, const std::string& path, int threads)
      : db_(api, path, threads) {
    db_.Run(kCreate);
  }
  ~DuckdbStore() override {
    if (insert_ != nullptr) db_.api().destroy_prepare(&insert_);
  }

  void Begin() override { db_.Run("BEGIN"); }
  void Commit() override { db_.Run("COMMIT"); }

  void Insert(const Dataset& dataset, size_t begin, size_t end) override {
    const DuckdbApi& api = db_.api();
    if (insert_ == nullptr) insert_ = db_.Prepare("INSERT INTO t VALUES (?, ?, ?, 192)");
    for (size_t i = begin; i < end; ++i) {
      api.bind_int32(insert_, 1, static_cast<int32_t>(dataset.tag[i]));
      api.bind_timestamp(insert_, 2, {dataset.ts_us[i]});
      api.bind_double(insert_, 3, dataset.value[i]);
      DuckdbApi::QueryResult result{};
      if (api.execute_prepared(insert_, &result) != 0) Fail(api.result_error(&result));
      api.destroy_result(&result);
    }
  }

  void Append(const Dataset& dataset, size_t begin, size_t end) override {
    if (appender_ == nullptr) appender_ = std::make_unique<DuckdbAppender>(db_);
    for (size_t i = begin; i < end; ++i)
      appender_->Add(dataset.tag[i], dataset.ts_us[i], dataset.value[i]);
    appender_->Flush();
  }

  bool AppendSeries(const Dataset&, const std::vector<TagSeries>& series) override {
    Begin();
    {
      DuckdbAppender appender(db_);
      for (size_t tag = 0; tag < series.size(); ++tag) {
        for (size_t i = 0; i < series[tag].ts_us.size(); ++i)
          appender.Add(static_cast<uint32_t>(tag), series[tag].ts_us[i], series[tag].value[i]);
      }
    }
    Commit();
    return true;
  }

  std::unique_ptr<Reader> PrepareRead(ReadKind kind) override {
    return std::make_unique<DuckdbReader>(db_, SqlOf(kind));
  }
  bool Compact() override { return false; }

 private:
  DuckdbConnection db_;
  DuckdbApi::Statement insert_ = nullptr;
  std::unique_ptr<DuckdbAppender> appender_;
};

}  // namespace

std::unique_ptr<DuckdbContender> DuckdbContender::Make(const std::filesystem::path& library,
                                                       int threads, std::string& error) {
  if (!std::filesystem::exists(library)) {
    error = "bench/install_duckdb.sh fetches it";
    return nullptr;
  }
  std::unique_ptr<DuckdbApi> api = DuckdbApi::Load(library.string(), error);
  if (api == nullptr) return nullptr;
  return std::unique_ptr<DuckdbContender>(new DuckdbContender(std::move(api), threads));
}

std::string DuckdbContender::version() const {
  return std::string("DuckDB ") + api_->library_version();
}

std::unique_ptr<Store> DuckdbContender::Open(const std::filesystem::path& folder) {
  return std::make_unique<DuckdbStore>(*api_, (folder / kFileName).string(), threads_);
}

void DuckdbContender::CopySorted(const std::filesystem::path& from,
                                 const std::filesystem::path& to) {
  DuckdbConnection db(*api_, (from / kFileName).string(), threads_);
  db.Run(fmt::format("ATTACH '{}' AS sorted", (to / kFileName).string()));
  db.Run("CREATE TABLE sorted.t AS SELECT * FROM t ORDER BY tag, ts");
  db.Run("DETACH sorted");
}

void DuckdbContender::Import(const std::filesystem::path& csv,
                             const std::filesystem::path& folder) {
  DuckdbConnection db(*api_, (folder / kFileName).string(), threads_);
  db.Run("CREATE TABLE t(tag VARCHAR, ts TIMESTAMP, value DOUBLE, quality UTINYINT)");
  db.Run(fmt::format("COPY t(tag, ts, value) FROM '{}' (HEADER, DELIMITER ',')", csv.string()));
}

}  // namespace xtdb::bench
