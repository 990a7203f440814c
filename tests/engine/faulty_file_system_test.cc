#include "tests/support/faulty_file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/types.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class FaultyFileSystemTest : public testing::Test {
 protected:
  static std::unique_ptr<File> MustOpen(FaultyFileSystem& fs, const std::string& path,
                                        OpenMode mode = OpenMode::kOpenOrCreate) {
    Result<std::unique_ptr<File>> file = fs.Open(path, mode);
    EXPECT_OK(file);
    return file.ok() ? std::move(file).value() : nullptr;
  }
  std::unique_ptr<File> MustOpen(const std::string& path, OpenMode mode = OpenMode::kOpenOrCreate) {
    return MustOpen(fs_, path, mode);
  }
  // A file whose name and bytes are durable.
  std::unique_ptr<File> DurableFile(const std::string& path, std::string_view text) {
    std::unique_ptr<File> file = MustOpen(path);
    EXPECT_OK(file->WriteAt(0, Bytes(text)));
    EXPECT_OK(file->Sync());
    EXPECT_OK(fs_.SyncDirectory(DirectoryOf(path)));
    return file;
  }
  static std::string Text(const FaultyFileSystem& fs, const std::string& path) {
    const std::vector<std::byte> bytes = fs.ReadWhole(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string Text(const std::string& path) { return Text(fs_, path); }

  FaultyFileSystem fs_{1};
};

TEST_F(FaultyFileSystemTest, ReadsBackWhatWasWritten) {
  const std::unique_ptr<File> file = MustOpen("a");
  ASSERT_OK(file->WriteAt(4094, Bytes("hello")));
  std::vector<std::byte> bytes(5);
  ASSERT_OK(file->ReadAt(4094, bytes));
  EXPECT_TRUE(std::ranges::equal(bytes, Bytes("hello")));
  EXPECT_EQ(file->Size().value(), 4099U);
  EXPECT_EQ(file->AllocatedBytes().value(), 8192U);
  EXPECT_THAT(file->ReadAt(4095, bytes), HasCode(StatusCode::kCorruption));
}

TEST_F(FaultyFileSystemTest, FollowsTheOpenModes) {
  EXPECT_THAT(fs_.Open("a", OpenMode::kReadWrite), HasCode(StatusCode::kNotFound));
  EXPECT_OK(fs_.Open("a", OpenMode::kCreateNew));
  EXPECT_THAT(fs_.Open("a", OpenMode::kCreateNew), HasCode(StatusCode::kAlreadyExists));
  const std::unique_ptr<File> file = MustOpen("a", OpenMode::kReadOnly);
  EXPECT_THAT(file->WriteAt(0, Bytes("x")), HasCode(StatusCode::kIoError));
  fs_.SetReadOnly(true);
  EXPECT_OK(fs_.Open("a", OpenMode::kReadOnly));
  EXPECT_THAT(fs_.Open("a", OpenMode::kReadWrite), HasCode(StatusCode::kReadOnly));
  EXPECT_THAT(fs_.Remove("a"), HasCode(StatusCode::kReadOnly));
}

TEST_F(FaultyFileSystemTest, SparseFileCostsItsPagesOnly) {
  const std::unique_ptr<File> file = MustOpen("a");
  ASSERT_OK(file->Truncate(1024 * kGiB));
  ASSERT_OK(file->WriteAt(1000 * kGiB, Bytes("x")));
  EXPECT_EQ(file->AllocatedBytes().value(), 4096U);
  ASSERT_OK(file->Truncate(10));
  EXPECT_EQ(file->AllocatedBytes().value(), 0U);
}

TEST_F(FaultyFileSystemTest, PunchAndTruncateLeaveZeros) {
  const std::unique_ptr<File> file = MustOpen("a");
  ASSERT_OK(file->WriteAt(0, std::vector<std::byte>(3 * 4096, std::byte{1})));
  ASSERT_OK(file->Punch(100, 8092));
  EXPECT_EQ(file->AllocatedBytes().value(), 2 * 4096U);
  ASSERT_OK(file->Truncate(50));
  ASSERT_OK(file->Truncate(3 * 4096));
  std::vector<std::byte> bytes(3 * 4096);
  ASSERT_OK(file->ReadAt(0, bytes));
  EXPECT_THAT(std::span(bytes).first(50), Each(std::byte{1}));
  EXPECT_THAT(std::span(bytes).subspan(50), Each(std::byte{0}));
}

TEST_F(FaultyFileSystemTest, NthMatchingOperationFailsOnce) {
  const std::unique_ptr<File> file = MustOpen("a");
  fs_.FailNth(2, Status::IoError("disk"), MaskOf(FileOperation::kWrite));
  EXPECT_OK(file->WriteAt(0, Bytes("1")));
  EXPECT_OK(file->Sync());
  EXPECT_THAT(file->WriteAt(1, Bytes("2")), HasCode(StatusCode::kIoError));
  EXPECT_OK(file->WriteAt(1, Bytes("3")));
  EXPECT_EQ(Text("a"), "13");
}

TEST_F(FaultyFileSystemTest, AWriteOfPartsIsOneWrite) {
  const std::unique_ptr<File> file = MustOpen("a");
  const std::span<const std::byte> parts[] = {Bytes("ab"), Bytes("cde")};
  const uint64_t before = fs_.operation_count();
  ASSERT_OK(file->WriteVAt(1, parts));
  EXPECT_EQ(Text("a"), std::string("\0abcde", 6));
  const std::vector<OperationRecord> records = fs_.operations();
  ASSERT_EQ(records.size(), before + 1);
  EXPECT_EQ(records.back().kind, FileOperation::kWrite);
  EXPECT_EQ(records.back().offset, 1U);
  EXPECT_EQ(records.back().length, 5U);

  std::set<std::string> left;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    FaultyFileSystem fs(seed);
    const std::unique_ptr<File> torn = MustOpen(fs, "a");
    fs.Inject({.kinds = MaskOf(FileOperation::kWrite), .partial = true});
    EXPECT_THAT(torn->WriteVAt(0, parts), HasCode(StatusCode::kIoError));
    left.insert(Text(fs, "a"));
  }
  EXPECT_THAT(left, UnorderedElementsAre("", "a", "ab", "abc", "abcd", "abcde"));
}

