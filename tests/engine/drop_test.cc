#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/chunk/slot_map.h"
#include "engine/salvage/raw_scanner.h"
#include "engine/storage_engine.h"
#include "tests/support/engine_oracle.h"
#include "tests/support/fake_clock.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kNoWait = 0;
constexpr const char* kPath = "/plant.xtdb";

TEST(SlotMapTest, TheLowestFreeSlotIsTakenNext) {
  SlotMap slots;
  EXPECT_EQ(slots.NextFree(), 0u);
  for (const uint32_t slot : {0u, 1u, 2u, 5u}) slots.Take(slot);
  EXPECT_EQ(slots.NextFree(), 3u);
  EXPECT_EQ(slots.NextFree(4), 4u);
  EXPECT_EQ(slots.NextFree(5), 6u);
  slots.Take(3);
  EXPECT_EQ(slots.NextFree(), 4u);
  slots.Release(1);
  EXPECT_EQ(slots.NextFree(), 1u);
  EXPECT_EQ(slots.NextFree(2), 4u);
  slots.Release(1);
  slots.Release(9);
  EXPECT_EQ(slots.NextFree(), 1u) << "what is free already stays free";
  EXPECT_TRUE(slots.IsTaken(5));
  EXPECT_FALSE(slots.IsTaken(1));
}

class DropTest : public testing::Test {
 protected:
  DropTest() { Open(); }

  static EngineOptions Options(bool read_only = false) {
    EngineOptions options;
    options.storage.chunk_size_bytes = 4 * kMiB;
    options.buffer_bytes = 1 * kMiB;
    options.wal.segment_size_bytes = 64 * kKiB;
    options.read_only = read_only;
    return options;
  }
  void Open(bool read_only = false) {
    engine_ = nullptr;
    auto opened = StorageEngine::Open(fs_, clock_, kPath, Options(read_only));
    ASSERT_OK(opened);
    engine_ = opened.value();
  }
  // A process that dies, and the next one.
  void CrashAndOpen() {
    fs_.Crash(CrashPolicy::kDropAll);
    Open();
  }
  void Write(const std::string& tag, int64_t ts_us, int64_t value) {
    ASSERT_OK(engine_->WritePoint(tag, ts_us, Value::Integer(value), kQualityGood));
  }
  void Delete(const std::string& tag, int64_t ts_us) {
    auto begun = engine_->Begin(kNoWait);
    ASSERT_OK(begun);
    auto staged = begun.value()->FindOrDefineTag(tag);
    ASSERT_OK(staged);
    ASSERT_OK(begun.value()->Delete(*staged.value(), ts_us));
    ASSERT_OK(begun.value()->Prepare());
    begun.value()->Commit();
  }
  void Seal() { ASSERT_OK(engine_->Seal(kNoWait)); }
  // A chunk of its own with one point.
  void WriteChunk(int64_t ts_us, const std::string& tag = "a") {
    Write(tag, ts_us, ts_us);
    Seal();
  }
  uint64_t Drop(int64_t before_us) {
    const auto report = engine_->DropBefore(before_us, kNoWait);
    EXPECT_OK(report);
    return report.ok() ? report.value().chunks : 0;
  }
  // "a@10=10"
  static std::string Text(const TestPoints& points) {
    std::string text;
    for (const auto& [key, point] : points) {
      text += (text.empty() ? "" : " ") + key.first + "@" + std::to_string(key.second) + "=" +
              std::to_string(static_cast<int64_t>(point.bits));
    }
    return text;
  }
  std::string Points() {
    const auto points = ReadAll(*engine_);
    EXPECT_OK(points);
    return points.ok() ? Text(points.value()) : "";
  }
  static std::string PointsOf(const std::shared_ptr<const Snapshot>& snapshot) {
    const auto points = ReadAll(ReadView{snapshot});
    EXPECT_OK(points);
    return points.ok() ? Text(points.value()) : "";
  }
  std::shared_ptr<const Snapshot> Take() {
    auto snapshot = engine_->TakeSnapshot();
    EXPECT_OK(snapshot);
    return std::move(snapshot).value();
  }
  std::vector<uint32_t> Slots() {
    std::vector<uint32_t> slots;
    const auto snapshot = Take();
    for (const auto& chunk : snapshot->chunks()) {
      slots.push_back(chunk->layout().slot);
    }
    return slots;
  }
  std::vector<uint32_t> DroppedSlots() {
    std::vector<uint32_t> slots;
    for (const DroppedChunk& dropped : engine_->DroppedChunks()) {
      slots.push_back(dropped.chunk->layout().slot);
    }
    return slots;
  }
  std::vector<std::string> Problems() {
    const auto report = engine_->Check();
    EXPECT_OK(report);
    return report.ok() ? report.value().problems : std::vector<std::string>();
  }
  size_t ScannedBlocks() {
    const Container& container = engine_->container();
    RawScanner scanner(container.file(), container.container_id(), container.layout());
    const auto blocks = scanner.ScanAll();
    EXPECT_OK(blocks);
    return blocks.ok() ? blocks.value().size() : 0;
  }

