#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/engine/wal_test_support.h"

namespace xtdb {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Le;
using namespace wal_test;

uint64_t OffsetInFirstPlace(LSN lsn) { return kExtentSizeBytes + lsn % kSegment; }

void ZeroFrom(FaultyFileSystem& fs, uint64_t offset) {
  std::vector<std::byte> bytes = fs.ReadWhole(kPath);
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(offset), bytes.end(), std::byte{0});
  fs.WriteWhole(kPath, bytes);
}

// Three records; the last one was never followed by a synced commit.
std::vector<LSN> WriteThree(FaultyFileSystem& fs) {
  const auto wal = CreateLog(fs);
  std::vector<LSN> lsns;
  for (uint64_t i = 0; i < 3; ++i) lsns.push_back(Append(*wal, Payload(i, 100)).value());
  EXPECT_THAT(wal->Sync(), IsOk());
  lsns.push_back(wal->end_lsn());
  return lsns;
}

TEST(RotatingWALDamageTest, ATornTailEndsTheLog) {
  FaultyFileSystem original;
  const std::vector<LSN> lsns = WriteThree(original);
  for (LSN cut = lsns[2]; cut < lsns[3]; ++cut) {
    SCOPED_TRACE(cut - lsns[2]);
    const auto fs = original.Clone();
    ZeroFrom(*fs, OffsetInFirstPlace(cut));
    auto log = OpenLog(*fs);
    ASSERT_THAT(log, IsOk());
    // The payload's padding is zeros anyway.
    const bool whole = cut >= lsns[3] - 4;
    ASSERT_EQ(log.value().records.size(), whole ? 3u : 2u);
    EXPECT_EQ(log.value().end.end_lsn, whole ? lsns[3] : lsns[2]);
    if (cut >= lsns[2] + 24) {
      EXPECT_EQ(log.value().end.tail_was_cut, !whole);
    }
    log.value().wal->BeginEpoch(2);
    ASSERT_THAT(Append(*log.value().wal, "new"), IsOk());
    const auto again = OpenLog(*fs);
    ASSERT_THAT(again, IsOk());
    EXPECT_EQ(again.value().records.size(), whole ? 4u : 3u);
    EXPECT_EQ(again.value().records.back().payload, "new");
    EXPECT_FALSE(again.value().end.tail_was_cut);
  }
}

TEST(RotatingWALDamageTest, AFileCutShortEndsTheLog) {
  FaultyFileSystem original;
  const std::vector<LSN> lsns = WriteThree(original);
  for (uint64_t size = OffsetInFirstPlace(lsns[1]); size < OffsetInFirstPlace(lsns[3]); size += 3) {
    const auto fs = original.Clone();
    fs->TruncateTo(kPath, size);
    auto log = OpenLog(*fs);
    ASSERT_THAT(log, IsOk()) << size;
    ASSERT_THAT(log.value().records.size(), AllOf(testing::Ge(1u), Le(3u)));
    log.value().wal->BeginEpoch(2);
    ASSERT_THAT(Append(*log.value().wal, "new"), IsOk());
    EXPECT_EQ(OpenLog(*fs).value().records.back().payload, "new");
  }
}

TEST(RotatingWALDamageTest, ARecordWhoseLastPartIsMissingIsCutAsAWhole) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  ASSERT_THAT(Append(*wal, "one"), IsOk());
  const LSN begin = Append(*wal, Payload(1, 3 * kSegment)).value();
  fs.FlipBits(kPath, kExtentSizeBytes + 2 * kSegment + 200, std::byte{1});
  auto log = OpenLog(fs);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().Payloads(), ElementsAre("one"));
  EXPECT_EQ(log.value().end.end_lsn, begin);
  EXPECT_TRUE(log.value().end.tail_was_cut);
  log.value().wal->BeginEpoch(2);
  ASSERT_THAT(Append(*log.value().wal, "two"), IsOk());
  EXPECT_THAT(OpenLog(fs).value().Payloads(), ElementsAre("one", "two"));
}

