#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <random>

#include "engine/base/crc32.h"
#include "engine/io/write_cache.h"
#include "tests/support/faulty_file_system.h"
#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

constexpr const char* kPath = "/store.xtdb";
constexpr size_t kTransactions = 12;
constexpr size_t kBlocksEach = 5;
constexpr size_t kBlocks = kTransactions * kBlocksEach;

// Of one extent: CRC32 of the rest, the number, noise.
AlignedBuffer MakeBlock(uint32_t number) {
  AlignedBuffer block(kExtentSizeBytes);
  const std::span<std::byte> bytes = block.span();
  std::mt19937_64 random(number);
  for (size_t at = 0; at < bytes.size(); at += sizeof(uint64_t)) {
    const uint64_t noise = random();
    std::memcpy(&bytes[at], &noise, sizeof(noise));
  }
  std::memcpy(&bytes[4], &number, sizeof(number));
  const uint32_t crc32 = Crc32(bytes.subspan(4));
  std::memcpy(bytes.data(), &crc32, sizeof(crc32));
  return block;
}

bool IsSame(std::span<const std::byte> one, std::span<const std::byte> two) {
  return std::memcmp(one.data(), two.data(), one.size()) == 0;
}

// Whether each byte is the made block's or zero: a write may have been torn anywhere.
bool IsPartOf(std::span<const std::byte> found, std::span<const std::byte> made) {
  static constexpr std::array<std::byte, 512> kZeros{};
  for (size_t at = 0; at < found.size(); at += kZeros.size()) {
    const auto sector = found.subspan(at, kZeros.size());
    const auto wanted = made.subspan(at, kZeros.size());
    if (IsSame(sector, kZeros) || IsSame(sector, wanted)) continue;
    for (size_t i = 0; i < sector.size(); ++i) {
      if (sector[i] != std::byte{} && sector[i] != wanted[i]) return false;
    }
  }
  return true;
}

bool IsValidBlock(std::span<const std::byte> bytes, uint32_t number) {
  uint32_t crc32 = 0;
  uint32_t found = 0;
  std::memcpy(&crc32, bytes.data(), sizeof(crc32));
  std::memcpy(&found, &bytes[4], sizeof(found));
  return crc32 == Crc32(bytes.subspan(4)) && found == number;
}

// Small batches, so that the thread writes beside the producer, and a few stay for Flush.
WriteCacheOptions SmallBatches() {
  WriteCacheOptions options;
  options.batch_writes_max = 3;
  options.batch_wait = std::chrono::hours(10);
  return options;
}

// Transactions of kBlocksEach blocks at shuffled places, each acknowledged after Flush and Sync.
class Writer {
 public:
  explicit Writer(uint64_t seed) {
    for (size_t i = 0; i < kBlocks; ++i) {
      places_.push_back(i);
      blocks_.push_back(MakeBlock(Number(i)));
    }
    std::ranges::shuffle(places_, std::mt19937_64(seed));
  }

  std::unique_ptr<File> Create(FaultyFileSystem& fs) const {
    Result<std::unique_ptr<File>> opened = fs.Open(kPath, OpenMode::kCreateNew);
    EXPECT_OK(opened);
    std::unique_ptr<File> file = std::move(opened).value();
    EXPECT_OK(file->Allocate(0, kBlocks * kExtentSizeBytes));
    EXPECT_OK(file->Sync());
    EXPECT_OK(fs.SyncDirectory("/"));
    return file;
  }

  Status Run(File& file) {
    WriteCache cache(file, SmallBatches());
    for (size_t t = 0; t < kTransactions; ++t) {
      for (size_t i = t * kBlocksEach; i < (t + 1) * kBlocksEach; ++i) {
        AlignedBuffer block(kExtentSizeBytes);
        std::ranges::copy(blocks_[i].span(), block.span().begin());
        XTDB_RETURN_IF_ERROR(cache.Write(places_[i] * kExtentSizeBytes, std::move(block)));
      }
      XTDB_RETURN_IF_ERROR(cache.Flush());
      XTDB_RETURN_IF_ERROR(file.Sync());
      acknowledged_ = t + 1;
    }
    return cache.Close();
  }

  // What a crash has left: the blocks of acknowledged transactions are whole, and of any other
  // each byte is new or untouched.
  void Check(const FaultyFileSystem& fs, size_t acknowledged) const {
    const std::vector<std::byte> left = fs.ReadWhole(kPath);
    ASSERT_EQ(left.size(), kBlocks * kExtentSizeBytes);
    for (size_t i = 0; i < kBlocks; ++i) {
      const auto found = std::span(left).subspan(places_[i] * kExtentSizeBytes, kExtentSizeBytes);
      if (i < acknowledged * kBlocksEach) {
        ASSERT_TRUE(IsValidBlock(found, Number(i))) << "block " << i;
      } else {
        ASSERT_TRUE(IsPartOf(found, blocks_[i].span())) << "block " << i;
      }
    }
  }
  size_t acknowledged() const { return acknowledged_; }

 private:
  static uint32_t Number(size_t index) { return static_cast<uint32_t>(index + 1); }
  std::vector<size_t> places_;
  std::vector<AlignedBuffer> blocks_;
  std::atomic<size_t> acknowledged_ = 0;
};

// Goal: a power loss takes nothing that Flush and Sync have acknowledged. Method: before each write
// and sync a copy of the file system crashes, with each policy.
TEST(WriteCacheCrashTest, WhatWasFlushedAndSyncedSurvivesACrashAtAnyPoint) {
  for (uint64_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    FaultyFileSystem fs(seed);
    Writer writer(seed);
    const std::unique_ptr<File> file = writer.Create(fs);
    std::atomic<int> points = 0;
    ForEachCrashPoint(
        fs, [&] { EXPECT_OK(writer.Run(*file)); },
        [&](FaultyFileSystem& clone, const OperationRecord& next) {
          SCOPED_TRACE(testing::Message() << "before operation " << next.number);
          ++points;
          const CrashPolicy policy =
              next.number % 4 == 0 ? CrashPolicy::kDropAll : CrashPolicy::kRandom;
          clone.Crash(policy, seed * 1000 + next.number);
          writer.Check(clone, writer.acknowledged());
        });
    EXPECT_EQ(writer.acknowledged(), kTransactions);
    EXPECT_GT(points, static_cast<int>(3 * kTransactions));
  }
}

// Goal: an error on the way acknowledges nothing that is not there. Method: the n-th write or sync
// fails, torn or not, for every n; then a crash.
TEST(WriteCacheCrashTest, AfterAnErrorOnlyWhatWasAcknowledgedBeforeItIsPromised) {
  size_t failures = 0;
  for (uint64_t n = 1;; ++n) {
    SCOPED_TRACE(testing::Message() << "n=" << n);
    FaultyFileSystem fs(n);
    Writer writer(n);
    const std::unique_ptr<File> file = writer.Create(fs);
    fs.Inject({.nth = n,
               .status = Status::IoError("the disk is gone"),
               .sticky = n % 3 == 0,
               .kinds = MaskOf(FileOperation::kWrite) | MaskOf(FileOperation::kSync),
               .partial = n % 2 == 0});
    const Status done = writer.Run(*file);
    if (done.ok()) break;
    ++failures;
    EXPECT_THAT(done, HasMessage(testing::HasSubstr("the disk is gone")));
    fs.Crash(n % 4 == 0 ? CrashPolicy::kDropAll : CrashPolicy::kRandom, n);
    writer.Check(fs, writer.acknowledged());
  }
  EXPECT_GT(failures, 3 * kTransactions);
}

}  // namespace
}  // namespace xtdb
