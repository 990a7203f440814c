// One damaged place of one of several chunks: the rest is served, and the damage is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/salvage/raw_scanner.h"
#include "tests/engine/damaged_store.h"

namespace xtdb {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Two sealed chunks (tags a and b; times 0.., 1000..) and an open one (tag c, times 2000..).
class SetAsideTest : public testing::Test {
 protected:
  void SetUp() override {
    Open();
    for (const int chunk : {0, 1}) {
      for (const char* tag : {"a", "b"}) {
        Fill(tag, chunk * 1000);
        ASSERT_OK(engine_->Flush(0));  // each by itself has a block of its own
      }
      ASSERT_OK(engine_->Seal(0));
    }
    Fill("c", 2000);
    ASSERT_OK(engine_->Close());
    engine_ = nullptr;
  }
  void Open() {
    auto opened = StorageEngine::Open(fs_, clock_, kStorePath, SmallStoreOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    engine_ = opened.value();
  }
  void Fill(const char* tag, int64_t from) {
    for (int64_t i = 0; i < 20; ++i) {
      ASSERT_OK(engine_->WritePoint(tag, from + i, Value::Integer(from + i), kQualityGood));
    }
  }
  ChunkLayout Layout(uint32_t slot) {
    return LayoutCalculator::Create(4 * kMiB).value().Layout(slot);
  }
  void Flip(uint64_t offset) { fs_.FlipBits(kStorePath, offset, std::byte{0x10}); }

  // How many points of the tag in [from, to] can be read; an error if that fails.
  Result<size_t> Count(const char* tag, int64_t from, int64_t to) {
    ReadView view;
    XTDB_ASSIGN_OR_RETURN(view.snapshot, engine_->TakeSnapshot());
    ReadView::Sources sources;
    XTDB_RETURN_IF_ERROR(view.FindSources(view.FindTag(tag)->id, from, to, sources));
    size_t count = 0;
    for (const BlockRef& block : sources.blocks) {
      XTDB_ASSIGN_OR_RETURN(const auto loaded, view.Load(block));
      const VectorTable table = loaded->TableOf(view.FindTag(tag)->id);
      PointColumns columns;
      columns.type = table.type;
      for (size_t i = 0; i < table.vectors.size(); ++i) {
        XTDB_RETURN_IF_ERROR(loaded->DecodeVectorAt(table.first_vector + i, columns));
      }
      count += columns.size();
    }
    return count;
  }
  void ExpectAllServed() {
    EXPECT_EQ(Count("a", 0, 999).value(), 20);
    EXPECT_EQ(Count("b", 0, 999).value(), 20);
    ExpectOthersServed();
  }
  // Everything that is not in the first chunk.
  void ExpectOthersServed() {
    EXPECT_EQ(Count("a", 1000, 1999).value(), 20);
    EXPECT_EQ(Count("b", 1000, 1999).value(), 20);
    EXPECT_EQ(Count("c", 0, 9999).value(), 20);
  }
  void ExpectProblem(const std::string& what) {
    ASSERT_OK_AND_ASSIGN(const auto report, engine_->Check());
    EXPECT_THAT(report.problems, testing::Contains(HasSubstr(what)));
  }
  void ExpectEvent(const std::string& what) {
    std::vector<std::string> errors;
    for (const Event& event : engine_->events().All()) {
      if (event.level == EventLevel::kError) errors.push_back(event.message);
    }
    EXPECT_THAT(errors, testing::Contains(HasSubstr(what)));
  }
  // Writing goes on, and the container can be closed and opened again.
  void ExpectWritable() {
    ASSERT_OK(engine_->WritePoint("new", 1, Value::Integer(1), kQualityGood));
    ASSERT_OK(engine_->Seal(0));
    ASSERT_OK(engine_->Close());
    engine_ = nullptr;
    Open();
    EXPECT_EQ(Count("new", 0, 10).value(), 1);
    EXPECT_EQ(Count("c", 0, 9999).value(), 20);
  }

  FaultyFileSystem fs_{7};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(SetAsideTest, NothingIsWrongWithoutDamage) {
  Open();
  ExpectAllServed();
  ASSERT_OK_AND_ASSIGN(const auto report, engine_->Check());
  EXPECT_THAT(report.problems, IsEmpty());
  ExpectWritable();
}

TEST_F(SetAsideTest, ADamagedChunkHeaderCostsNothing) {
  for (const uint32_t slot : {0, 2}) Flip(Layout(slot).chunk_offset + 20);
  Open();
  ExpectAllServed();
  ExpectProblem("chunk 1 (slot 0): chunk header: checksum");
  ExpectWritable();
}

TEST_F(SetAsideTest, DamagedStateWordsOfASealedChunkCostNothing) {
  Flip(Layout(0).chunk_offset + kChunkStateOffset);
  Open();
  ExpectAllServed();
  ExpectProblem("chunk 1 (slot 0)");
  ExpectWritable();
}

TEST_F(SetAsideTest, AnOpenChunkWithDamagedStateWordsIsReadAndNotWritten) {
  Flip(Layout(2).chunk_offset + kChunkStateOffset);
  Flip(Layout(2).chunk_offset + kChunkStateOffset + 8);
  Open();
  ExpectAllServed();
  ExpectEvent("it is read, and not written any more");
  ExpectWritable();
  ExpectEvent("it is read, and not written any more");
}

TEST_F(SetAsideTest, StateWordsOfZerosStopNoWriting) {
  std::vector<std::byte> bytes = fs_.ReadWhole(kStorePath);
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(Layout(2).chunk_offset + kChunkStateOffset),
              32, std::byte{0});
  fs_.WriteWhole(kStorePath, bytes);
  Open();
  ExpectAllServed();
  ExpectEvent("its state words say FREE");
  ExpectWritable();
}

TEST_F(SetAsideTest, ADamagedSealRecordCostsNothing) {
  Flip(Layout(0).chunk_offset + kSealRecordOffset + 30);
  Open();
  ExpectAllServed();
  ExpectEvent("its blocks were found without that");
  ExpectProblem("seal record: checksum");
  ExpectWritable();
}

TEST_F(SetAsideTest, ADamagedDirectoryEntryIsMadeAgainFromItsBlock) {
  for (const uint32_t slot : {0, 2}) Flip(Layout(slot).directory_offset + 60);
  Open();
  ExpectAllServed();
  ExpectEvent("entry 0");
  ExpectEvent(
      "chunk 3: 1 damaged entries, 0 of at least 1 blocks found; its blocks were found without "
      "them");
  ExpectProblem("chunk 1 (slot 0)");
  ExpectWritable();
}

TEST_F(SetAsideTest, ADirectoryOfZerosIsMadeAgainFromTheBlocks) {
  std::vector<std::byte> bytes = fs_.ReadWhole(kStorePath);
  for (const uint32_t slot : {0, 2}) {
    std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(Layout(slot).directory_offset),
                Layout(slot).directory_bytes, std::byte{0});
  }
  fs_.WriteWhole(kStorePath, bytes);
  Open();
  ExpectAllServed();
  ExpectWritable();
}

TEST_F(SetAsideTest, ADamagedOrderArrayCostsNothing) {
  Flip(Layout(0).order_offset);
  Open();
  ExpectAllServed();
  ExpectProblem("SuperCRC");
}

TEST_F(SetAsideTest, ADamagedBlockHeadCostsItsBlockOnly) {
  Flip(Layout(0).ExtentOffset(0) + 40);
  Open();
  EXPECT_THAT(Count("a", 0, 999).status(), StatusIs(StatusCode::kCorruption, HasSubstr("block 0")));
  EXPECT_EQ(Count("b", 0, 999).value(), 20);
  ExpectOthersServed();
  ExpectEvent("block 0, tag 1");
  ExpectProblem("block 0, tag 'a'");
  ExpectWritable();
}

TEST_F(SetAsideTest, ADamagedVectorCostsItsBlockOnly) {
  Flip(Layout(0).ExtentOffset(1) + sizeof(BlockHead) + sizeof(VectorEntry) + 3);
  Open();
  EXPECT_THAT(Count("b", 0, 999).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("vector 0")));
  EXPECT_EQ(Count("a", 0, 999).value(), 20);
  ExpectOthersServed();
  ExpectProblem("tag 'b'");
}

