#pragma once

#include <memory>
#include <string>

#include "bench/common/sqlite_connection.h"
#include "bench/compare/store.h"

namespace xtdb::bench {

// A table t(tag, ts, value, quality) behind SQL, be it SQLite's own or a virtual one.
class SqlStore : public Store {
 public:
  explicit SqlStore(const std::string& path) : db_(path) {}
  void Begin() override { db_.Run("BEGIN"); }
  void Commit() override { db_.Run("COMMIT"); }
  void Insert(const Dataset& dataset, size_t begin, size_t end) override;
  std::unique_ptr<Reader> PrepareRead(ReadKind kind) override;

 protected:
  virtual std::string SqlOf(ReadKind kind) const;  // "" if there is none

  SqliteConnection db_;
  StatementPtr insert_;
};

}  // namespace xtdb::bench