TEST_F(FaultyFileSystemTest, StickyFaultFailsUntilCleared) {
  const std::unique_ptr<File> file = MustOpen("a");
  fs_.FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kSync), true);
  EXPECT_THAT(file->Sync(), HasCode(StatusCode::kIoError));
  EXPECT_THAT(file->Sync(), HasCode(StatusCode::kIoError));
  fs_.ClearFaults();
  EXPECT_OK(file->Sync());
}

TEST_F(FaultyFileSystemTest, FaultOfAPathLeavesOtherFilesAlone) {
  const std::unique_ptr<File> data = MustOpen("plant.xtdb");
  const std::unique_ptr<File> log = MustOpen("plant.xtdb-wal");
  fs_.Inject({.status = Status::IoError("disk"), .sticky = true, .path_suffix = "-wal"});
  EXPECT_OK(data->WriteAt(0, Bytes("x")));
  EXPECT_THAT(log->WriteAt(0, Bytes("x")), HasCode(StatusCode::kIoError));
}

TEST_F(FaultyFileSystemTest, PartialWriteLeavesAPrefix) {
  std::set<std::string> left;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FaultyFileSystem fs(seed);
    const std::unique_ptr<File> file = MustOpen(fs, "a");
    fs.Inject({.kinds = MaskOf(FileOperation::kWrite), .partial = true});
    EXPECT_THAT(file->WriteAt(0, Bytes("abc")), HasCode(StatusCode::kIoError));
    left.insert(Text(fs, "a"));
  }
  EXPECT_THAT(left, UnorderedElementsAre("", "a", "ab", "abc"));
}

TEST_F(FaultyFileSystemTest, FullDiskTakesWhatFitsUntilItGrows) {
  const std::unique_ptr<File> file = MustOpen("a");
  fs_.SetCapacity(2 * 4096);
  EXPECT_THAT(file->Allocate(0, 3 * 4096), HasCode(StatusCode::kResourceExhausted));
  EXPECT_EQ(file->Size().value(), 0U);
  ASSERT_OK(file->Allocate(0, 2 * 4096));
  EXPECT_EQ(fs_.UsedBytes(), 2 * 4096U);
  EXPECT_OK(file->WriteAt(4096, std::vector<std::byte>(4096)));
  EXPECT_THAT(file->WriteAt(4096, std::vector<std::byte>(4097)),
              HasCode(StatusCode::kResourceExhausted));
  EXPECT_EQ(file->Size().value(), 2 * 4096U);
  fs_.SetCapacity(3 * 4096);
  EXPECT_OK(file->WriteAt(4096, std::vector<std::byte>(4097)));
}

