#pragma once

#include <memory>
#include <string>

#include "tests/support/faulty_file_system.h"
#include "tests/vtab/sql_fixture.h"
#include "vtab/engine_registry.h"

namespace xtdb {

// A database file on disk whose containers are in a FaultyFileSystem.
class FaultySqlTest : public testing::Test {
 protected:
  FaultySqlTest() {
    UseFiles(std::make_unique<FaultyFileSystem>(1));
    Reopen();
  }
  ~FaultySqlTest() override {
    db_.reset();
    ReplaceContainerFiles(nullptr);
  }

  std::string DatabasePath() const { return folder_ / "test.db"; }
  std::string ContainerPath() const { return folder_ / "test.db.plant.xtdb"; }
  FaultyFileSystem& fs() { return *fs_; }
  // While no container is open.
  void UseFiles(std::unique_ptr<FaultyFileSystem> fs) {
    fs_ = std::move(fs);
    ReplaceContainerFiles(fs_.get());
  }
  void Reopen() {
    db_.reset();
    db_ = std::make_unique<TestDatabase>(DatabasePath());
  }
  void Run(const std::string& sql) { db_->Run(sql); }
  Outcome Exec(const std::string& sql) { return db_->Exec(sql); }
  std::string Line(const std::string& sql) { return db_->Line(sql); }
  void FillDisk() { fs_->SetCapacity(fs_->UsedBytes()); }
  void EmptyDisk() { fs_->SetCapacity(std::numeric_limits<uint64_t>::max()); }

  TemporaryDirectory folder_;
  std::unique_ptr<FaultyFileSystem> fs_;
  std::unique_ptr<TestDatabase> db_;
};

}  // namespace xtdb
