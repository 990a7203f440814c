#include <gtest/gtest.h>

#include "tests/support/engine_script.h"

namespace xtdb {
namespace {

// Goal: after power loss at any moment the store holds a prefix of commits. Method: a scripted run;
// before each mutating operation the file system is cloned, crashed by several policies, and
// reopened.
void CheckEveryCrashPoint(const EngineScript::Options& options) {
  const uint64_t seed = options.seed;
  SCOPED_TRACE(testing::Message() << "seed=" << seed);
  FaultyFileSystem fs(seed);
  EngineScript script(fs, options);
  uint64_t point = 0;
  ForEachCrashPoint(
      fs, [&] { script.Run(); },
      [&](FaultyFileSystem& clone, const OperationRecord& next) {
        ++point;
        if (!clone.Exists(EngineScript::kPath) || testing::Test::HasFailure()) return;
        for (uint64_t variant = 0; variant < 4; ++variant) {
          const auto crashed = clone.Clone();
          const CrashPolicy policy = variant == 0   ? CrashPolicy::kKeepAll
                                     : variant == 1 ? CrashPolicy::kDropAll
                                                    : CrashPolicy::kRandom;
          crashed->Crash(policy, seed * 1000 + point * 10 + variant);
          if (!crashed->Exists(EngineScript::kPath)) continue;  // its creation was never synced
          EXPECT_EQ(CheckReopened(*crashed, script), "")
              << "crash point " << point << " variant " << variant << " before operation "
              << next.number << " on " << next.path << " at " << next.offset;
        }
      });
  EXPECT_EQ(script.errors().size(), 0u) << script.errors().front().ToString();
  EXPECT_GT(script.commits(), static_cast<uint64_t>(options.steps) / 5);
  if (options.with_retentions) {
    EXPECT_GT(script.retained_points(), 0u);
  }
  if (options.with_compactions) {
    EXPECT_GT(script.compacted_chunks(), 0u);
  }
  if (!options.with_drops) return;
  EXPECT_GT(script.dropped_chunks(), 0u);
  EXPECT_GT(script.reused_slots(), 0u);
}

// Sanitized builds are slow, and look for memory errors only.
#ifdef XTDB_SANITIZED
constexpr uint64_t kSeeds = 1;
#else
constexpr uint64_t kSeeds = 3;
#endif

TEST(StorageEngineCrashTest, EveryCrashPointReopensToAPrefixOfCommits) {
  for (uint64_t seed = 1; seed <= 3; ++seed) CheckEveryCrashPoint({.seed = seed, .steps = 25});
}

TEST(StorageEngineCrashTest, EveryCrashPointOfTransactionsBeyondMemoryReopensToAPrefix) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    CheckEveryCrashPoint({.seed = seed, .steps = 25, .with_spills = true});
  }
}

TEST(StorageEngineCrashTest, EveryCrashPointOfBlocksThroughTheWriteCacheReopensToAPrefix) {
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    CheckEveryCrashPoint({.seed = seed, .steps = 25, .with_write_cache = true});
    CheckEveryCrashPoint(
        {.seed = seed, .steps = 25, .with_spills = true, .with_write_cache = true});
  }
}

TEST(StorageEngineCrashTest, EveryCrashPointOfDropsAndReusedSlotsReopensToAPrefix) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    CheckEveryCrashPoint({.seed = seed, .steps = 50, .with_drops = true});
  }
}

TEST(StorageEngineCrashTest, EveryCrashPointOfCompactionsReopensToAPrefix) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CheckEveryCrashPoint({.seed = seed, .steps = 30, .with_compactions = true});
  }
  if (kSeeds == 1) return;
  CheckEveryCrashPoint({.seed = 1, .steps = 40, .with_drops = true, .with_compactions = true});
}

TEST(StorageEngineCrashTest, EveryCrashPointOfRetentionsReopensToAPrefix) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CheckEveryCrashPoint(
        {.seed = seed, .steps = 40, .with_compactions = true, .with_retentions = true});
  }
}

TEST(StorageEngineCrashLongTest, EveryCrashPointOfManyRunsReopensToAPrefixOfCommits) {
  for (uint64_t seed = 100; seed < 120; ++seed) {
    CheckEveryCrashPoint({.seed = seed, .steps = 60});
    CheckEveryCrashPoint({.seed = seed, .steps = 60, .with_drops = true});
    CheckEveryCrashPoint({.seed = seed, .steps = 60, .with_drops = true, .with_spills = true});
    CheckEveryCrashPoint({.seed = seed,
                          .steps = 60,
                          .with_drops = true,
                          .with_spills = true,
                          .with_compactions = true,
                          .with_retentions = true});
  }
}