TEST_F(FaultyFileSystemTest, RemovedFileGivesItsSpaceBackWhenItIsClosed) {
  std::unique_ptr<File> file = MustOpen("a");
  ASSERT_OK(file->Allocate(0, 4096));
  ASSERT_OK(fs_.Remove("a"));
  EXPECT_EQ(fs_.UsedBytes(), 4096U);
  EXPECT_OK(file->WriteAt(0, Bytes("still there")));
  file.reset();
  EXPECT_EQ(fs_.UsedBytes(), 0U);
}

TEST_F(FaultyFileSystemTest, OperationsAreRecordedInOrder) {
  const std::unique_ptr<File> file = MustOpen("dir/../a");
  ASSERT_OK(file->WriteAt(7, Bytes("abc")));
  ASSERT_OK(file->Sync());
  const std::vector<OperationRecord> records = fs_.operations();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].kind, FileOperation::kOpen);
  EXPECT_EQ(records[1].kind, FileOperation::kWrite);
  EXPECT_EQ(records[1].path, "/a");
  EXPECT_EQ(records[1].offset, 7U);
  EXPECT_EQ(records[1].length, 3U);
  EXPECT_EQ(records[2].number, 3U);
}

TEST_F(FaultyFileSystemTest, LocksBelongToOpenFiles) {
  const std::unique_ptr<File> one = MustOpen("a");
  std::unique_ptr<File> two = MustOpen("a");
  ASSERT_OK(one->TryLock(5, File::LockKind::kShared));
  ASSERT_OK(two->TryLock(5, File::LockKind::kShared));
  EXPECT_THAT(two->TryLock(5, File::LockKind::kExclusive), HasCode(StatusCode::kBusy));
  one->Unlock(5);
  EXPECT_OK(two->TryLock(5, File::LockKind::kExclusive));
  EXPECT_THAT(one->TryLock(5, File::LockKind::kShared), HasCode(StatusCode::kBusy));
  EXPECT_OK(one->TryLock(6, File::LockKind::kExclusive));
  two.reset();
  EXPECT_OK(one->TryLock(5, File::LockKind::kExclusive));
  EXPECT_THAT(MustOpen("a", OpenMode::kReadOnly)->TryLock(9, File::LockKind::kExclusive),
              HasCode(StatusCode::kReadOnly));
}

TEST_F(FaultyFileSystemTest, CrashEndsOpenFilesAndLocks) {
  const std::unique_ptr<File> file = DurableFile("a", "synced");
  ASSERT_OK(file->TryLock(0, File::LockKind::kExclusive));
  fs_.Crash(CrashPolicy::kKeepAll);
  std::vector<std::byte> byte(1);
  EXPECT_THAT(file->ReadAt(0, byte), HasCode(StatusCode::kIoError));
  EXPECT_THAT(file->WriteAt(0, byte), HasCode(StatusCode::kIoError));
  EXPECT_THAT(file->Sync(), HasCode(StatusCode::kIoError));
  EXPECT_THAT(file->Size(), HasCode(StatusCode::kIoError));
  EXPECT_OK(MustOpen("a")->TryLock(0, File::LockKind::kExclusive));
}

TEST_F(FaultyFileSystemTest, CrashKeepsOrDropsUnsyncedBytesAsTold) {
  const std::unique_ptr<File> file = DurableFile("a", "synced");
  ASSERT_OK(file->WriteAt(6, Bytes(" and more")));
  ASSERT_OK(file->WriteAt(0, Bytes("S")));
  const std::unique_ptr<FaultyFileSystem> killed = fs_.Clone();
  killed->Crash(CrashPolicy::kKeepAll);
  EXPECT_EQ(Text(*killed, "a"), "Synced and more");
  fs_.Crash(CrashPolicy::kDropAll);
  EXPECT_EQ(Text("a"), "synced");
}

