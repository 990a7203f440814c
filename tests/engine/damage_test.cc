#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "tests/engine/damaged_store.h"

namespace xtdb {
namespace {

using testing::HasSubstr;

// How often each outcome was seen, so that a test can tell that it tried something.
struct Tally {
  int errors = 0;
  int reported = 0;
  int unharmed = 0;
};

// What must hold of any damage: an error, or the same points, or a prefix of the commits and a word
// about it. Says what is wrong, empty if nothing is.
std::string Judge(const StoredRun& run, const Finding& finding, Tally& tally) {
  if (!finding.error.ok()) {
    ++tally.errors;
    return finding.error.message().empty() ? "an error without words" : "";
  }
  if (finding.points == run.points()) {
    ++(finding.reports.empty() ? tally.unharmed : tally.reported);
    return "";
  }
  ++tally.reported;
  if (!run.IsPrefix(finding.points)) return "points that no commit made";
  return finding.reports.empty() ? "lost commits without a word" : "";
}

// The offsets of a file to damage: all that hold something and those around it; of long runs of
// zeros every `zero_step`-th.
std::vector<uint64_t> Offsets(const FaultyFileSystem& fs, const char* path, uint64_t zero_step) {
  constexpr uint64_t kNear = 16;
  const std::vector<std::byte> bytes = fs.ReadWhole(path);
  std::vector<uint64_t> offsets;
  uint64_t last_used = 0;
  bool any = false;
  for (uint64_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != std::byte{0}) {
      last_used = i;
      any = true;
    }
    const bool is_near = any && i - last_used <= kNear;
    // A hole of megabytes is one case, not millions.
    const bool is_hole = !any || i - last_used > 64 * kKiB;
    if (is_near || i % (is_hole ? 64 * kKiB - 1 : zero_step) == 0) offsets.push_back(i);
  }
  return offsets;
}

std::byte MaskAt(uint64_t offset, uint64_t round) {
  const uint64_t bits = (offset + 1) * 0x9E3779B97F4A7C15ULL >> (8 * (round % 7));
  return static_cast<std::byte>((bits & 0xFF) == 0 ? 1 : bits & 0xFF);
}

// Sanitized builds are slow, and look for memory errors only: they take every seventh case.
#ifdef XTDB_SANITIZED
constexpr uint64_t kStride = 7;
#else
constexpr uint64_t kStride = 1;
#endif

Tally FlipEveryByte(const StoredRun& run, const char* path, uint64_t zero_step, uint64_t step,
                    const std::function<std::byte(uint64_t)>& mask) {
  Tally tally;
  uint64_t count = 0;
  int failures = 0;
  for (const uint64_t offset : Offsets(*run.fs, path, zero_step)) {
    if (count++ % (step * kStride) != 0 || failures == 20) continue;
    const auto damaged = run.fs->Clone();
    damaged->FlipBits(path, offset, mask(offset));
    const std::string wrong = Judge(run, Inspect(*damaged), tally);
    EXPECT_EQ(wrong, "") << path << " byte " << offset << " flipped by "
                         << static_cast<int>(mask(offset));
    failures += wrong.empty() ? 0 : 1;
  }
  return tally;
}

void FlipAll(const StoredRun& run, const char* path, uint64_t zero_step, uint64_t step) {
  const Tally tally =
      FlipEveryByte(run, path, zero_step, step, [](uint64_t offset) { return MaskAt(offset, 0); });
  EXPECT_GT(tally.errors + tally.reported, 100 / static_cast<int>(kStride)) << path;
}

TEST(DamageTest, AFlippedByteOfAClosedContainerIsReportedOrHarmless) {
  FlipAll(MakeClosedStore(), kStorePath, 61, 1);
}

TEST(DamageTest, AFlippedByteOfAnUnclosedContainerIsReportedOrHarmless) {
  FlipAll(MakeUnclosedStore(), kStorePath, 61, 3);
}

TEST(DamageTest, AFlippedByteOfTheLogIsReportedOrHarmless) {
  FlipAll(MakeUnclosedStore(), kStoreLog, 61, 1);
}

TEST(DamageTest, AFlippedByteOfAContainerThatWasNeverFlushedIsReportedOrHarmless) {
  FlipAll(MakeUnclosedStore(false), kStorePath, 61, 1);
}

class DamageLongTest : public testing::TestWithParam<int> {};

TEST_P(DamageLongTest, EveryByteInManyWays) {
  const auto mask = [](uint64_t offset) {
    constexpr std::byte kMasks[] = {std::byte{1}, std::byte{0x80}, std::byte{0xFF}};
    const int round = GetParam();
    return round < 3 ? kMasks[round] : MaskAt(offset, static_cast<uint64_t>(round));
  };
  FlipEveryByte(MakeClosedStore(), kStorePath, 1, 1, mask);
  const StoredRun unclosed = MakeUnclosedStore();
  FlipEveryByte(unclosed, kStorePath, 1, 1, mask);
  FlipEveryByte(unclosed, kStoreLog, 1, 1, mask);
  FlipEveryByte(MakeUnclosedStore(false), kStorePath, 1, 1, mask);
}
INSTANTIATE_TEST_SUITE_P(Masks, DamageLongTest, testing::Range(0, 4));

// Goal: one damaged superblock loses no commit, though the copy before it knows nothing of the log.
TEST(DamageTest, TheNewestSuperblockOfAContainerThatWasNeverFlushedMayBeLost) {
  const StoredRun run = MakeUnclosedStore(false);
  for (const uint64_t copy : kSuperblockOffsets) {
    const auto damaged = run.fs->Clone();
    damaged->FlipBits(kStorePath, copy + 20, std::byte{1});
    const Finding finding = Inspect(*damaged);
    ASSERT_OK(finding.error);
    EXPECT_EQ(finding.points, run.points()) << "copy at " << copy;
    EXPECT_THAT(finding.reports, testing::Not(testing::IsEmpty()));
    // Writing goes on from there.
    FakeClock clock;
    auto opened = StorageEngine::Open(*damaged, clock, kStorePath, SmallStoreOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    ASSERT_OK(opened.value()->WritePoint("new", 1, Value::Integer(1), kQualityGood));
    ASSERT_OK(opened.value()->Close());
    opened = Status::NotFound("let go");
    opened = StorageEngine::Open(*damaged, clock, kStorePath, SmallStoreOptions());
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    EXPECT_EQ(ReadAll(*opened.value()).value().size(), run.points().size() + 1);
  }
}

// A file cut at many lengths, densely where it holds something.
Tally Truncate(const StoredRun& run, const char* path, uint64_t step) {
  Tally tally;
  const uint64_t size = run.fs->ReadWhole(path).size();
  std::vector<uint64_t> lengths;
  for (uint64_t length = 0; length < size; length += length < 128 * kKiB ? step : 16 * kKiB) {
    lengths.push_back(length);
  }
  for (const uint64_t offset : Offsets(*run.fs, path, 4096)) {
    if (offset % (step / 8) == 0) lengths.push_back(offset);
  }
  for (const uint64_t length : lengths) {
    const auto damaged = run.fs->Clone();
    damaged->TruncateTo(path, length);
    const Finding finding = Inspect(*damaged);
    // An emptied file is not damaged but new: what stood there is gone, as if it was removed.
    if (length == 0 && path == std::string(kStorePath) && finding.points.empty()) continue;
    EXPECT_EQ(Judge(run, finding, tally), "") << path << " cut to " << length << " of " << size;
  }
  return tally;
}

TEST(DamageTest, ATruncatedContainerIsReported) {
  const Tally tally = Truncate(MakeClosedStore(), kStorePath, 512);
  EXPECT_GT(tally.errors + tally.reported, 100);
  Truncate(MakeUnclosedStore(), kStorePath, 512);
}

TEST(DamageTest, ATruncatedLogIsReported) {
  const Tally tally = Truncate(MakeUnclosedStore(), kStoreLog, 64);
  EXPECT_GT(tally.errors + tally.reported, 100);
}

void Overwrite(FaultyFileSystem& fs, const char* path,
               const std::function<void(std::vector<std::byte>&)>& change) {
  std::vector<std::byte> bytes = fs.ReadWhole(path);
  change(bytes);
  fs.WriteWhole(path, bytes);
}

TEST(DamageTest, AContainerWhoseTailIsZerosIsReported) {
  const StoredRun run = MakeClosedStore();
  Tally tally;
  std::vector<uint64_t> begins;
  for (const uint64_t offset : Offsets(*run.fs, kStorePath, 64)) {
    if (offset >= 4096 && offset % 64 == 0) begins.push_back(offset);
  }
  for (const uint64_t begin : begins) {
    const auto damaged = run.fs->Clone();
    Overwrite(*damaged, kStorePath, [&](std::vector<std::byte>& bytes) {
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.end(), std::byte{0});
    });
    EXPECT_EQ(Judge(run, Inspect(*damaged), tally), "") << "zeros from " << begin;
  }
  EXPECT_GT(tally.errors + tally.reported, 20);
}

// Zeros from the first byte of a frame on look as if that commit never was: nothing else knows of
// it. Whatever is read must still be a prefix of the commits.
TEST(DamageTest, ALogWhoseTailIsZerosGivesAPrefixOfCommits) {
  const StoredRun run = MakeUnclosedStore();
  ASSERT_OK(run.fs->Remove(kStoreShm));
  const uint64_t size = run.fs->ReadWhole(kStoreLog).size();
  int losses = 0;
  for (uint64_t begin = 0; begin < size; begin += begin < kExtentSizeBytes + 16 * kKiB ? 8 : 1008) {
    const auto damaged = run.fs->Clone();
    Overwrite(*damaged, kStoreLog, [&](std::vector<std::byte>& bytes) {
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.end(), std::byte{0});
    });
    const Finding finding = Inspect(*damaged);
    if (!finding.error.ok()) continue;
    EXPECT_TRUE(run.IsPrefix(finding.points)) << "zeros from " << begin;
    losses += finding.points == run.points() ? 0 : 1;
  }
  EXPECT_GT(losses, 0);
}