// Goal: a crash during recovery, again and again, loses nothing. Method: crash a run, then crash
// its recovery before a seeded operation, several times over.
TEST(StorageEngineCrashTest, CrashesDuringRecoveryConverge) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    FaultyFileSystem fs(seed);
    EngineScript script(fs, {.seed = seed,
                             .steps = 20,
                             .with_drops = seed % 2 == 0,
                             .with_spills = seed % 4 < 2,
                             .with_compactions = seed % 8 < 4});
    fs.Inject({.nth = 40 + seed * 3, .sticky = true, .kinds = kMutations});
    script.Run();
    fs.Crash(CrashPolicy::kRandom, seed);
    if (!fs.Exists(EngineScript::kPath)) continue;
    for (uint64_t round = 1; round <= 5; ++round) {
      fs.Inject({.nth = round, .sticky = true, .kinds = kMutations});
      FakeClock clock;
      auto opened =
          StorageEngine::Open(fs, clock, EngineScript::kPath, EngineScript::OpenOptions());
      if (opened.ok()) IgnoreStatus(opened.value()->Close(), "it is meant to fail");
      fs.Crash(CrashPolicy::kRandom, seed * 100 + round);
    }
    EXPECT_EQ(CheckReopened(fs, script), "");
  }
}

// Goal: an error of any one operation is reported and loses nothing committed. Method: fail the
// n-th operation, once and for ever, for every n of a run.
void FailEveryOperation(const Status& error, bool sticky, OperationMask kinds,
                        const EngineScript::Options& options = {.seed = 1, .steps = 25}) {
  uint64_t operations = 0;
  {
    FaultyFileSystem fs(1);
    EngineScript script(fs, options);
    script.Run();
    operations = fs.operation_count();
  }
  ASSERT_GT(operations, 200u);
  uint64_t runs_with_errors = 0;
  for (uint64_t n = 1; n <= operations; ++n) {
    FaultyFileSystem fs(n);
    EngineScript script(fs, options);
    fs.Inject({.nth = n, .status = error, .sticky = sticky, .kinds = kinds, .partial = n % 2 == 0});
    script.Run();
    runs_with_errors += script.errors().empty() ? 0 : 1;
    for (const Status& status : script.errors()) EXPECT_NE(status.message(), "") << "n=" << n;
    fs.Crash(CrashPolicy::kKeepAll);
    if (!fs.Exists(EngineScript::kPath)) continue;
    std::string told;
    for (const Status& status : script.errors()) told += "\n" + status.ToString();
    ASSERT_EQ(CheckReopened(fs, script), "") << "n=" << n << told;
  }
  EXPECT_GT(runs_with_errors, operations / 10);
}

TEST(StorageEngineFaultTest, TheNthIoErrorLosesNothingCommitted) {
  FailEveryOperation(Status::IoError("injected EIO"), false, kAnyOperation);
}

TEST(StorageEngineFaultTest, AnIoErrorFromTheNthOperationOnLosesNothingCommitted) {
  FailEveryOperation(Status::IoError("injected EIO"), true, kAnyOperation);
}

TEST(StorageEngineFaultTest, TheNthIoErrorOfTransactionsBeyondMemoryLosesNothingCommitted) {
  for (const bool sticky : {false, true}) {
    FailEveryOperation(Status::IoError("injected EIO"), sticky, kAnyOperation,
                       {.seed = 1, .steps = 25, .with_spills = true});
  }
}

TEST(StorageEngineFaultTest, TheNthDiskFullLosesNothingCommitted) {
  FailEveryOperation(Status::ResourceExhausted("injected ENOSPC"), false,
                     MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate));
}

TEST(StorageEngineFaultTest, TheNthIoErrorOfARunWithDropsLosesNothingCommitted) {
  FailEveryOperation(Status::IoError("injected EIO"), false, kAnyOperation,
                     {.seed = 1, .steps = 50, .with_drops = true});
}

TEST(StorageEngineFaultTest, TheNthDiskFullOfARunWithDropsLosesNothingCommitted) {
  FailEveryOperation(Status::ResourceExhausted("injected ENOSPC"), false,
                     MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate),
                     {.seed = 1, .steps = 50, .with_drops = true});
}

TEST(StorageEngineFaultTest, TheNthErrorOfARunWithCompactionsAndRetentionsLosesNothingCommitted) {
  const EngineScript::Options options{
      .seed = 1, .steps = 30, .with_compactions = true, .with_retentions = true};
  FailEveryOperation(Status::IoError("injected EIO"), false, kAnyOperation, options);
  FailEveryOperation(Status::ResourceExhausted("injected ENOSPC"), false,
                     MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate), options);
}

}  // namespace
}  // namespace xtdb