  FaultyFileSystem fs_{1};
  FakeClock clock_;
  std::shared_ptr<StorageEngine> engine_;
};

TEST_F(DropTest, WholeOldChunksGoAndTheRestStays) {
  WriteChunk(10);
  WriteChunk(20);
  WriteChunk(30);
  Write("a", 5, 5);
  const auto report = engine_->DropBefore(30, kNoWait);
  ASSERT_OK(report);
  EXPECT_EQ(report.value().chunks, 2u);
  EXPECT_EQ(report.value().points, 2u);
  EXPECT_EQ(report.value().blocks, 2u);
  EXPECT_EQ(report.value().bytes, 2 * kExtentSizeBytes);
  EXPECT_EQ(Points(), "a@5=5 a@30=30") << "what is not in a sealed chunk stays";
  EXPECT_EQ(engine_->Stats().chunks_dropped, 2u);
  EXPECT_EQ(engine_->Stats().slots_reclaimed, 2u);
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(DropTest, NothingOldIsNothing) {
  EXPECT_EQ(Drop(1000), 0u) << "an empty store";
  Write("a", 10, 10);
  EXPECT_EQ(Drop(1000), 0u) << "the chunk is open";
  Seal();
  EXPECT_EQ(Drop(10), 0u) << "its point is not before the limit";
  EXPECT_EQ(Drop(11), 1u);
  EXPECT_EQ(Drop(11), 0u);
  EXPECT_EQ(Points(), "");
}

TEST_F(DropTest, AValueThatWasReplacedDoesNotComeBack) {
  Write("a", 10, 1);
  WriteChunk(1000);
  Write("a", 10, 2);
  Seal();
  EXPECT_EQ(Drop(100), 0u) << "the first chunk has a later point, and would show its a@10";
  EXPECT_EQ(Points(), "a@10=2 a@1000=1000");
  EXPECT_EQ(Drop(1001), 2u) << "both may go together";
  EXPECT_EQ(Points(), "");
}

TEST_F(DropTest, APointThatWasDeletedDoesNotComeBack) {
  Write("a", 10, 1);
  WriteChunk(1000);
  Delete("a", 10);
  Seal();
  EXPECT_EQ(Drop(100), 0u);
  EXPECT_EQ(Points(), "a@1000=1000");
}

TEST_F(DropTest, AChunkOfOtherTagsOrTimesIsNoHindrance) {
  Write("a", 10, 1);
  WriteChunk(1000);
  WriteChunk(10, "b");
  WriteChunk(9);
  EXPECT_EQ(Drop(100), 2u);
  EXPECT_EQ(Points(), "a@10=1 a@1000=1000");
}

TEST_F(DropTest, WhatAStayingChunkHoldsBackHoldsBackOthers) {
  Write("a", 10, 1);
  WriteChunk(1000);
  Write("a", 10, 2);
  WriteChunk(50);
  Write("a", 50, 3);
  Seal();
  EXPECT_EQ(Drop(100), 0u) << "the third meets only the second, which the first holds back";
  EXPECT_EQ(Points(), "a@10=2 a@50=3 a@1000=1000");
}

TEST_F(DropTest, BufferedPointsThatReplaceOldOnesStay) {
  Write("a", 10, 1);
  Seal();
  Write("a", 10, 2);
  EXPECT_EQ(Drop(100), 1u) << "the newer version is in the open chunk";
  EXPECT_EQ(Points(), "a@10=2");
}

TEST_F(DropTest, AnOldSnapshotReadsOnWhileOthersWrite) {
  WriteChunk(10);
  WriteChunk(20);
  auto old = Take();
  EXPECT_EQ(Drop(100), 2u);
  const auto young = Take();
  for (int64_t ts = 100; ts < 104; ++ts) {
    WriteChunk(ts);
    EXPECT_EQ(PointsOf(old), "a@10=10 a@20=20");
    EXPECT_EQ(PointsOf(young), "");
  }
  EXPECT_THAT(DroppedSlots(), ElementsAre(0, 1));
  EXPECT_THAT(Slots(), ElementsAre(2, 3, 4, 5)) << "no slot is used again under a reader";
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_EQ(ScannedBlocks(), 4u) << "a DEPRECATED chunk has no blocks for salvage";

  old = nullptr;
  ASSERT_OK(engine_->Flush(kNoWait));
  EXPECT_THAT(DroppedSlots(), IsEmpty()) << "the younger snapshot does not see them";
  EXPECT_EQ(engine_->Stats().slots_reclaimed, 2u);
  WriteChunk(200);
  WriteChunk(201);
  WriteChunk(202);
  EXPECT_THAT(Slots(), ElementsAre(2, 3, 4, 5, 0, 1, 6));
  EXPECT_EQ(PointsOf(young), "");
  EXPECT_THAT(Problems(), IsEmpty());
  EXPECT_EQ(ScannedBlocks(), 7u);
}

TEST_F(DropTest, ASnapshotBetweenTwoDropsHoldsTheSecondOnly) {
  WriteChunk(10);
  WriteChunk(20);
  EXPECT_EQ(Drop(15), 1u);
  auto between = Take();
  EXPECT_EQ(Drop(25), 1u);
  EXPECT_THAT(DroppedSlots(), ElementsAre(1));
  EXPECT_EQ(PointsOf(between), "a@20=20");
  between = nullptr;
  EXPECT_EQ(Drop(25), 0u);
  EXPECT_THAT(DroppedSlots(), IsEmpty()) << "a drop that drops nothing checkpoints, too";
}

TEST_F(DropTest, TheFileDoesNotGrowWhileSlotsAreFree) {
  WriteChunk(0);
  WriteChunk(1);
  WriteChunk(2);
  EXPECT_EQ(Drop(1), 1u);
  const uint64_t bytes = engine_->Stats().container_bytes;
  for (int64_t ts = 3; ts < 30; ++ts) {
    EXPECT_EQ(Drop(ts - 1), 1u);
    WriteChunk(ts);
  }
  EXPECT_EQ(Points(), "a@28=28 a@29=29");
  EXPECT_LE(engine_->Stats().container_bytes, bytes + 4 * kMiB);
  CrashAndOpen();
  EXPECT_EQ(Points(), "a@28=28 a@29=29");
  EXPECT_THAT(Problems(), IsEmpty());
}

TEST_F(DropTest, DroppedChunksStayDroppedAfterACrashAndAreFreedThen) {
  WriteChunk(10);
  WriteChunk(20);
  const auto old = Take();
  EXPECT_EQ(Drop(15), 1u);
  CrashAndOpen();
  EXPECT_EQ(Points(), "a@20=20");
  EXPECT_THAT(DroppedSlots(), ElementsAre(0)) << "DEPRECATED in the catalogue";
  EXPECT_THAT(Problems(), IsEmpty());
  WriteChunk(30);
  EXPECT_THAT(Slots(), ElementsAre(1, 2)) << "a slot is not used by the checkpoint that frees it";
  EXPECT_THAT(DroppedSlots(), IsEmpty());
  WriteChunk(40);
  EXPECT_THAT(Slots(), ElementsAre(1, 2, 0));
}

TEST_F(DropTest, AReadOnlyOpenAppliesTheLogAndWritesNothing) {
  WriteChunk(10);
  WriteChunk(20);
  const auto old = Take();
  EXPECT_EQ(Drop(15), 1u);
  fs_.Crash(CrashPolicy::kDropAll);
  const auto before = fs_.ReadWhole(kPath);
  Open(/*read_only=*/true);
  EXPECT_EQ(Points(), "a@20=20");
  EXPECT_OK(engine_->Close());
  EXPECT_EQ(fs_.ReadWhole(kPath), before);
}

TEST_F(DropTest, ACloseFreesEverythingAndCutsTheFile) {
  WriteChunk(10);
  WriteChunk(20);
  WriteChunk(30);
  auto old = Take();
  EXPECT_EQ(Drop(100), 3u);
  old = nullptr;
  ASSERT_OK(engine_->Close());
  EXPECT_EQ(fs_.ReadWhole(kPath).size(), kExtentSizeBytes);
  Open();
  EXPECT_THAT(DroppedSlots(), IsEmpty());
  EXPECT_EQ(Points(), "");
  WriteChunk(40);
  EXPECT_THAT(Slots(), ElementsAre(0));
}

TEST_F(DropTest, ACloseUnderASnapshotLeavesItsChunks) {
  WriteChunk(10);
  auto old = Take();
  EXPECT_EQ(Drop(100), 1u);
  ASSERT_OK(engine_->Close());
  EXPECT_EQ(PointsOf(old), "a@10=10");
  old = nullptr;
  Open();
  EXPECT_EQ(Points(), "");
  EXPECT_THAT(DroppedSlots(), ElementsAre(0));
  Write("a", 40, 40);
  ASSERT_OK(engine_->Close());
  Open();
  EXPECT_THAT(DroppedSlots(), IsEmpty());
  EXPECT_EQ(Points(), "a@40=40");
}

TEST_F(DropTest, SpaceReservedInAFreeSlotIsGivenBackByClose) {
  WriteChunk(10);
  WriteChunk(20);
  EXPECT_EQ(Drop(15), 1u);
  Write("a", 30, 30);
  ASSERT_OK(engine_->Close());
  Open();
  EXPECT_THAT(Slots(), ElementsAre(1, 0));
  // Header extent, one of the directory and the block in each of two slots, order array, header.
  EXPECT_LE(engine_->Stats().container_disk_bytes, 12 * kExtentSizeBytes);
  EXPECT_EQ(Points(), "a@20=20 a@30=30");
}

TEST_F(DropTest, ACatalogueTakesAFreeSlot) {
  WriteChunk(10);
  WriteChunk(20);
  EXPECT_EQ(Drop(15), 1u);
  auto begun = engine_->Begin(kNoWait);
  ASSERT_OK(begun);
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK(begun.value()->DefineTag(std::to_string(i) + std::string(900, 'x'),
                                       ValueType::kFloat64, "", ""));
  }
  ASSERT_OK(begun.value()->Prepare());
  begun.value()->Commit();
  begun.value() = nullptr;
  ASSERT_OK(engine_->Flush(kNoWait));
  EXPECT_EQ(engine_->container().superblock().catalogue_slot, 0u);
  EXPECT_NE(engine_->container().superblock().catalogue_offset, 0u);
  WriteChunk(30);
  EXPECT_THAT(Slots(), ElementsAre(1, 2)) << "the catalogue's slot is taken";
  CrashAndOpen();
  EXPECT_EQ(engine_->tags()->size(), 21u);
  EXPECT_EQ(Points(), "a@20=20 a@30=30");
  WriteChunk(40);
  EXPECT_THAT(Slots(), ElementsAre(1, 2, 3));
}

