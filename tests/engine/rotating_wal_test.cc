#include "engine/wal/rotating_wal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/wal_test_support.h"

namespace xtdb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace wal_test;

TEST(RotatingWALTest, ANewLogIsEmptyAndDurable) {
  FaultyFileSystem fs;
  {
    const auto wal = CreateLog(fs);
    EXPECT_EQ(wal->end_lsn(), kFirst);
    EXPECT_EQ(wal->durable_lsn(), kFirst);
    EXPECT_EQ(wal->segment_count(), 2u);
    EXPECT_EQ(wal->file_bytes(), kExtentSizeBytes + 2 * kSegment);
  }
  fs.Crash(CrashPolicy::kDropAll);
  const auto log = OpenLog(fs);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().records, IsEmpty());
  EXPECT_EQ(log.value().end.end_lsn, kFirst);
  EXPECT_FALSE(log.value().end.tail_was_cut);
  EXPECT_EQ(log.value().end.max_epoch, 1u);
}

TEST(RotatingWALTest, StartIsRoundedUpToTheFirstFrameOfASegment) {
  for (const auto& [start, first] :
       std::vector<std::pair<LSN, LSN>>{{0, kFirst},
                                        {kFirst, kFirst},
                                        {kFirst + 1, kFirst + kSegment},
                                        {7 * kSegment, 7 * kSegment + 64}}) {
    FaultyFileSystem fs;
    const auto wal = RotatingWAL::Create(fs, kPath, TestUuid(), 1, start, kSmall);
    ASSERT_THAT(wal, IsOk());
    EXPECT_EQ(wal.value()->end_lsn(), first) << start;
  }
}

TEST(RotatingWALTest, CreationRefusesAnExistingFileAndOddSizes) {
  FaultyFileSystem fs;
  CreateLog(fs);
  EXPECT_THAT(RotatingWAL::Create(fs, kPath, TestUuid(), 1, 0, kSmall),
              HasCode(StatusCode::kAlreadyExists));
  for (const uint64_t size : {uint64_t{0}, 32 * kKiB, 96 * kKiB, 2 * kGiB}) {
    EXPECT_THAT(RotatingWAL::Create(fs, "/other-wal", TestUuid(), 1, 0,
                                    {.segment_size_bytes = size, .reserve_segments = 1}),
                HasCode(StatusCode::kInvalidArgument));
  }
  EXPECT_FALSE(fs.Exists("/other-wal"));
}

TEST(RotatingWALTest, AFailedCreationLeavesNoFile) {
  FaultyFileSystem fs;
  fs.SetCapacity(kSegment);
  EXPECT_THAT(RotatingWAL::Create(fs, kPath, TestUuid(), 1, 0, kSmall),
              HasCode(StatusCode::kResourceExhausted));
  EXPECT_FALSE(fs.Exists(kPath));
}

TEST(RotatingWALTest, RecordsComeBackInOrderWithTypeTransactionAndLsn) {
  FaultyFileSystem fs;
  std::vector<LSN> lsns;
  {
    const auto wal = CreateLog(fs);
    const RotatingWAL::Entry batch[] = {{FrameType::kDefineTag, Bytes("tag")},
                                        {FrameType::kPoints, Bytes("12345678")},
                                        {FrameType::kPrepare, {}}};
    const auto last = wal->BatchAppend(batch, RotatingWAL::kNewTransaction, &lsns);
    ASSERT_THAT(last, IsOk());
    EXPECT_EQ(last.value(), lsns.back());
    EXPECT_THAT(Append(*wal, "flush", FrameType::kFlush, kNoLsn), IsOk());
    EXPECT_EQ(wal->durable_lsn(), kFirst);
    EXPECT_THAT(wal->Sync(), IsOk());
    EXPECT_EQ(wal->durable_lsn(), wal->end_lsn());
  }
  EXPECT_THAT(lsns, ElementsAre(kFirst, kFirst + 64, kFirst + 128));
  const auto log = OpenLog(fs);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(
      log.value().records,
      ElementsAre(Replayed{kFirst, kFirst + 64, FrameType::kDefineTag, kFirst, "tag"},
                  Replayed{kFirst + 64, kFirst + 128, FrameType::kPoints, kFirst, "12345678"},
                  Replayed{kFirst + 128, kFirst + 184, FrameType::kPrepare, kFirst, ""},
                  Replayed{kFirst + 184, kFirst + 248, FrameType::kFlush, kNoLsn, "flush"}));
  EXPECT_EQ(log.value().end.end_lsn, kFirst + 248);
}

