#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"

namespace xtdb {

// A seeded run of transactions (inserts, late points, deletes, new tags, widening, texts, NULLs),
// rollbacks before and after Prepare, savepoints, flushes, seals, closes and reopens, which keeps
// the state that the store must have after each acknowledged commit.
class EngineScript {
 public:
  struct Options {
    uint64_t seed = 1;
    int steps = 40;
    size_t points_per_transaction = 20;
    // Drops of old chunks, many seals, and snapshots that outlive both.
    bool with_drops = false;
    // Transactions leave memory after a few rows.
    bool with_spills = false;
    // Every block goes through a WriteCache, whose thread does nothing: so the order of writes is
    // always the same.
    bool with_write_cache = false;
    // Many seals, and compactions of what they leave.
    bool with_compactions = false;
    // Retentions, which hide what they do not drop.
    bool with_retentions = false;
  };
  EngineScript(FileSystem& fs, const Options& options);

  // Runs to the end, or as far as errors let it: a failed open ends it.
  void Run();

  // After Run, or at a crash point within it, what a reopened store may hold: the state of all
  // acknowledged commits. The one under way, if any, may be there as it was at one of its Prepares.
  const TestPoints& acknowledged() const { return acknowledged_; }
  bool Allows(const TestPoints& found) const;
  uint64_t commits() const { return commits_; }
  uint64_t dropped_chunks() const { return dropped_chunks_; }
  // Chunks that were seen in a slot that had a tenant before.
  uint64_t reused_slots() const { return reused_slots_; }
  uint64_t compacted_chunks() const { return compacted_chunks_; }
  uint64_t retained_points() const { return retained_points_; }  // that a retention has let go
  // Errors that a step returned.
  const std::vector<Status>& errors() const { return errors_; }

  static EngineOptions OpenOptions();
  static constexpr const char* kPath = "/plant.xtdb";

 private:
  void Step();
  void RunTransaction();
  // Stages random changes, the same in `points`.
  Status Stage(Transaction& transaction, TestPoints& points, size_t count);
  Status StageOne(Transaction& transaction, TestPoints& points);
  Status Finish(Transaction& transaction, TestPoints&& points);
  bool Reopen();
  void StepWithDrops();
  void Drop();
  void StepWithCompactions();
  void Retain();
  // What is left of the acknowledged points when chunks that DropBefore would choose are gone: the
  // ones whose place is in a block that stays.
  Result<TestPoints> PointsWithout(int64_t before_us);
  // Compares what the kept snapshot sees with what it saw, then keeps another.
  void TurnSnapshot();
  void CountReusedSlots();
  uint64_t Draw(uint64_t bound) { return random_() % bound; }
  void Note(const Status& status);

  FileSystem& fs_;
  const Options options_;
  FakeClock clock_;
  std::mt19937_64 random_;
  std::shared_ptr<StorageEngine> engine_;
  TestPoints acknowledged_;
  std::vector<TestPoints> in_flight_;  // what each Prepare of the transaction under way would make
  std::shared_ptr<const Snapshot> kept_;
  TestPoints kept_points_;
  uint64_t commits_ = 0;
  uint64_t dropped_chunks_ = 0;
  uint64_t reused_slots_ = 0;
  uint64_t compacted_chunks_ = 0;
  uint64_t retained_points_ = 0;
  int64_t next_ts_ = 0;
  std::vector<Status> errors_;
};

// Opens the store, reads everything, checks it, writes one more point, and reopens, when no dropped
// chunk may be left; says what is wrong, empty if the points are `script`'s acknowledged ones, with
// the transaction in flight or without.
std::string CheckReopened(FileSystem& fs, const EngineScript& script);

}  // namespace xtdb