TEST_F(DropTest, AnAbandonedFlushGivesItsSlotBack) {
  WriteChunk(10);
  WriteChunk(20);
  EXPECT_EQ(Drop(15), 1u);
  Write("a", 30, 30);
  fs_.Inject({.nth = 1,
              .status = Status::ResourceExhausted("injected"),
              .kinds = MaskOf(FileOperation::kAllocate)});
  EXPECT_THAT(engine_->Flush(kNoWait), HasCode(StatusCode::kResourceExhausted));
  fs_.ClearFaults();
  WriteChunk(40);
  EXPECT_THAT(Slots(), ElementsAre(1, 0));
  CrashAndOpen();
  EXPECT_EQ(Points(), "a@20=20 a@30=30 a@40=40");
}

TEST_F(DropTest, AFailedFrameDropsNothingAndStopsWrites) {
  WriteChunk(10);
  ASSERT_OK(engine_->Flush(kNoWait));
  const auto report_of = [&](uint64_t nth) {
    fs_.Inject({.nth = nth,
                .status = Status::IoError("injected"),
                .kinds = MaskOf(FileOperation::kWrite),
                .path_suffix = "-wal"});
    return engine_->DropBefore(100, kNoWait);
  };
  EXPECT_THAT(report_of(1).status(), HasCode(StatusCode::kIoError));
  EXPECT_EQ(Points(), "a@10=10");
  EXPECT_THAT(engine_->WritePoint("a", 1, Value::Integer(1), kQualityGood),
              HasCode(StatusCode::kIoError));
  CrashAndOpen();
  EXPECT_EQ(Points(), "a@10=10");
  EXPECT_EQ(Drop(100), 1u);
}