TEST_F(FaultyFileSystemTest, RandomCrashReachesEverySubsetOfUnsyncedWrites) {
  const std::unique_ptr<File> file = DurableFile("a", "ab");
  ASSERT_OK(file->WriteAt(0, Bytes("A")));
  ASSERT_OK(file->WriteAt(1, Bytes("B")));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::unique_ptr<FaultyFileSystem> crashed = fs_.Clone();
    crashed->Crash(CrashPolicy::kRandom, seed);
    seen.insert(Text(*crashed, "a"));
  }
  EXPECT_THAT(seen, UnorderedElementsAre("ab", "Ab", "aB", "AB"));
}

TEST_F(FaultyFileSystemTest, TornWriteKeepsWholeSectors) {
  const std::unique_ptr<File> file = DurableFile("a", std::string(4096, 'o'));
  ASSERT_OK(file->WriteAt(100, Bytes(std::string(3000, 'n'))));
  bool torn = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const std::unique_ptr<FaultyFileSystem> crashed = fs_.Clone();
    crashed->Crash(CrashPolicy::kRandom, seed);
    const std::string text = Text(*crashed, "a");
    ASSERT_EQ(text.substr(0, 100), std::string(100, 'o'));
    ASSERT_EQ(text.substr(3100), std::string(996, 'o'));
    for (size_t begin = 100; begin < 3100; begin = (begin / 512 + 1) * 512) {
      const size_t end = std::min<size_t>(3100, (begin / 512 + 1) * 512);
      const std::string sector = text.substr(begin, end - begin);
      ASSERT_EQ(sector, std::string(sector.size(), sector[0])) << "seed=" << seed;
      torn = torn || (sector[0] != text[100]);
    }
  }
  EXPECT_TRUE(torn);
}

TEST_F(FaultyFileSystemTest, SameSeedCrashesTheSameWay) {
  const std::unique_ptr<File> file = DurableFile("a", "");
  for (int i = 0; i < 20; ++i) ASSERT_OK(file->WriteAt(static_cast<uint64_t>(i), Bytes("x")));
  const std::unique_ptr<FaultyFileSystem> twin = fs_.Clone();
  fs_.Crash(CrashPolicy::kRandom, 42);
  twin->Crash(CrashPolicy::kRandom, 42);
  EXPECT_EQ(Text("a"), Text(*twin, "a"));
}

TEST_F(FaultyFileSystemTest, FailedSyncMayLoseWritesThatReadersStillSee) {
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FaultyFileSystem fs(seed);
    const std::unique_ptr<File> file = MustOpen(fs, "a");
    ASSERT_OK(fs.SyncDirectory("/"));
    ASSERT_OK(file->WriteAt(0, Bytes("x")));
    fs.FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kSync));
    ASSERT_THAT(file->Sync(), HasCode(StatusCode::kIoError));
    ASSERT_OK(file->Sync());
    ASSERT_EQ(Text(fs, "a"), "x");
    fs.Crash(CrashPolicy::kKeepAll);
    seen.insert(Text(fs, "a"));
  }
  EXPECT_THAT(seen, UnorderedElementsAre("", "x"));
}

TEST_F(FaultyFileSystemTest, UnsyncedNamesAreUndoneByACrash) {
  DurableFile("old", "1");
  DurableFile("gone", "2");
  MustOpen("new");
  ASSERT_OK(fs_.Rename("old", "renamed"));
  ASSERT_OK(fs_.Remove("gone"));
  EXPECT_THAT(fs_.List("/").value(), ElementsAre("new", "renamed"));
  const std::unique_ptr<FaultyFileSystem> kept = fs_.Clone();
  kept->Crash(CrashPolicy::kKeepAll);
  EXPECT_THAT(kept->List("/").value(), ElementsAre("new", "renamed"));
  fs_.Crash(CrashPolicy::kDropAll);
  EXPECT_THAT(fs_.List("/").value(), ElementsAre("gone", "old"));
  EXPECT_EQ(Text("gone"), "2");
}

