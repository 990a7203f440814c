#include "engine/salvage/salvager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/salvaged_store.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SalvagerTest, AnUndamagedContainerLosesNothing) {
  for (const bool closed : {true, false}) {
    const StoredRun run = closed ? MakeClosedStore() : MakeUnclosedStore();
    const std::vector<std::byte> before = run.fs->ReadWhole(kStorePath);
    const Salvaged salvaged = SalvageStore(*run.fs);
    ASSERT_OK(salvaged.error);
    EXPECT_EQ(salvaged.points, run.points());
    EXPECT_TRUE(salvaged.report.complete()) << salvaged.report.losses.front().what;
    EXPECT_THAT(salvaged.report.doubtful, IsEmpty());
    EXPECT_THAT(salvaged.problems, IsEmpty());
    EXPECT_EQ(salvaged.report.points, run.points().size());
    EXPECT_EQ(run.fs->ReadWhole(kStorePath), before) << "the input is only read";
  }
}

TEST(SalvagerTest, AllThatStandsInTheLogAloneIsSaved) {
  const StoredRun run = MakeUnclosedStore(/*flushed=*/false);
  const Salvaged salvaged = SalvageStore(*run.fs);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(salvaged.points, run.points());
  EXPECT_EQ(salvaged.report.points_from_log, run.points().size());
  EXPECT_TRUE(salvaged.report.complete());
}

TEST(SalvagerTest, TheLogAloneIsEnoughForWhatItHolds) {
  const StoredRun run = MakeUnclosedStore(/*flushed=*/false);
  run.fs->WriteWhole(kStorePath, std::vector<std::byte>(kExtentSizeBytes, std::byte{0x5A}));
  const Salvaged salvaged = SalvageStore(*run.fs);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(salvaged.points, run.points());
}

// Goal: blocks are enough. Method: destroy everything else.
TEST(SalvagerTest, BlocksAloneAreEnough) {
  const StoredRun run = MakeClosedStore();
  std::vector<std::byte> bytes = run.fs->ReadWhole(kStorePath);
  const LayoutCalculator layout = LayoutCalculator::Create(4 * kMiB).value();
  std::fill_n(bytes.begin(), kExtentSizeBytes, std::byte{0x5A});
  for (uint32_t slot = 0; layout.Layout(slot).chunk_offset < bytes.size(); ++slot) {
    const ChunkLayout place = layout.Layout(slot);
    std::fill(bytes.begin() + static_cast<ptrdiff_t>(place.chunk_offset),
              bytes.begin() + static_cast<ptrdiff_t>(std::min(place.data_offset, bytes.size())),
              std::byte{0x5A});
  }
  run.fs->WriteWhole(kStorePath, bytes);
  const Salvaged salvaged = SalvageStore(*run.fs);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(salvaged.report.chunk_size_bytes, 4 * kMiB);
  EXPECT_EQ(salvaged.points.size(), run.points().size());
  // Names stood in the catalogue.
  EXPECT_THAT(salvaged.report.losses, Not(IsEmpty()));
  for (const SavedTag& tag : salvaged.report.tags) {
    EXPECT_EQ(tag.name, "tag_" + std::to_string(tag.id));
  }
}

TEST(SalvagerTest, ADamagedVectorIsLeftOutAndNamed) {
  const StoredRun run = MakeClosedStore();
  const VectorBytes vectors = FindVectors(*run.fs);
  run.fs->FlipBits(kStorePath, vectors.ranges[1].first, std::byte{1});
  const Salvaged salvaged = SalvageStore(*run.fs);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(JudgeSalvage(run.points(), salvaged), "");
  ASSERT_EQ(salvaged.report.losses.size(), 1);
  const SalvageLoss& loss = salvaged.report.losses[0];
  EXPECT_THAT(loss.what, HasSubstr("vector 0: checksum"));
  EXPECT_FALSE(loss.tag.empty());
  EXPECT_EQ(loss.points, 40);
  EXPECT_EQ(loss.ts_min_us, 0);
  EXPECT_EQ(loss.ts_max_us, 39'000);
  EXPECT_EQ(salvaged.report.vectors_damaged, 1);
}

// Goal: of two copies of a time the later counts, and where it is lost the older is doubted.
TEST(SalvagerTest, AnOlderPointWhereALaterBlockWasLostIsDoubted) {
  FaultyFileSystem fs(3);
  FakeClock clock;
  {
    ASSERT_OK_AND_ASSIGN(const auto engine,
                         StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions()));
    for (int version = 1; version <= 2; ++version) {
      for (int i = 0; i < 10; ++i) {
        ASSERT_OK(engine->WritePoint("a", i, Value::Integer(version * 1000 + i), kQualityGood));
      }
      ASSERT_OK(engine->Seal(0));
    }
    ASSERT_OK(engine->Close());
  }
  const auto whole = fs.Clone();
  Salvaged salvaged = SalvageStore(*whole);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(salvaged.points.at({"a", 3}).bits, 2003);
  EXPECT_TRUE(salvaged.report.complete());

  const VectorBytes vectors = FindVectors(fs);
  fs.FlipBits(kStorePath, vectors.ranges.back().first, std::byte{1});
  salvaged = SalvageStore(fs);
  ASSERT_OK(salvaged.error);
  EXPECT_EQ(salvaged.points.at({"a", 3}).bits, 1003);
  ASSERT_EQ(salvaged.report.doubtful.size(), 1);
  EXPECT_EQ(salvaged.report.doubtful[0].points, 10);
  EXPECT_EQ(salvaged.report.losses.size(), 1);
}

