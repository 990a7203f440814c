#include "bench/compare/contest.h"

#include <sys/stat.h>

#include <algorithm>

#include "bench/common/text.h"
#include "bench/compare/sqlite_store.h"
#include "bench/compare/xtdb_store.h"

namespace xtdb::bench {
namespace {

namespace fs = std::filesystem;

const char* NameOf(Column column) {
  constexpr const char* kNames[] = {"xtdb", "sqlite", "duckdb", "duckdb-sorted"};
  return kNames[static_cast<size_t>(column)];
}

}  // namespace

Contest::Contest(ContestOptions options) : options_(std::move(options)) {
  fs::create_directories(options_.folder);
  contenders_.push_back(MakeXtdbContender(options_.build / "xtdb.so"));
  contenders_.push_back(MakeSqliteContender());
  std::string error;
  auto duckdb = DuckdbContender::Make(options_.build / "duckdb" / "libduckdb.so",
                                      options_.duckdb_threads, error);
  if (duckdb == nullptr) {
    table_.AddNote("DuckDB: not installed (" + error + ")");
    return;
  }
  duckdb_ = duckdb.get();
  table_.AddNote("DuckDB's prepared INSERTs: of " + WithCommas(duckdb->InsertsMax()) + " rows.");
  contenders_.push_back(std::move(duckdb));
}

Contest::~Contest() {
  std::error_code ignored;
  fs::remove_all(options_.folder, ignored);
}

const Dataset& Contest::Points(Kind kind) {
  if (points_ != nullptr && kind_ == kind) return *points_;
  points_.reset();
  constexpr Dataset (*kMake[])(size_t) = {MakeG1, MakeG100, MakeG100K};
  // G100K has half as many points as the others: 100,000 tags of 50 points beside 10 M.
  const size_t rows = kind == Kind::kG100K ? options_.rows / 2 : options_.rows;
  points_ = std::make_unique<Dataset>(kMake[static_cast<size_t>(kind)](rows));
  kind_ = kind;
  return *points_;
}

void Contest::ForEachRun(const std::function<void(Contender&)>& body) const {
  for (int run = 0; run < options_.runs; ++run) {
    for (size_t i = 0; i < contenders_.size(); ++i)
      body(*contenders_[(i + static_cast<size_t>(run)) % contenders_.size()]);
  }
}

fs::path Contest::FreshFolder(const std::string& name) const {
  const fs::path folder = options_.folder / name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void Contest::Load(Contender& contender, const Dataset& data, const fs::path& folder) {
  const std::unique_ptr<Store> store = contender.Open(folder);
  for (size_t at = 0; at < data.size(); at += kRowsPerCommit) {
    store->Begin();
    store->Append(data, at, std::min(data.size(), at + kRowsPerCommit));
    store->Commit();
  }
}

bool Contest::Compact(Contender& contender, const fs::path& folder) {
  return contender.Open(folder)->Compact();
}

fs::path Contest::LoadedFolder(Column column) {
  const auto folder_of = [&](Column which) {
    return options_.folder / (std::string("loaded-") + NameOf(which));
  };
  if (!is_loaded_) {
    const Dataset& data = Points(Kind::kG100);
    for (const auto& contender : contenders_) {
      const fs::path folder = folder_of(contender->column());
      fs::create_directories(folder);
      Load(*contender, data, folder);
      Compact(*contender, folder);
    }
    if (duckdb_ != nullptr) {
      fs::create_directories(folder_of(Column::kDuckdbSorted));
      duckdb_->CopySorted(folder_of(Column::kDuckdb), folder_of(Column::kDuckdbSorted));
    }
    is_loaded_ = true;
  }
  return folder_of(column);
}

uint64_t Contest::DiskBytes(const fs::path& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    struct stat status {};
    if (stat(entry.path().c_str(), &status) != 0) Fail("stat " + entry.path().string());
    bytes += static_cast<uint64_t>(status.st_blocks) * 512;
  }
  return bytes;
}

}  // namespace xtdb::bench
