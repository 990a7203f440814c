#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/engine/salvaged_store.h"

namespace xtdb {
namespace {

// All offsets that hold something and a few around; of long runs of zeros only their beginnings.
std::vector<uint64_t> UsedOffsets(const FaultyFileSystem& fs, const char* path) {
  const std::vector<std::byte> bytes = fs.ReadWhole(path);
  std::vector<uint64_t> offsets;
  uint64_t last_used = 0;
  for (uint64_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0}) last_used = i;
    if (i - last_used <= 16) offsets.push_back(i);
  }
  return offsets;
}

struct Tally {
  int errors = 0;
  int whole = 0;
  int with_losses = 0;
};

// Damages one byte in each of many copies of the store.
//   untouched: an offset whose damage must cost no point
Tally FlipAndSalvage(const StoredRun& run, const char* path, uint64_t step, std::byte mask,
                     const std::function<bool(uint64_t)>& untouched) {
  Tally tally;
  uint64_t count = 0;
  int failures = 0;
  for (const uint64_t offset : UsedOffsets(*run.fs, path)) {
    if (count++ % step != 0 || failures > 10) continue;
    const auto damaged = run.fs->Clone();
    damaged->FlipBits(path, offset, mask);
    const Salvaged salvaged = SalvageStore(*damaged);
    std::string wrong =
        salvaged.error.ok() ? JudgeSalvage(run.points(), salvaged) : salvaged.error.ToString();
    const bool is_whole = salvaged.points == run.points();
    if (wrong.empty() && !is_whole && untouched(offset)) wrong = "lost what was not touched";
    EXPECT_EQ(wrong, "") << path << " byte " << offset;
    failures += wrong.empty() ? 0 : 1;
    ++(!salvaged.error.ok() ? tally.errors : is_whole ? tally.whole : tally.with_losses);
  }
  EXPECT_EQ(tally.errors, 0);
  return tally;
}

void FlipContainer(const StoredRun& run, uint64_t step, std::byte mask) {
  const VectorBytes vectors = FindVectors(*run.fs);
  const Tally tally = FlipAndSalvage(run, kStorePath, step, mask,
                                     [&](uint64_t offset) { return !vectors.Contains(offset); });
  EXPECT_GT(tally.whole, 20);
  EXPECT_GT(tally.with_losses, 5);
}

void FlipLog(const StoredRun& run, uint64_t step, std::byte mask) {
  const Tally tally =
      FlipAndSalvage(run, kStoreLog, step, mask, [](uint64_t offset) { return offset < 4096; });
  EXPECT_GT(tally.with_losses, 5);
}

TEST(SalvageDamageTest, AFlippedByteOfAClosedContainerCostsItsVectorAtMost) {
  FlipContainer(MakeClosedStore(), 17, std::byte{1});
}

TEST(SalvageDamageTest, AFlippedByteOfAnUnclosedContainerCostsItsVectorAtMost) {
  FlipContainer(MakeUnclosedStore(), 23, std::byte{0x80});
}

TEST(SalvageDamageTest, AFlippedByteOfTheLogIsNamedAndCostsNoOtherCommit) {
  FlipLog(MakeUnclosedStore(), 11, std::byte{1});
  FlipLog(MakeUnclosedStore(false), 11, std::byte{0xFF});
}

// A file that lost its end gives what stands before it.
void Truncate(const StoredRun& run, const char* path, uint64_t step) {
  const uint64_t size = run.fs->ReadWhole(path).size();
  const std::vector<uint64_t> used = UsedOffsets(*run.fs, path);
  std::vector<uint64_t> lengths = {0, 1, 100, 4096, 8192, 12288, kExtentSizeBytes, size - 1};
  for (size_t i = 0; i < used.size(); i += step) lengths.push_back(used[i]);
  size_t most = 0;
  for (const uint64_t length : lengths) {
    const auto damaged = run.fs->Clone();
    damaged->TruncateTo(path, length);
    const Salvaged salvaged = SalvageStore(*damaged);
    if (!salvaged.error.ok()) {
      EXPECT_LT(length, 2 * kExtentSizeBytes) << salvaged.error.ToString();
      continue;
    }
    // Of a container cut below its superblocks nothing tells what it held.
    const bool is_told = length >= kExtentSizeBytes || path == std::string(kStoreLog);
    if (is_told) {
      EXPECT_EQ(JudgeSalvage(run.points(), salvaged), "") << path << " cut to " << length;
    }
    most = std::max(most, salvaged.points.size());
  }
  EXPECT_GT(most, 0);
}

TEST(SalvageDamageTest, ATruncatedContainerGivesWhatIsLeft) {
  Truncate(MakeClosedStore(), kStorePath, 211);
  Truncate(MakeUnclosedStore(), kStorePath, 211);
}

TEST(SalvageDamageTest, ATruncatedLogGivesWhatIsLeft) {
  Truncate(MakeUnclosedStore(), kStoreLog, 37);
}

class SalvageDamageLongTest : public testing::TestWithParam<int> {};

TEST_P(SalvageDamageLongTest, EveryByteAndLength) {
  constexpr std::byte kMasks[] = {std::byte{1}, std::byte{0x80}, std::byte{0xFF}};
  const std::byte mask = kMasks[GetParam()];
  FlipContainer(MakeClosedStore(), 1, mask);
  FlipContainer(MakeUnclosedStore(), 1, mask);
  FlipLog(MakeUnclosedStore(), 1, mask);
  FlipLog(MakeUnclosedStore(false), 1, mask);
  if (GetParam() != 0) return;
  Truncate(MakeClosedStore(), kStorePath, 1);
  Truncate(MakeUnclosedStore(), kStorePath, 1);
  Truncate(MakeUnclosedStore(), kStoreLog, 1);
}
INSTANTIATE_TEST_SUITE_P(Masks, SalvageDamageLongTest, testing::Range(0, 3));

}  // namespace
}  // namespace xtdb