TEST(RotatingWALTest, ASmallCommitIsOneWriteAndOneSync) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  const RotatingWAL::Entry batch[] = {{FrameType::kPoints, Bytes("12345678")},
                                      {FrameType::kPrepare, Bytes("123")}};
  const uint64_t before = fs.operation_count();
  ASSERT_THAT(wal->BatchAppend(batch, RotatingWAL::kNewTransaction), IsOk());
  ASSERT_THAT(wal->Sync(), IsOk());
  EXPECT_EQ(fs.operation_count() - before, 2u);
  ASSERT_THAT(wal->Sync(), IsOk());
  EXPECT_EQ(fs.operation_count() - before, 2u) << "nothing new to sync";
}

TEST(RotatingWALTest, ReplayBeginsAtTheCheckpoint) {
  FaultyFileSystem fs;
  LSN second = kNoLsn;
  {
    const auto wal = CreateLog(fs);
    ASSERT_THAT(Append(*wal, "one"), IsOk());
    second = Append(*wal, "two").value();
    ASSERT_THAT(Append(*wal, "three"), IsOk());
  }
  const auto log = OpenLog(fs, second);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().Payloads(), ElementsAre("two", "three"));
}

TEST(RotatingWALTest, AppendingGoesOnAfterReopening) {
  FaultyFileSystem fs;
  ASSERT_THAT(Append(*CreateLog(fs), "one"), IsOk());
  {
    auto log = OpenLog(fs);
    ASSERT_THAT(log, IsOk());
    RotatingWAL& wal = *log.value().wal;
    EXPECT_EQ(wal.durable_lsn(), wal.end_lsn());
    EXPECT_THAT(Append(wal, "early"), HasCode(StatusCode::kFailedPrecondition));
    wal.BeginEpoch(2);
    ASSERT_THAT(Append(wal, "two"), IsOk());
  }
  const auto log = OpenLog(fs);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().Payloads(), ElementsAre("one", "two"));
  EXPECT_EQ(log.value().end.max_epoch, 2u);
}

TEST(RotatingWALTest, AReadOnlyLogIsReplayedAndNotWritten) {
  FaultyFileSystem fs;
  ASSERT_THAT(Append(*CreateLog(fs), "one"), IsOk());
  fs.SetReadOnly(true);
  auto log = OpenLog(fs, kFirst, true);
  ASSERT_THAT(log, IsOk());
  EXPECT_THAT(log.value().Payloads(), ElementsAre("one"));
  RotatingWAL& wal = *log.value().wal;
  EXPECT_THAT(Append(wal, "two"), HasCode(StatusCode::kFailedPrecondition));
  EXPECT_THAT(wal.Sync(), HasCode(StatusCode::kFailedPrecondition));
  EXPECT_THAT(wal.Reserve(1, 1), HasCode(StatusCode::kFailedPrecondition));
}

TEST(RotatingWALTest, WhatCannotBeARecordIsRefused) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  EXPECT_THAT(wal->BatchAppend({}, kNoLsn), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(Append(*wal, "x", FrameType::kPoints, wal->end_lsn() + 8),
              HasCode(StatusCode::kInvalidArgument));
  const std::string huge(kRecordBytesMax + 1, 'x');
  EXPECT_THAT(Append(*wal, huge), HasCode(StatusCode::kTooBig));
  EXPECT_EQ(wal->end_lsn(), kFirst);
}

TEST(RotatingWALTest, AnErrorOfTheReplayFunctionIsReturned) {
  FaultyFileSystem fs;
  ASSERT_THAT(Append(*CreateLog(fs), "one"), IsOk());
  const auto fail = [](const LogRecord&) { return Status::NotFound("of the caller"); };
  EXPECT_THAT(
      RotatingWAL::Open(fs, kPath, TestUuid(), kFirst, kNoLsn, kSmall, false, fail, nullptr),
      HasCode(StatusCode::kNotFound));
}