// The shared memory of the processes that died knows how far the log had been synced.
TEST(DamageTest, ALogWhoseTailIsZerosIsAnErrorWhereTheSharedMemoryIsLeft) {
  const StoredRun run = MakeUnclosedStore();
  const uint64_t size = run.fs->ReadWhole(kStoreLog).size();
  int errors = 0;
  for (uint64_t begin = 0; begin < size; begin += 1008) {
    const auto damaged = run.fs->Clone();
    Overwrite(*damaged, kStoreLog, [&](std::vector<std::byte>& bytes) {
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(begin), bytes.end(), std::byte{0});
    });
    const Finding finding = Inspect(*damaged);
    errors += finding.error.ok() ? 0 : 1;
    if (finding.error.ok()) {
      EXPECT_EQ(finding.points, run.points()) << "zeros from " << begin;
    }
  }
  EXPECT_GT(errors, 0);
}

TEST(DamageTest, SwappedExtentsAreReported) {
  const StoredRun run = MakeClosedStore();
  const std::vector<std::byte> original = run.fs->ReadWhole(kStorePath);
  std::vector<uint64_t> used;
  for (uint64_t at = kExtentSizeBytes; at + kExtentSizeBytes <= original.size();
       at += kExtentSizeBytes) {
    const auto extent = std::span(original).subspan(at, kExtentSizeBytes);
    const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
    if (!std::all_of(extent.begin(), extent.end(), is_zero)) used.push_back(at);
  }
  ASSERT_GT(used.size(), 5u);
  Tally tally;
  for (size_t a = 0; a < used.size(); ++a) {
    for (size_t b = a + 1; b < used.size(); ++b) {
      const auto damaged = run.fs->Clone();
      Overwrite(*damaged, kStorePath, [&](std::vector<std::byte>& bytes) {
        std::swap_ranges(bytes.begin() + static_cast<ptrdiff_t>(used[a]),
                         bytes.begin() + static_cast<ptrdiff_t>(used[a] + kExtentSizeBytes),
                         bytes.begin() + static_cast<ptrdiff_t>(used[b]));
      });
      const Finding finding = Inspect(*damaged);
      EXPECT_FALSE(finding.error.ok() && finding.reports.empty()) << used[a] << " " << used[b];
      EXPECT_EQ(Judge(run, finding, tally), "") << used[a] << " " << used[b];
    }
  }
}