TEST_F(FaultyFileSystemTest, SyncedDirectoryKeepsItsNamesAndNoOther) {
  MustOpen("/one/a");
  MustOpen("/two/b");
  ASSERT_OK(fs_.SyncDirectory("/one"));
  fs_.Crash(CrashPolicy::kDropAll);
  EXPECT_TRUE(fs_.Exists("/one/a"));
  EXPECT_FALSE(fs_.Exists("/two/b"));
}

TEST_F(FaultyFileSystemTest, RandomCrashNeverShowsARenameHalfDone) {
  DurableFile("a", "new");
  DurableFile("b", "old");
  ASSERT_OK(fs_.Rename("a", "b"));
  std::set<std::string> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::unique_ptr<FaultyFileSystem> crashed = fs_.Clone();
    crashed->Crash(CrashPolicy::kRandom, seed);
    ASSERT_NE(crashed->Exists("a"), Text(*crashed, "b") == "new") << "seed=" << seed;
    seen.insert(Text(*crashed, "b"));
  }
  EXPECT_THAT(seen, UnorderedElementsAre("old", "new"));
}

TEST_F(FaultyFileSystemTest, CloneAndOriginalGoTheirOwnWays) {
  const std::unique_ptr<File> file = DurableFile("a", "same");
  const std::unique_ptr<FaultyFileSystem> clone = fs_.Clone();
  ASSERT_OK(file->WriteAt(0, Bytes("here")));
  const std::unique_ptr<File> cloned = MustOpen(*clone, "a");
  EXPECT_OK(cloned->TryLock(0, File::LockKind::kExclusive));
  EXPECT_OK(file->TryLock(0, File::LockKind::kExclusive));
  ASSERT_OK(cloned->WriteAt(0, Bytes("THER")));
  EXPECT_EQ(Text("a"), "here");
  EXPECT_EQ(Text(*clone, "a"), "THER");
}

TEST_F(FaultyFileSystemTest, EachCrashPointIsSeenOnceBeforeItsOperation) {
  std::vector<FileOperation> kinds;
  std::vector<std::string> texts;
  const auto script = [&] {
    const std::unique_ptr<File> file = MustOpen("a");
    ASSERT_OK(fs_.SyncDirectory("/"));
    ASSERT_OK(file->WriteAt(0, Bytes("1")));
    ASSERT_OK(file->Sync());
    ASSERT_OK(file->WriteAt(1, Bytes("2")));
  };
  ForEachCrashPoint(fs_, script, [&](FaultyFileSystem& clone, const OperationRecord& next) {
    kinds.push_back(next.kind);
    clone.Crash(CrashPolicy::kDropAll);
    texts.push_back(clone.Exists("a") ? Text(clone, "a") : "none");
  });
  EXPECT_THAT(
      kinds, ElementsAre(FileOperation::kOpen, FileOperation::kSyncDirectory, FileOperation::kWrite,
                         FileOperation::kSync, FileOperation::kWrite, FileOperation::kOpen));
  EXPECT_THAT(texts, ElementsAre("none", "none", "", "", "1", "1"));
}

TEST_F(FaultyFileSystemTest, HelpersChangeBytesThatSurviveACrash) {
  fs_.WriteWhole("a", Bytes("abcdef"));
  fs_.FlipBits("a", 1, std::byte{0x20});
  fs_.TruncateTo("a", 3);
  fs_.Crash(CrashPolicy::kDropAll);
  EXPECT_EQ(Text("a"), "aBc");
}

TEST_F(FaultyFileSystemTest, IdentityCountsHardLinks) {
  MustOpen("a");
  EXPECT_EQ(fs_.Identify("a").value().hard_links, 1U);
  fs_.AddHardLink("a", "b");
  EXPECT_EQ(fs_.Identify("/x/../a").value(), fs_.Identify("b").value());
  EXPECT_EQ(fs_.Identify("a").value().hard_links, 2U);
  EXPECT_THAT(fs_.Identify("c"), HasCode(StatusCode::kNotFound));
}

TEST_F(FaultyFileSystemTest, FilesMayOutliveTheFileSystem) {
  auto fs = std::make_unique<FaultyFileSystem>();
  const std::unique_ptr<File> file = MustOpen(*fs, "a");
  fs.reset();
  EXPECT_OK(file->WriteAt(0, Bytes("x")));
}

}  // namespace
}  // namespace xtdb