TEST(SalvagerTest, AnEmptyContainerGivesAnEmptyOne) {
  FaultyFileSystem fs(4);
  FakeClock clock;
  {
    ASSERT_OK_AND_ASSIGN(const auto engine,
                         StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions()));
    ASSERT_OK(engine->Close());
  }
  const Salvaged salvaged = SalvageStore(fs);
  ASSERT_OK(salvaged.error);
  EXPECT_THAT(salvaged.points, IsEmpty());
  EXPECT_TRUE(salvaged.report.complete());
}

TEST(SalvagerTest, WhatIsNoContainerIsAnErrorAndMakesNoOutput) {
  FaultyFileSystem fs(5);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, size_t{5 * kMiB}}) {
    fs.WriteWhole(kStorePath, std::vector<std::byte>(size, std::byte{'x'}));
    EXPECT_THAT(SalvageStore(fs).error, StatusIs(StatusCode::kCorruption, HasSubstr("nor log")));
    EXPECT_FALSE(fs.Exists(kSavedPath));
    EXPECT_FALSE(fs.Exists(std::string(kSavedPath) + ".partial"));
  }
  ASSERT_OK(fs.Remove(kStorePath));
  EXPECT_THAT(SalvageStore(fs).error, StatusIs(StatusCode::kNotFound, HasSubstr("plant.xtdb")));
}

TEST(SalvagerTest, AnOutputThatExistsIsLeftAlone) {
  const StoredRun run = MakeClosedStore();
  run.fs->WriteWhole(kSavedPath, std::vector<std::byte>(3, std::byte{7}));
  EXPECT_THAT(SalvageStore(*run.fs).error,
              StatusIs(StatusCode::kAlreadyExists, HasSubstr("/saved.xtdb exists")));
  EXPECT_EQ(run.fs->ReadWhole(kSavedPath).size(), 3);
}

TEST(SalvagerTest, AFailureOnTheWayLeavesNoOutput) {
  const StoredRun run = MakeClosedStore();
  int failures = 0;
  for (uint64_t n = 1;; ++n) {
    const auto fs = run.fs->Clone();
    fs->FailNth(n, Status::IoError("injected"), kMutations, /*sticky=*/false);
    FakeClock clock;
    const auto report = Salvager(*fs, clock, SmallStoreOptions()).Run(kStorePath, kSavedPath);
    fs->ClearFaults();
    if (report.ok()) break;
    ++failures;
    EXPECT_FALSE(fs->Exists(kSavedPath) && fs->Exists(std::string(kSavedPath) + ".partial"));
    ASSERT_LT(n, 1000);
  }
  EXPECT_GT(failures, 5);
}

TEST(SalvagerTest, ACommitWhosePrepareIsDamagedIsLostAndNamed) {
  const StoredRun run = MakeUnclosedStore();
  std::vector<std::byte> log = run.fs->ReadWhole(kStoreLog);
  int prepares = 0;
  for (uint64_t at = kExtentSizeBytes; at + sizeof(FrameHeader) < log.size(); at += 8) {
    FrameHeader header;
    std::memcpy(&header, &log[at], sizeof(header));
    if (header.magic != kFrameMagic || header.type != FrameType::kPrepare) continue;
    ++prepares;
    const auto damaged = run.fs->Clone();
    damaged->FlipBits(kStoreLog, at + sizeof(FrameHeader), std::byte{1});
    const Salvaged salvaged = SalvageStore(*damaged);
    ASSERT_OK(salvaged.error);
    EXPECT_EQ(JudgeSalvage(run.points(), salvaged), "") << "PREPARE at " << at;
  }
  EXPECT_GE(prepares, 4);
}

}  // namespace
}  // namespace xtdb
