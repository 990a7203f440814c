#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/compare/dataset.h"
#include "bench/compare/duckdb_store.h"
#include "bench/compare/store.h"
#include "bench/compare/table.h"

namespace xtdb::bench {

struct ContestOptions {
  size_t rows = 2'000'000;
  int runs = 5;
  int duckdb_threads = 0;  // 0: DuckDB's default
  std::filesystem::path folder;
  std::filesystem::path build;  // with xtdb.so, the program xtdb and duckdb/libduckdb.so
};

// What the works share: the stores, the points, the databases that sizes and reads are taken of,
// and the table.
class Contest {
 public:
  explicit Contest(ContestOptions options);
  ~Contest();  // removes its files

  const ContestOptions& options() const { return options_; }
  Table& table() { return table_; }
  const std::vector<std::unique_ptr<Contender>>& contenders() const { return contenders_; }
  Contender& xtdb() const { return *contenders_.front(); }
  DuckdbContender* duckdb() const { return duckdb_; }  // null: not installed

  // Made when first asked for, and forgotten when the next is: two at a time would be large.
  enum class Kind : uint8_t { kG1, kG100, kG100K };
  const Dataset& Points(Kind kind);

  // Calls `body` for each store in each run, the stores in turn, beginning with another each time.
  void ForEachRun(const std::function<void(Contender&)>& body) const;

  std::filesystem::path FreshFolder(const std::string& name) const;
  // The folder of a store that was loaded with G100 by commits of 10,000, closed, and compacted if
  // the store can. Made when first asked for.
  std::filesystem::path LoadedFolder(Column column);

  // Loads `data` by time in commits of 10,000 and closes the store.
  static void Load(Contender& contender, const Dataset& data, const std::filesystem::path& folder);
  // False: the store has no way to.
  static bool Compact(Contender& contender, const std::filesystem::path& folder);
  static uint64_t DiskBytes(const std::filesystem::path& folder);  // allocated

 private:
  const ContestOptions options_;
  std::vector<std::unique_ptr<Contender>> contenders_;
  DuckdbContender* duckdb_ = nullptr;
  Table table_;
  Kind kind_ = Kind::kG1;
  std::unique_ptr<Dataset> points_;
  bool is_loaded_ = false;
};

inline constexpr size_t kRowsPerCommit = 10'000;

}  // namespace xtdb::bench