// Goal: a frame that was never synced does not come back. Method: cut the log before an intact
// frame, append a record that ends exactly where that frame begins, and open with the checkpoint
// there, so that no predecessor's CRC can tell.
TEST(RotatingWALDamageTest, AFrameBehindTheCutIsNotReplayedFromACheckpointThatFallsOnIt) {
  FaultyFileSystem fs;
  LSN second = kNoLsn;
  {
    const auto wal = CreateLog(fs);
    ASSERT_THAT(Append(*wal, Payload(1, 100)), IsOk());
    second = Append(*wal, Payload(2, 100)).value();
  }
  fs.FlipBits(kPath, OffsetInFirstPlace(kFirst) + 70, std::byte{1});
  {
    auto log = OpenLog(fs);
    ASSERT_THAT(log, IsOk());
    EXPECT_EQ(log.value().end.end_lsn, kFirst);
    EXPECT_TRUE(log.value().end.tail_was_cut);
    log.value().wal->BeginEpoch(2);
    ASSERT_THAT(Append(*log.value().wal, Payload(3, 100)), IsOk());
    ASSERT_EQ(log.value().wal->end_lsn(), second);
  }
  const auto log = OpenLog(fs, second);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().records, testing::IsEmpty());
}

TEST(RotatingWALDamageTest, DamageBeforeASyncedFrameIsCorruptionThatNamesItsPlace) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  ASSERT_THAT(Append(*wal, Payload(1, 100)), IsOk());
  const LSN damaged = Append(*wal, Payload(2, 100)).value();
  ASSERT_THAT(wal->Sync(), IsOk());
  ASSERT_THAT(Append(*wal, Payload(3, 100)), IsOk());
  fs.FlipBits(kPath, OffsetInFirstPlace(damaged) + 60, std::byte{4});
  const std::vector<std::byte> before = fs.ReadWhole(kPath);
  for (const bool read_only : {false, true}) {
    const auto log = OpenLog(fs, kFirst, read_only);
    ASSERT_THAT(log, HasCode(StatusCode::kCorruption));
    EXPECT_THAT(std::string(log.status().message()),
                AllOf(HasSubstr(kPath), HasSubstr("segment 1"),
                      HasSubstr("offset " + std::to_string(OffsetInFirstPlace(damaged))),
                      HasSubstr("xtdb salvage")));
  }
  EXPECT_TRUE(fs.ReadWhole(kPath) == before) << "a damaged log is left as it is";
}

TEST(RotatingWALDamageTest, DamageIsToldFromAFrameInALaterSegment) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  for (uint64_t i = 0; i < 40; ++i) {
    ASSERT_THAT(Append(*wal, Payload(i, 5000)), IsOk());
    ASSERT_THAT(wal->Sync(), IsOk());
  }
  for (const uint64_t offset : {uint64_t{300}, kSegment + 20, 2 * kSegment + 3000}) {
    const auto clone = fs.Clone();
    clone->FlipBits(kPath, kExtentSizeBytes + offset, std::byte{0x80});
    EXPECT_THAT(OpenLog(*clone), HasCode(StatusCode::kCorruption)) << offset;
  }
}

// Goal: no single wrong byte is replayed. Method: flip each byte of header and frames of a small
// log.
TEST(RotatingWALDamageTest, EveryFlippedByteGivesAPrefixOrAnError) {
  FaultyFileSystem original;
  LSN end = kNoLsn;
  {
    const auto wal = CreateLog(original);
    for (uint64_t i = 0; i < 6; ++i) {
      ASSERT_THAT(Append(*wal, Payload(i, 40 + i)), IsOk());
      if (i % 2 == 1) {
        ASSERT_THAT(wal->Sync(), IsOk());
      }
    }
    end = wal->end_lsn();
  }
  const std::vector<Replayed> whole = OpenLog(original).value().records;
  ASSERT_EQ(whole.size(), 6u);
  const auto check = [&](uint64_t offset, bool must_change) {
    const auto fs = original.Clone();
    fs->FlipBits(kPath, offset, std::byte{0x10});
    const auto log = OpenLog(*fs);
    if (!log.ok()) {
      EXPECT_THAT(log.status().code(),
                  testing::AnyOf(StatusCode::kCorruption, StatusCode::kUnsupported));
      return;
    }
    const auto& records = log.value().records;
    ASSERT_LE(records.size(), whole.size());
    for (size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i], whole[i]) << offset;
    if (must_change) {
      EXPECT_LT(records.size(), whole.size()) << offset;
    }
    // Frames 4 and 5 say that the four before them were synced.
    EXPECT_GE(records.size(), 4u) << offset;
  };
  for (uint64_t i = 0; i < sizeof(LogHeader); ++i) {
    const auto fs = original.Clone();
    fs->FlipBits(kPath, i, std::byte{0x10});
    EXPECT_FALSE(OpenLog(*fs).ok()) << i;
  }
  for (uint64_t i = 0; i < kSegment; i += i < end - kSegment ? 1 : 997) {
    check(kExtentSizeBytes + i, i < end - kSegment);
  }
}

