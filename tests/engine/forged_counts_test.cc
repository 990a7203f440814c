#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "engine/backup/container_backup.h"
#include "engine/catalog/catalogue_format.h"
#include "engine/process/shared_memory.h"
#include "engine/salvage/salvager.h"
#include "tests/engine/damaged_store.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

constexpr uint64_t kFileBytesMax = 64 * kMiB;  // the store has twelve

// A store of two chunks, closed.
std::unique_ptr<FaultyFileSystem> ClosedStore() {
  auto fs = std::make_unique<FaultyFileSystem>(1);
  StoreWriter writer(*fs);
  writer.Commit(30);
  EXPECT_OK(writer.engine().Seal(0));
  writer.Commit(30);
  writer.Close();
  return fs;
}

// Changes both superblocks, checksums right.
void Forge(FaultyFileSystem& fs, const std::function<void(Superblock&)>& change) {
  std::vector<std::byte> bytes = fs.ReadWhole(kStorePath);
  for (const uint64_t offset : kSuperblockOffsets) {
    const auto place = std::span(bytes).subspan(offset, sizeof(Superblock));
    Result<Superblock> superblock = DecodeSuperblock(place);
    ASSERT_OK(superblock.status());
    change(superblock.value());
    EncodeStruct(superblock.value(), place);
  }
  fs.WriteWhole(kStorePath, bytes);
}

// Changes the catalogue within a superblock.
void ForgeCatalogue(Superblock& superblock, const std::function<void(Catalogue&)>& change) {
  const auto all = std::as_writable_bytes(std::span(superblock.inline_catalogue));
  ASSERT_EQ(superblock.catalogue_offset, 0);
  Result<Catalogue> catalogue = DecodeCatalogue(all.first(superblock.catalogue_size_bytes));
  ASSERT_OK(catalogue.status());
  change(catalogue.value());
  ASSERT_OK_AND_ASSIGN(const std::vector<std::byte> bytes, EncodeCatalogue(catalogue.value()));
  std::ranges::fill(all, std::byte{0});
  std::ranges::copy(bytes, all.begin());
  superblock.catalogue_size_bytes = bytes.size();
  superblock.catalogue_crc32 = CatalogueCrc(bytes);
}

// No file gets larger than the store justifies.
void WatchSizes(FaultyFileSystem& fs) {
  const auto check = [](const OperationRecord& record) {
    // Where nothing is, a read is an error, and a write a file that grows.
    const bool reads = record.kind == FileOperation::kRead;
    EXPECT_TRUE(reads || record.offset <= kFileBytesMax) << record.path << " " << record.offset;
    EXPECT_LE(record.length, kFileBytesMax) << record.path;
  };
  fs.SetHook(check, MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kAllocate) |
                        MaskOf(FileOperation::kRead));
}

void Use(FaultyFileSystem& fs) {
  WatchSizes(fs);
  FakeClock clock;
  const auto opened = StorageEngine::Open(fs, clock, kStorePath, SmallStoreOptions());
  if (opened.ok()) {
    StorageEngine& engine = *opened.value();
    IgnoreStatus(ReadAll(engine).status(), "a forged chunk may be unreadable");
    IgnoreStatus(engine.WritePoint("new", 1, Value::Integer(1), kQualityGood), "as above");
    IgnoreStatus(engine.Flush(0), "as above");
    IgnoreStatus(ContainerBackup(fs, engine).Run("/copy.xtdb", 0).status(), "as above");
    IgnoreStatus(engine.Close(), "as above");
  }
  const Result<SalvageReport> saved =
      Salvager(fs, clock, SmallStoreOptions()).Run(kStorePath, "/saved.xtdb");
  EXPECT_OK(saved.status());
}

TEST(ForgedCountsTest, ACountOfFourBillionSlotsCostsNothing) {
  const auto fs = ClosedStore();
  Forge(*fs, [](Superblock& superblock) { superblock.slot_count = 0xFFFFFFFF; });
  FakeClock clock;
  WatchSizes(*fs);
  ASSERT_OK_AND_ASSIGN(const auto engine,
                       StorageEngine::Open(*fs, clock, kStorePath, SmallStoreOptions()));
  EXPECT_FALSE(ReadAll(*engine).value().empty());
  ASSERT_OK(engine->WritePoint("new", 1, Value::Integer(1), kQualityGood));
  ASSERT_OK(engine->Seal(0));
  ASSERT_OK(engine->Close());
}

TEST(ForgedCountsTest, AChunkInAFarSlotMakesNoFileHuge) {
  for (const uint32_t slot : {2U, 1000U, kSlotMax}) {
    SCOPED_TRACE(slot);
    const auto fs = ClosedStore();
    Forge(*fs, [&](Superblock& superblock) {
      ForgeCatalogue(superblock, [&](Catalogue& catalogue) {
        ASSERT_FALSE(catalogue.chunks.empty());
        catalogue.chunks.back().slot = slot;
      });
    });
    Use(*fs);
  }
}

