#include "engine/backup/container_backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/engine/damaged_store.h"
#include "tests/support/simulated_process.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kCopyPath = "/copy.xtdb";

Result<TestPoints> ReadStore(FileSystem& fs, const std::string& path) {
  FakeClock clock;
  EngineOptions options;
  options.read_only = true;
  XTDB_ASSIGN_OR_RETURN(const auto engine, StorageEngine::Open(fs, clock, path, options));
  XTDB_ASSIGN_OR_RETURN(const auto report, engine->Check());
  EXPECT_THAT(report.problems, IsEmpty());
  return ReadAll(*engine);
}

TEST(ContainerBackupTest, TheCopyHoldsEveryCommitAndOpensAlone) {
  FaultyFileSystem fs(1);
  StoreWriter writer(fs);
  writer.Commit(40);
  ASSERT_OK(writer.engine().Seal(0));
  writer.Commit(30);
  ASSERT_OK(writer.engine().Flush(0));
  writer.Commit(20);  // in the log alone
  ASSERT_OK_AND_ASSIGN(const BackupReport report,
                       ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
  EXPECT_EQ(report.chunks, 2);
  const TestPoints at_backup = writer.commits().back();
  writer.Commit(10);
  EXPECT_FALSE(fs.Exists(std::string(kCopyPath) + "-wal"));
  ASSERT_OK_AND_ASSIGN(const TestPoints copied, ReadStore(fs, kCopyPath));
  EXPECT_EQ(copied, at_backup);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, fs.List("/"));
  EXPECT_THAT(names, testing::Not(testing::Contains(HasSubstr("partial"))));

  // It is a container like any other: writing goes on in it.
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto copy,
                       StorageEngine::Open(fs, clock, kCopyPath, SmallStoreOptions()));
  ASSERT_OK(copy->WritePoint("new", 1, Value::Integer(1), kQualityGood));
  ASSERT_OK(copy->Close());
  writer.Close();
}

// Somebody puts the copy in the place of a container that was killed, and forgets its log.
TEST(ContainerBackupTest, ALogOfTheSourceBesideTheCopyIsKeptAside) {
  FaultyFileSystem fs(8);
  StoreWriter writer(fs);
  writer.Commit(10);
  ASSERT_OK(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
  const TestPoints at_backup = writer.commits().back();
  writer.Commit(10);
  const std::vector<std::byte> log = fs.ReadWhole(kStoreLog);
  const auto killed = fs.Clone();
  killed->WriteWhole(kStorePath, killed->ReadWhole(kCopyPath));
  StoreWriter restored(*killed);
  EXPECT_EQ(ReadAll(restored.engine()).value(), at_backup);
  restored.Commit(1);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, killed->List("/"));
  const auto aside = std::find_if(names.begin(), names.end(), [](const std::string& name) {
    return name.find("-wal.foreign-") != std::string::npos;
  });
  ASSERT_NE(aside, names.end());
  EXPECT_EQ(killed->ReadWhole("/" + *aside), log);
}

TEST(ContainerBackupTest, AnEmptyContainerHasACopy) {
  FaultyFileSystem fs(2);
  StoreWriter writer(fs);
  ASSERT_OK(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
  EXPECT_THAT(ReadStore(fs, kCopyPath).value(), IsEmpty());
}

TEST(ContainerBackupTest, ACatalogueInItsOwnChunkIsCopied) {
  FaultyFileSystem fs(3);
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions()));
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(engine->WritePoint(std::to_string(i * 7919) + " is a tag with a long name", i,
                                 Value::Integer(i), kQualityGood));
  }
  ASSERT_OK(engine->Flush(0));
  ASSERT_NE(engine->container().superblock().catalogue_offset, 0);
  ASSERT_OK(ContainerBackup(fs, *engine).Run(kCopyPath, 0));
  ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(*engine));
  EXPECT_EQ(ReadStore(fs, kCopyPath).value(), points);
}

TEST(ContainerBackupTest, AReadOnlyContainerIsCopiedIfItWasClosed) {
  for (const bool closed : {true, false}) {
    const StoredRun run = closed ? MakeClosedStore() : MakeUnclosedStore();
    FakeClock clock;
    EngineOptions options;
    options.read_only = true;
    ASSERT_OK_AND_ASSIGN(const auto engine,
                         StorageEngine::Open(*run.fs, clock, kStorePath, options));
    const auto copied = ContainerBackup(*run.fs, *engine).Run(kCopyPath, 0);
    if (closed) {
      ASSERT_OK(copied);
      EXPECT_EQ(ReadStore(*run.fs, kCopyPath).value(), run.points());
    } else {
      EXPECT_THAT(copied.status(), StatusIs(StatusCode::kReadOnly, HasSubstr("was not closed")));
      EXPECT_FALSE(run.fs->Exists(kCopyPath));
    }
  }
}