TEST(DamageTest, AnOldCopyOfTheContainerBesideItsLogIsReportedOrHarmless) {
  const StoredRun run = MakeUnclosedStore();
  const auto mixed = run.fs->Clone();
  mixed->WriteWhole(kStorePath, run.earlier->ReadWhole(kStorePath));
  Tally tally;
  EXPECT_EQ(Judge(run, Inspect(*mixed), tally), "");
}

// As a backup that took the two files at different times: what stands only in the log's lost part
// is gone, but no commit is half there.
TEST(DamageTest, AnOldCopyOfTheLogGivesAPrefixOfCommits) {
  const StoredRun run = MakeUnclosedStore();
  const auto mixed = run.fs->Clone();
  mixed->WriteWhole(kStoreLog, run.earlier->ReadWhole(kStoreLog));
  const Finding finding = Inspect(*mixed);
  EXPECT_TRUE(!finding.error.ok() || run.IsPrefix(finding.points));
}

TEST(DamageTest, AnUnclosedContainerWithoutItsLogIsAnErrorThatNamesBoth) {
  const StoredRun run = MakeUnclosedStore();
  ASSERT_OK(run.fs->Remove(kStoreLog));
  EXPECT_THAT(
      Inspect(*run.fs).error,
      StatusIs(StatusCode::kCorruption, testing::AllOf(HasSubstr("/plant.xtdb was not closed"),
                                                       HasSubstr("/plant.xtdb-wal is missing"))));
}