TEST(ForgedCountsTest, MorePointsAndExtentsThanThereAreMakeNoFileHuge) {
  const auto fs = ClosedStore();
  Forge(*fs, [](Superblock& superblock) {
    ForgeCatalogue(superblock, [](Catalogue& catalogue) {
      for (ChunkTableEntry& chunk : catalogue.chunks) {
        chunk.summary.point_count = ~uint64_t{0};
        chunk.summary.used_extents = kChunkSizeMax / kExtentSizeBytes;
      }
    });
  });
  Use(*fs);
}

// The next one would be 0, which is not valid, or less than all that went before.
TEST(ForgedCountsTest, CountersThatCannotGoOnAreCorruption) {
  const auto is_refused = [](const std::function<void(Superblock&)>& change) {
    std::vector<std::byte> bytes(sizeof(Superblock));
    Superblock superblock;
    change(superblock);
    EncodeStruct(superblock, bytes);
    return DecodeSuperblock(bytes).status().code() == StatusCode::kCorruption;
  };
  EXPECT_FALSE(is_refused([](Superblock& s) { s.log_epoch = kCounterMax; }));
  EXPECT_TRUE(is_refused([](Superblock& s) { s.log_epoch = kCounterMax + 1; }));
  EXPECT_TRUE(is_refused([](Superblock& s) { s.sequence = ~uint64_t{0}; }));
  EXPECT_TRUE(is_refused([](Superblock& s) { s.next_chunk_sequence = ~uint64_t{0}; }));
}

// Nothing more can be written, and everything can be read, also by the next one to open it.
void ExpectOnlyReading(const std::function<void(Superblock&)>& change) {
  const auto fs = ClosedStore();
  Forge(*fs, change);
  FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto engine,
                       StorageEngine::Open(*fs, clock, kStorePath, SmallStoreOptions()));
  const TestPoints points = ReadAll(*engine).value();
  EXPECT_FALSE(points.empty());
  Status written = engine->WritePoint("new", 1, Value::Integer(1), kQualityGood);
  if (written.ok()) written = engine->Seal(0);  // so that the next flush needs a chunk
  if (written.ok()) written = engine->WritePoint("new", 2, Value::Integer(2), kQualityGood);
  if (written.ok()) written = engine->Flush(0);
  EXPECT_EQ(written.code(), StatusCode::kCorruption) << written.message();
  IgnoreStatus(engine->Close(), "what could not be flushed stays in the log");
  engine = nullptr;
  ASSERT_OK_AND_ASSIGN(engine, StorageEngine::Open(*fs, clock, kStorePath, SmallStoreOptions()));
  EXPECT_THAT(ReadAll(*engine).value(), testing::IsSupersetOf(points));
}

TEST(ForgedCountsTest, ACounterAtItsLimitEndsWritingAndNothingElse) {
  ExpectOnlyReading([](Superblock& s) { s.log_epoch = kCounterMax; });
  ExpectOnlyReading(
      [](Superblock& s) { s.sequence = kCounterMax - (s.log_state == LogState::kInUse ? 1 : 0); });
  ExpectOnlyReading([](Superblock& s) { s.next_chunk_sequence = kCounterMax; });
}

TEST(ForgedCountsTest, ASlotWithoutASuccessorIsNoPartOfACatalogue) {
  Catalogue catalogue;
  catalogue.chunks.resize(1);
  catalogue.chunks[0].chunk_sequence = 1;
  catalogue.chunks[0].slot = kSlotMax;
  EXPECT_OK(EncodeCatalogue(catalogue).status());
  catalogue.chunks[0].slot = kSlotMax + 1;
  EXPECT_EQ(EncodeCatalogue(catalogue).status().code(), StatusCode::kInvalidArgument);
}

TEST(ForgedCountsTest, ACheckpointThatTheLogNeverReachesIsAnErrorAndNoEndlessWait) {
  FaultyFileSystem fs(1);
  StoreWriter writer(fs);
  writer.Commit(5);
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Open(kStorePath, OpenMode::kReadWrite));
  ASSERT_OK_AND_ASSIGN(const auto shared, SharedMemory::Open(fs, kStoreShm, *file, false));
  const LSN checkpoint = shared->checkpoint();
  shared->SetCheckpoint(kMaxLsn);
  const Status refused = writer.engine().TakeSnapshot().status();
  EXPECT_EQ(refused.code(), StatusCode::kCorruption);
  EXPECT_THAT(refused.message(), HasSubstr("plant.xtdb-shm"));
  // While somebody writes, the log's end may still come.
  ASSERT_OK_AND_ASSIGN(auto transaction, writer.engine().Begin(0));
  EXPECT_EQ(writer.engine().TakeSnapshot().status().code(), StatusCode::kBusy);
  transaction = nullptr;
  shared->SetCheckpoint(checkpoint);
  EXPECT_OK(writer.engine().TakeSnapshot().status());
}

}  // namespace
}  // namespace xtdb
