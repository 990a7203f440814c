#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/chunk/chunk_sealer.h"
#include "tests/engine/damaged_store.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RestartConsistencyTest : public testing::Test {
 protected:
  FaultyFileSystem fs_{1};
};

TEST_F(RestartConsistencyTest, EachCloseAndReopenGivesTheSamePointsAndOneFile) {
  StoreWriter writer(fs_);
  for (int session = 0; session < 12; ++session) {
    writer.Commit(5 + session);
    if (session % 3 == 1) {
      EXPECT_OK(writer.engine().Flush(0));
    }
    if (session % 4 == 2) {
      EXPECT_OK(writer.engine().Seal(0));
    }
    writer.Close();
    EXPECT_FALSE(fs_.Exists(kStoreLog));
    writer.Open();
    EXPECT_EQ(ReadAll(writer.engine()).value(), writer.commits().back()) << session;
    EXPECT_THAT(writer.engine().Check().value().problems, IsEmpty()) << session;
  }
}

TEST_F(RestartConsistencyTest, WritingGoesOnInTheOpenChunkWhereItEnded) {
  StoreWriter writer(fs_);
  writer.Commit(5);
  writer.Close();
  const uint64_t size = fs_.ReadWhole(kStorePath).size();
  writer.Open();
  writer.Commit(5);
  writer.Close();
  writer.Open();
  EXPECT_EQ(writer.engine().Stats().chunks, 1u) << "not a chunk for each session";
  EXPECT_LT(fs_.ReadWhole(kStorePath).size(), size + 16 * kExtentSizeBytes);
}

TEST_F(RestartConsistencyTest, ReopeningWithoutWritingChangesNoByte) {
  StoreWriter writer(fs_);
  writer.Commit(20);
  writer.Close();
  const std::vector<std::byte> before = fs_.ReadWhole(kStorePath);
  for (int i = 0; i < 3; ++i) {
    writer.Open();
    EXPECT_EQ(ReadAll(writer.engine()).value(), writer.commits().back());
    writer.Close();
  }
  EXPECT_EQ(fs_.ReadWhole(kStorePath), before);
}

TEST_F(RestartConsistencyTest, LogPositionsNeverGoBackAcrossRestarts) {
  StoreWriter writer(fs_);
  LSN last = kNoLsn;
  for (int session = 0; session < 5; ++session) {
    writer.Commit(3);
    const LSN published = writer.engine().Stats().published_lsn;
    EXPECT_GT(published, last);
    last = published;
    writer.Close();
    writer.Open();
    EXPECT_GE(writer.engine().Stats().published_lsn, last);
  }
}

TEST_F(RestartConsistencyTest, AKillAfterEachCommitOfASessionLosesNone) {
  StoreWriter writer(fs_);
  for (int i = 0; i < 10; ++i) {
    writer.Commit(4);
    if (i == 5) {
      EXPECT_OK(writer.engine().Seal(0));
    }
    const auto killed = fs_.Clone();
    killed->Crash(CrashPolicy::kDropAll);
    const Finding finding = Inspect(*killed);
    ASSERT_OK(finding.error);
    EXPECT_EQ(finding.points, writer.commits().back()) << i;
    EXPECT_THAT(finding.reports, IsEmpty()) << i;
  }
}

class DoubleSealTest : public testing::Test {
 protected:
  FaultyFileSystem fs_{1};
};

TEST_F(DoubleSealTest, SealingTwiceWithNothingBetweenIsOneSeal) {
  StoreWriter writer(fs_);
  writer.Commit(10);
  EXPECT_OK(writer.engine().Seal(0));
  const auto before = fs_.ReadWhole(kStorePath);
  EXPECT_OK(writer.engine().Seal(0));
  EXPECT_EQ(writer.engine().Stats().chunks, 1u);
  EXPECT_EQ(writer.engine().Stats().chunks_sealed, 1u);
  EXPECT_EQ(ReadAll(writer.engine()).value(), writer.commits().back());
  const auto after = fs_.ReadWhole(kStorePath);
  // The superblocks are written again, the chunk is not.
  EXPECT_TRUE(std::equal(before.begin() + kExtentSizeBytes, before.end(),
                         after.begin() + kExtentSizeBytes, after.end()));
}

TEST_F(DoubleSealTest, ASealedChunkRefusesAnother) {
  StoreWriter writer(fs_);
  writer.Commit(10);
  EXPECT_OK(writer.engine().Seal(0));
  File& file = writer.engine().container().file();
  StateMutator mutator(file);
  ChunkSealer sealer(file, mutator);
  const auto snapshot = writer.engine().TakeSnapshot().value();
  EXPECT_THAT(sealer.Seal(*snapshot->chunks().front()).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("double seal")));
  EXPECT_THAT(writer.engine().Check().value().problems, IsEmpty());
}

TEST_F(DoubleSealTest, AReopenedSealedChunkStaysSealedAndTakesNoBlocks) {
  StoreWriter writer(fs_);
  writer.Commit(10);
  EXPECT_OK(writer.engine().Seal(0));
  writer.Close();
  writer.Open();
  writer.Commit(10);
  EXPECT_OK(writer.engine().Flush(0));
  const auto snapshot = writer.engine().TakeSnapshot().value();
  ASSERT_EQ(snapshot->chunks().size(), 2u);
  EXPECT_EQ(snapshot->chunks()[0]->state(), ChunkState::kSealed);
  EXPECT_EQ(snapshot->chunks()[1]->state(), ChunkState::kAllocated);
  EXPECT_EQ(ReadAll(writer.engine()).value(), writer.commits().back());
}

TEST_F(DoubleSealTest, AnIllegalStepOfStateIsAnError) {
  StoreWriter writer(fs_);
  writer.Commit(10);
  File& file = writer.engine().container().file();
  StateMutator mutator(file);
  EXPECT_OK(writer.engine().Seal(0));
  const auto snapshot = writer.engine().TakeSnapshot().value();
  const ChunkLayout& layout = snapshot->chunks().front()->layout();
  EXPECT_THAT(mutator.MarkSealed(layout), HasCode(StatusCode::kFailedPrecondition));
  EXPECT_THAT(mutator.MarkAllocated(layout), HasCode(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace xtdb