TEST(DamageTest, ALogOfAnotherContainerIsAnErrorAndLeftAlone) {
  const StoredRun run = MakeUnclosedStore();
  const StoredRun other = MakeUnclosedStore();
  const std::vector<std::byte> foreign = other.fs->ReadWhole(kStoreLog);
  run.fs->WriteWhole(kStoreLog, foreign);
  EXPECT_THAT(Inspect(*run.fs).error,
              StatusIs(StatusCode::kCorruption, HasSubstr("log of container")));
  EXPECT_EQ(run.fs->ReadWhole(kStoreLog), foreign);
}

TEST(DamageTest, AForeignLogBesideAClosedContainerIsKeptAside) {
  const StoredRun run = MakeClosedStore();
  const StoredRun other = MakeUnclosedStore();
  run.fs->WriteWhole(kStoreLog, other.fs->ReadWhole(kStoreLog));
  FakeClock clock;
  auto opened = StorageEngine::Open(*run.fs, clock, kStorePath, SmallStoreOptions());
  ASSERT_TRUE(opened.ok()) << opened.status().ToString();
  ASSERT_OK(opened.value()->WritePoint("new", 1, Value::Integer(1), kQualityGood));
  EXPECT_EQ(ReadAll(*opened.value()).value().size(), run.points().size() + 1);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> names, run.fs->List("/"));
  EXPECT_THAT(names, testing::Contains(HasSubstr("plant.xtdb-wal.foreign-")));
}

}  // namespace
}  // namespace xtdb