// Goal: every way in which a record can meet the end of its segment. Method: fill the first segment
// so that `room` bytes are left, append records of all sizes around it, replay.
TEST(RotatingWALTest, RecordsAreSplitAtTheEndsOfSegments) {
  for (uint64_t room = 0; room <= 144; room += 8) {
    for (size_t size = 0; size <= 104; size += 1 + size % 8 * 2) {
      SCOPED_TRACE(testing::Message() << "room=" << room << " size=" << size);
      FaultyFileSystem fs;
      const auto wal = CreateLog(fs);
      const std::string filler = Payload(1, PayloadFor(kSegment - sizeof(SegmentHeader) - room));
      const std::string record = Payload(2, size);
      ASSERT_THAT(Append(*wal, filler), IsOk());
      const LSN begin = wal->end_lsn();
      EXPECT_EQ(begin, room < 64 ? 2 * kSegment + 64 : 2 * kSegment - room);
      ASSERT_EQ(Append(*wal, record).value(), begin);
      ASSERT_THAT(Append(*wal, "last"), IsOk());
      const auto log = OpenLog(fs);
      ASSERT_THAT(log, IsOk());
      ASSERT_THAT(log.value().Payloads(), ElementsAre(filler, record, "last"));
      ASSERT_EQ(log.value().end.end_lsn, wal->end_lsn());
    }
  }
}

TEST(RotatingWALTest, ARecordMaySpanManySegmentsAndTheLargestOneFits) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  const std::string large = Payload(1, 10 * kSegment + 13);
  const std::string largest = Payload(2, kRecordBytesMax);
  ASSERT_THAT(Append(*wal, large), IsOk());
  ASSERT_THAT(Append(*wal, largest), IsOk());
  const auto log = OpenLog(fs);
  ASSERT_THAT(log, IsOk());
  ASSERT_THAT(log.value().records, SizeIs(2));
  EXPECT_TRUE(log.value().records[0].payload == large);
  EXPECT_TRUE(log.value().records[1].payload == largest);
}

TEST(RotatingWALTest, FramesHoldAtMostAMebibyteAlsoInLargeSegments) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs, {.segment_size_bytes = 4 * kMiB, .reserve_segments = 0});
  const LSN begin = wal->end_lsn();
  const std::string one = Payload(1, kFramePayloadBytesMax);
  const std::string more = Payload(2, kFramePayloadBytesMax + 1);
  ASSERT_THAT(Append(*wal, one), IsOk());
  EXPECT_EQ(wal->end_lsn(), begin + PaddedFrameSize(kFramePayloadBytesMax));
  ASSERT_THAT(Append(*wal, more), IsOk());
  EXPECT_EQ(wal->end_lsn(),
            begin + 2 * PaddedFrameSize(kFramePayloadBytesMax) + PaddedFrameSize(1));
  const auto log = OpenLog(fs, begin);
  ASSERT_THAT(log, IsOk());
  EXPECT_TRUE(log.value().Payloads() == (std::vector{one, more}));
}

TEST(RotatingWALTest, TheBytesOfALogArePinned) {
  FaultyFileSystem fs;
  const auto wal = CreateLog(fs);
  ASSERT_THAT(Append(*wal, "abc"), IsOk());
  const std::vector<std::byte> bytes = fs.ReadWhole(kPath);
  const auto hex = [&bytes](size_t offset, size_t size) {
    std::string text;
    for (size_t i = offset; i < offset + size; ++i) {
      char two[3];
      std::snprintf(two, sizeof(two), "%02x", std::to_integer<unsigned>(bytes[i]));
      text += two;
    }
    return text;
  };
  EXPECT_EQ(hex(0, 64),
            "5854444257414c480100000000000000"
            "0102030405060708090a0b0c0d0e0f10"
            "00000100000000000100000000000000"
            "400001000000000000000000da69e3c6");
  EXPECT_EQ(hex(kExtentSizeBytes, 64),
            "58544442575345470100000000000000"
            "01020304050607080100000000000000"
            "00000000000000000000000000000000"
            "000000000000000000000000eeaa979f");
  EXPECT_EQ(hex(kExtentSizeBytes + 64, 64),
            "58544652030000004000010000000000"
            "01000000000000004000010000000000"
            "40000100000000000000000001000000"
            "0000000079fc1d456162630000000000");
}

}  // namespace
}  // namespace xtdb