TEST(RotatingWALDamageTest, TheLogOfAnotherContainerIsRefused) {
  FaultyFileSystem fs;
  CreateLog(fs);
  const auto log =
      RotatingWAL::Open(fs, kPath, TestUuid(9), kFirst, kNoLsn, kSmall, false, {}, nullptr);
  EXPECT_THAT(log, HasCode(StatusCode::kCorruption));
  EXPECT_THAT(std::string(log.status().message()),
              AllOf(HasSubstr(UuidText(TestUuid(1))), HasSubstr(UuidText(TestUuid(9)))));
}

TEST(RotatingWALDamageTest, AFileThatIsNoLogIsRefused) {
  FaultyFileSystem fs;
  for (const size_t size : {size_t{0}, size_t{63}, size_t{kExtentSizeBytes}, size_t{100'000}}) {
    fs.WriteWhole(kPath, std::vector<std::byte>(size));
    EXPECT_THAT(OpenLog(fs), HasCode(StatusCode::kCorruption)) << size;
  }
}

TEST(RotatingWALDamageTest, AnIntactFrameOfAnUnknownTypeIsNotTakenForTheEnd) {
  FaultyFileSystem fs;
  LSN lsn = kNoLsn;
  {
    const auto wal = CreateLog(fs);
    lsn = Append(*wal, "12345678").value();
  }
  std::vector<std::byte> bytes = fs.ReadWhole(kPath);
  const std::span<std::byte> frame = std::span(bytes).subspan(OffsetInFirstPlace(lsn), 64);
  frame[offsetof(FrameHeader, type)] = std::byte{kFrameTypeLast + 1};
  const uint32_t crc = Crc32Extend(Crc32(frame.first(52)), frame.subspan(56));
  std::memcpy(&frame[52], &crc, 4);
  fs.WriteWhole(kPath, bytes);
  EXPECT_THAT(OpenLog(fs), HasCode(StatusCode::kUnsupported));
}

TEST(RotatingWALDamageTest, AFailedSyncStopsTheLogForGood) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  ASSERT_THAT(Append(*wal, "one"), IsOk());
  fs.FailNth(1, Status::IoError("disk"), MaskOf(FileOperation::kSync));
  EXPECT_THAT(wal->Sync(), HasCode(StatusCode::kIoError));
  EXPECT_EQ(wal->durable_lsn(), kFirst);
  EXPECT_THAT(wal->Sync(), HasCode(StatusCode::kIoError));
  EXPECT_THAT(Append(*wal, "two"), HasCode(StatusCode::kIoError));
  EXPECT_THAT(wal->Reserve(1, 1), HasCode(StatusCode::kIoError));
  EXPECT_THAT(wal->failure(), HasCode(StatusCode::kIoError));
}

TEST(RotatingWALDamageTest, AFailedWriteStopsTheLogWhateverItsReason) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  ASSERT_THAT(Append(*wal, "one"), IsOk());
  fs.FailNth(1, Status::ResourceExhausted("quota"), MaskOf(FileOperation::kWrite));
  EXPECT_THAT(Append(*wal, "two"), HasCode(StatusCode::kIoError));
  EXPECT_THAT(Append(*wal, "three"), HasCode(StatusCode::kIoError));
}

}  // namespace
}  // namespace xtdb