TEST(ContainerBackupTest, ATargetThatExistsIsLeftAlone) {
  FaultyFileSystem fs(4);
  StoreWriter writer(fs);
  writer.Commit(5);
  fs.WriteWhole(kCopyPath, std::vector<std::byte>(3, std::byte{7}));
  EXPECT_THAT(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0).status(),
              StatusIs(StatusCode::kAlreadyExists, HasSubstr("/copy.xtdb exists")));
  EXPECT_EQ(fs.ReadWhole(kCopyPath).size(), 3);
  EXPECT_THAT(ContainerBackup(fs, writer.engine()).Run("", 0).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("no name")));
}

TEST(ContainerBackupTest, AWriterUnderWayIsWaitedForAndThenBusy) {
  FaultyFileSystem fs(5);
  StoreWriter writer(fs);
  ASSERT_OK_AND_ASSIGN(const auto transaction, writer.engine().Begin(0));
  EXPECT_THAT(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0).status(),
              StatusIs(StatusCode::kBusy, HasSubstr("")));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, fs.List("/"));
  EXPECT_THAT(names, testing::Not(testing::Contains(HasSubstr("copy"))));
}

TEST(ContainerBackupTest, OfADamagedContainerThereIsNoCopy) {
  const StoredRun run = MakeClosedStore();
  std::vector<std::byte> bytes = run.fs->ReadWhole(kStorePath);
  const auto magic = std::as_bytes(std::span(kBlockMagic));
  const auto block = std::search(bytes.begin(), bytes.end(), magic.begin(), magic.end());
  ASSERT_NE(block, bytes.end());
  const auto vector =
      static_cast<uint64_t>(block - bytes.begin()) + sizeof(BlockHead) + sizeof(VectorEntry);
  run.fs->FlipBits(kStorePath, vector, std::byte{1});
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(*run.fs, clock, kStorePath, SmallStoreOptions()));
  EXPECT_THAT(ContainerBackup(*run.fs, *engine).Run(kCopyPath, 0).status(),
              StatusIs(StatusCode::kCorruption,
                       testing::AllOf(HasSubstr("there is no backup: "), HasSubstr("checksum"))));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, run.fs->List("/"));
  EXPECT_THAT(names, testing::Not(testing::Contains(HasSubstr("copy"))));
}

// Goal: whatever fails, either there is a whole copy or none, and the source goes on.
TEST(ContainerBackupTest, AFailureAnywhereLeavesNoHalfCopy) {
  int failures = 0;
  for (uint64_t n = 1; n < 1000; ++n) {
    FaultyFileSystem fs(6);
    StoreWriter writer(fs);
    writer.Commit(20);
    ASSERT_OK(writer.engine().Seal(0));
    writer.Commit(5);
    fs.Inject({.nth = n, .status = Status::ResourceExhausted("full"), .path_suffix = ".partial"});
    const auto copied = ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0);
    fs.ClearFaults();
    if (copied.ok()) break;
    ++failures;
    EXPECT_FALSE(fs.Exists(kCopyPath)) << "operation " << n;
    writer.Commit(1);
    ASSERT_OK(fs.Exists("/copy.xtdb.partial") ? fs.Remove("/copy.xtdb.partial") : Status());
    ASSERT_OK(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
    EXPECT_EQ(ReadStore(fs, kCopyPath).value(), writer.commits().back());
  }
  EXPECT_GT(failures, 10);
}

// Goal: a backup is a commit's state, whatever is written meanwhile. Each commit writes the same
// number to two tags.
TEST(ContainerBackupTest, BackupsBesideAWriterAreCommits) {
  const TemporaryDirectory folder;
  const std::string path = folder / "plant.xtdb";
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(PosixFileSystem(), clock, path, SmallStoreOptions()));
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int64_t i = 0; !stop.load(); ++i) {
      auto begun = engine->Begin(60'000'000);
      ASSERT_TRUE(begun.ok()) << begun.status().ToString();
      for (const char* tag : {"a", "b"}) {
        ASSERT_OK(begun.value()->Write(*begun.value()->FindOrDefineTag(tag).value(), i,
                                       Value::Integer(i), kQualityGood));
      }
      ASSERT_OK(begun.value()->Prepare());
      begun.value()->Commit();
    }
  });
  for (int i = 0; i < 5; ++i) {
    const std::string target = folder / ("copy" + std::to_string(i) + ".xtdb");
    ASSERT_OK(ContainerBackup(PosixFileSystem(), *engine).Run(target, 60'000'000));
    ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadStore(PosixFileSystem(), target));
    ASSERT_EQ(points.size() % 2, 0);
    const auto count = static_cast<int64_t>(points.size() / 2);
    for (int64_t row = 0; row < count; ++row) {
      ASSERT_TRUE(points.contains({"a", row}) && points.contains({"b", row})) << row;
    }
  }
  stop = true;
  writer.join();
}

