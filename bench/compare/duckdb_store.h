#pragma once

#include <memory>
#include <string>

#include "bench/compare/duckdb_api.h"
#include "bench/compare/store.h"

namespace xtdb::bench {

// DuckDB with its default settings: one table without an index, in the order it was loaded. A tag
// is a number, which the application would have to look up: the statistics that let DuckDB leave
// out rows know only the first bytes of a text.
class DuckdbContender : public Contender {
 public:
  // Null, and `error` says why: the shared library cannot be loaded.
  //   threads: 0 takes DuckDB's default, the cores.
  static std::unique_ptr<DuckdbContender> Make(const std::filesystem::path& library, int threads,
                                               std::string& error);

  Column column() const override { return Column::kDuckdb; }
  std::string version() const override;
  std::unique_ptr<Store> Open(const std::filesystem::path& folder) override;
  size_t InsertsMax() const override { return 20'000; }

  // A new database in `to` of the rows of that in `from`, sorted by tag and time.
  void CopySorted(const std::filesystem::path& from, const std::filesystem::path& to);
  // Reads a CSV file of tag, time and value, with a header, into a new database. Returns when it is
  // committed.
  void Import(const std::filesystem::path& csv, const std::filesystem::path& folder);

 private:
  DuckdbContender(std::unique_ptr<DuckdbApi> api, int threads)
      : api_(std::move(api)), threads_(threads) {}

  const std::unique_ptr<DuckdbApi> api_;
  const int threads_;
};

}  // namespace xtdb::bench