// With both the entry and the block damaged, what the chunk holds is not known any more; yet other
// chunks are, and what the catalogue says that it cannot hold.
TEST_F(SetAsideTest, AChunkWithoutEntryAndBlockIsRefusedAloneAndByItsRange) {
  for (const uint32_t slot : {0, 2}) {
    Flip(Layout(slot).directory_offset + 60);
    Flip(Layout(slot).ExtentOffset(0) + 40);
  }
  Open();
  EXPECT_THAT(Count("a", 0, 999).status(), StatusIs(StatusCode::kCorruption, HasSubstr("chunk 1")));
  EXPECT_THAT(Count("c", 2000, 2010).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("salvage")));
  EXPECT_EQ(Count("a", 1000, 1999).value(), 20);
  EXPECT_EQ(Count("c", 0, 1999).value(), 0);
  EXPECT_EQ(Count("c", 3000, 9999).value(), 0);
  ASSERT_OK(engine_->WritePoint("new", 1, Value::Integer(1), kQualityGood));
  ASSERT_OK(engine_->Close());
}

// The one thing without which nothing can be named is the catalogue.
TEST_F(SetAsideTest, ADamagedCatalogueIsAnErrorThatNamesSalvage) {
  Open();
  for (int i = 0; i < 300; ++i) {
    ASSERT_OK(engine_->WritePoint(std::to_string(i * 7919) + " is a tag with a long name", i,
                                  Value::Integer(i), kQualityGood));
  }
  ASSERT_OK(engine_->Close());
  const uint64_t offset = engine_->container().superblock().catalogue_offset;
  ASSERT_NE(offset, 0);
  engine_ = nullptr;
  Flip(offset + 100);
  EXPECT_THAT(StorageEngine::Open(fs_, clock_, kStorePath, SmallStoreOptions()).status(),
              StatusIs(StatusCode::kCorruption, HasSubstr("run xtdb salvage")));
}

TEST_F(SetAsideTest, TheCheckReadsTheLog) {
  Open();
  Fill("a", 5000);
  ASSERT_OK_AND_ASSIGN(auto report, engine_->Check());
  EXPECT_THAT(report.problems, IsEmpty());
  fs_.FlipBits(kStoreLog, kExtentSizeBytes + sizeof(SegmentHeader) + 70, std::byte{1});
  ASSERT_OK_AND_ASSIGN(report, engine_->Check());
  EXPECT_THAT(report.problems, testing::Contains(HasSubstr("log: ")));
}

}  // namespace
}  // namespace xtdb