TEST(ContainerBackupTest, WhatAKilledBackupLeftIsWrittenOver) {
  uint64_t nth = 1;
  for (; nth < 100; ++nth) {
    SCOPED_TRACE(testing::Message() << "killed before change " << nth);
    FaultyFileSystem fs(nth);
    StoreWriter writer(fs);
    writer.Commit(20);
    ASSERT_OK(writer.engine().Flush(0));
    SimulatedProcess killed(fs);
    killed.KillBefore(nth);
    IgnoreStatus(ContainerBackup(killed, writer.engine()).Run(kCopyPath, 0).status(), "killed");
    if (!killed.killed()) break;
    if (fs.Exists(kCopyPath)) {
      ASSERT_OK(fs.Remove(kCopyPath));
    }
    ASSERT_OK(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
    EXPECT_FALSE(fs.Exists(std::string(kCopyPath) + ".partial"));
    ASSERT_OK_AND_ASSIGN(const TestPoints copied, ReadStore(fs, kCopyPath));
    EXPECT_EQ(copied, writer.commits().back());
  }
  EXPECT_GT(nth, 5u);
}

// A chunk that the copy's catalogue has is DEPRECATED in the source before it is copied.
TEST(ContainerBackupTest, ACompactionMeanwhileTakesNothingFromTheCopy) {
  FaultyFileSystem fs(1);
  StoreWriter writer(fs);
  for (int chunk = 0; chunk < 2; ++chunk) {
    writer.Commit(30);
    ASSERT_OK(writer.engine().Seal(0));
  }
  const TestPoints at_backup = writer.commits().back();
  uint64_t merged = 0;
  const auto compact = [&](std::string_view what, uint64_t done, uint64_t) {
    if (what != "copying" || done != 0) return Status();
    const auto report = writer.engine().Compact(CompactionScope::kAll, 0);
    EXPECT_OK(report);
    merged = report.value().chunks_in;
    return Status();
  };
  ASSERT_OK(ContainerBackup(fs, writer.engine(), compact).Run(kCopyPath, 0));
  EXPECT_EQ(merged, 2u);
  ASSERT_OK_AND_ASSIGN(const TestPoints copied, ReadStore(fs, kCopyPath));
  EXPECT_EQ(copied, at_backup);
}

TEST(ContainerBackupTest, OneThatIsBeingWrittenIsLeftAlone) {
  FaultyFileSystem fs(1);
  StoreWriter writer(fs);
  writer.Commit(20);
  bool fired = false;
  fs.SetHook(
      [&](const OperationRecord& record) {
        if (fired || !record.path.ends_with(".partial")) return;
        fired = true;
        EXPECT_THAT(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0).status(),
                    HasCode(StatusCode::kBusy));
      },
      MaskOf(FileOperation::kSync));
  EXPECT_OK(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0));
  EXPECT_TRUE(fired);
}

TEST(ContainerBackupTest, AFileOfSomebodyElseWithThatNameIsLeftAlone) {
  FaultyFileSystem fs(1);
  StoreWriter writer(fs);
  writer.Commit(20);
  const std::string partial = std::string(kCopyPath) + ".partial";
  for (const size_t size : {size_t{3}, size_t{20'000}}) {
    const std::vector<std::byte> content(size, std::byte{'x'});
    fs.WriteWhole(partial, content);
    EXPECT_THAT(ContainerBackup(fs, writer.engine()).Run(kCopyPath, 0).status(),
                HasCode(StatusCode::kAlreadyExists));
    EXPECT_EQ(fs.ReadWhole(partial), content);
  }
}

TEST(ContainerBackupTest, AContainerWithTheNameOfThePartialFileIsLeftAlone) {
  FaultyFileSystem fs(1);
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(fs, clock, "/plant.partial", SmallStoreOptions()));
  ASSERT_OK(engine->WritePoint("t", 1, Value::Integer(1), kQualityGood));
  EXPECT_THAT(ContainerBackup(fs, *engine).Run("/plant", 0).status(),
              HasCode(StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const TestPoints points, ReadAll(*engine));
  EXPECT_EQ(points.size(), 1u);

  // A copy that somebody works with.
  ASSERT_OK(ContainerBackup(fs, *engine).Run("/copy.partial", 0));
  ASSERT_OK_AND_ASSIGN(const auto copy,
                       StorageEngine::Open(fs, clock, "/copy.partial", SmallStoreOptions()));
  EXPECT_THAT(ContainerBackup(fs, *engine).Run("/copy", 0).status(), HasCode(StatusCode::kBusy));
  EXPECT_OK(copy->WritePoint("t", 2, Value::Integer(1), kQualityGood));
}

}  // namespace
}  // namespace xtdb