TEST_F(DropTest, TheCheckFindsAStrangerInADroppedSlot) {
  WriteChunk(10);
  const auto old = Take();
  EXPECT_EQ(Drop(100), 1u);
  const uint64_t chunk = engine_->container().layout().Layout(0).chunk_offset;
  fs_.FlipBits(kPath, chunk + 32, std::byte{1});
  EXPECT_THAT(Problems(), Contains(HasSubstr("slot 0")));
  fs_.FlipBits(kPath, chunk + 32, std::byte{1});
  EXPECT_THAT(Problems(), IsEmpty());
  fs_.FlipBits(kPath, chunk + kChunkStateOffset, std::byte{0x55});
  EXPECT_THAT(Problems(), Contains(HasSubstr("state word")));
}

TEST_F(DropTest, WaitsForTheWriterAndObeysReadOnly) {
  WriteChunk(10);
  auto begun = engine_->Begin(kNoWait);
  ASSERT_OK(begun);
  EXPECT_THAT(engine_->DropBefore(100, kNoWait).status(), HasCode(StatusCode::kBusy));
  begun.value() = nullptr;
  ASSERT_OK(engine_->Close());
  Open(/*read_only=*/true);
  EXPECT_THAT(engine_->DropBefore(100, kNoWait).status(), HasCode(StatusCode::kReadOnly));
}

}  // namespace
}  // namespace xtdb
