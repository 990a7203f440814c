#include "vtab/csv/csv_batch_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/vtab/csv_outcome.h"
#include "tests/vtab/csv_pieces.h"
#include "vtab/csv/csv_batch_pump.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

CsvSchema LongSchema() {
  CsvSchema schema;
  schema.column_count = 4;
  schema.tag_column = 0;
  schema.time_column = 1;
  schema.value_column = 2;
  schema.quality_column = 3;
  return schema;
}

CsvSchema WideSchema() {
  CsvSchema schema;
  schema.layout = CsvLayout::kWide;
  schema.column_count = 4;
  schema.tag_columns = {{1, "a"}, {2, "b"}, {3, "c"}};
  return schema;
}

// Both ways say the same, wherever the pieces and the buffer end.
CsvOutcome ExpectSame(const std::string& text, const CsvSchema& schema) {
  CsvReader reader(CsvFromText(text), schema.separator);
  const CsvOutcome expected = ReadByRecord(reader, schema);
  const std::array<std::pair<size_t, size_t>, 5> kSizes = {
      {{1 << 20, 1 << 20}, {1, 4}, {3, 4}, {64, 64}, {61, 100}}};
  for (const auto& [piece_bytes, buffer_bytes] : kSizes) {
    CsvReader pieces(InPieces(text, piece_bytes), schema.separator, buffer_bytes);
    const CsvOutcome outcome = ReadByBatch(pieces, schema);
    EXPECT_TRUE(outcome == expected) << text << "\nin pieces of " << piece_bytes << ":\n"
                                     << Show(outcome) << "expected:\n"
                                     << Show(expected);
  }
  return expected;
}

TEST(CsvBatchReaderTest, ReadsAsRecordsDo) {
  const std::string head = "t,2026-01-02 03:04:05,1,192\n";
  const std::string kTexts[] = {
      "",
      "\n",
      head,
      "t,2026-01-02 03:04:05,1,192",
      "t,2026-01-02 03:04:05,1,192\r\nu,2026-01-02 03:04:06,2.5,\r\n",
      "t,2026-01-02 03:04:05,1,192\r",
      head + "\n\r\n" + head,
      head + "\"t\",2026-01-02 03:04:05,\"x,\n\"\"y\",0\n" + head,
      head + "t,2026-01-02 03:04:05,\"\",good\nt,2026-01-02 03:04:05,,bad\n",
      head + "t,2026-01-02 03:04:05,1\n" + head,
      head + "t,2026-01-02 03:04:05,1,192,,\n" + head + "t,2026-01-02 03:04:05,1,192,x\n",
      head + "t,never,1,192\n,2026-01-02,1,0\nt,2026-01-02,1,256\n \t,2026-01-02,1,0\n" + head,
      head + "\"t\"x,2026-01-02,1,0\n" + head + "t,2026-01-02,\"1,0\n" + head,
      "t,2026-01-02 03:04:05,3\" pipe,64\n t ,2026-01-02T03:04:05Z, 1 ,\n",
      std::string("t\0u,2026-01-02,\0,0\n", 19) + "\xFF\xFE\x80,2026-01-02,\xC3\x28,0\n",
      std::string(300, 'n') + ",2026-01-02 00:00:00," + std::string(500, '1') + ",0\n" + head,
      "t,2026-01-02 03:04:05,1,19\r2\nt\r,2026-01-02 03:04:05,1\r,192\n",
  };
  for (const std::string& text : kTexts) ExpectSame(text, LongSchema());
}

TEST(CsvBatchReaderTest, ReadsWideFilesAsRecordsDo) {
  const std::string kTexts[] = {
      "2026-01-02,1,2.5,x\n2026-01-03,,,\n2026-01-04, ,\"\",-0.0\r\n",
      "2026-01-02,,,\r\n2026-01-02,,,1\r\n",
      "2026-01-02,1,2\n2026-01-02,1,2,3,\n2026-01-02,1,2,3,4\nx,1,2,3\n",
  };
  for (const std::string& text : kTexts) ExpectSame(text, WideSchema());
}

TEST(CsvBatchReaderTest, SkipsTheHeaderAndTakesWhatTheSchemaStates) {
  CsvSchema schema;
  schema.header = true;
  schema.separator = ';';
  schema.decimal_comma = true;
  schema.time_format = CsvTimeFormat::kDayFirst;
  schema.column_count = 2;
  schema.value_column = 1;
  schema.tag = "boiler";
  const CsvOutcome outcome =
      ExpectSame("Zeit;Wert\n\n31.12.2025 23:59:59;71,25\n01.01.2026 00:00;1.5\n", schema);
  ASSERT_THAT(outcome.records, SizeIs(2));
  EXPECT_EQ(outcome.records[0].points[0].tag, "boiler");
  EXPECT_EQ(outcome.records[0].points[0].bits, FromDouble(71.25));
  EXPECT_EQ(outcome.records[0].line, 3U);
}

TEST(CsvBatchReaderTest, ASeparatorThatMeansSomethingElseIsReadByRecords) {
  for (const char separator : {'"', '\r', '\n'}) {
    CsvSchema schema = WideSchema();
    schema.separator = separator;
    ExpectSame("2026-01-02\"1\"2\"3\n2026-01-02\r1\r2\r3\n\n", schema);
  }
}

// Goal: no bytes make a difference between the two ways. Method: lines that are plain for the most
// part, with seeded fields of every kind, and bytes changed at random.
TEST(CsvBatchReaderTest, AgreesOnSeededFiles) {
  std::mt19937_64 random(6);
  const std::string kTags[] = {"a", "plant.unit.sensor", " b ", "", "\"q\"", "\"q\"\"u,\"", "\xFF"};
  const std::string kTimes[] = {"2026-01-02 03:04:05",
                                "2026-01-02T03:04:05.25Z",
                                "2026-01-02",
                                "2026-02-30",
                                "1767225600",
                                "\"2026-01-02\"",
                                ""};
  const std::string kValues[] = {"1",   "-2.5",     "20.904140822674041", "",     "\"\"", "on",
                                 "1e3", "\"a\nb\"", "9007199254740993",   "\"\n", "0x1",  " 7 "};
  const std::string kQualities[] = {"192", "", "good", "0", "256", "bad", "64"};
  const std::string kEnds[] = {"\n", "\n", "\n", "\r\n", "\n\n", ",\n", ",x\n", "\r\r\n"};
  const auto draw = [&random](const auto& from, uint64_t plain_of_8) {
    return random() % 8 < plain_of_8 ? from[0] : from[random() % std::size(from)];
  };
  for (int round = 0; round < 1'500; ++round) {
    std::string text;
    const uint64_t plain = random() % 9;
    for (uint64_t lines = random() % 12; lines > 0; --lines) {
      text += draw(kTags, plain) + "," + draw(kTimes, plain) + "," + draw(kValues, plain) + "," +
              draw(kQualities, plain) + draw(kEnds, plain);
    }
    for (uint64_t changes = random() % 3; changes > 0 && !text.empty(); --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    ExpectSame(text, random() % 4 == 0 ? WideSchema() : LongSchema());
    if (HasFailure()) return;
  }
}

TEST(CsvBatchReaderTest, GroupsPointsByTagInTheOrderOfTheFile) {
  CsvReader reader(
      CsvFromText(std::string_view("b,2026-01-02 00:00:00,1,192\n"
                                   "a,2026-01-02 00:00:00,2.5,192\n"
                                   "b,2026-01-01 00:00:00,x,0\n"
                                   "b,2026-01-02 00:00:00,,192\n")));
  CsvTagTable tags;
  CsvBatchReader batches(reader, tags, LongSchema(), {});
  CsvBatch batch;
  ASSERT_OK_AND_ASSIGN(const bool more, batches.Next(batch));
  ASSERT_TRUE(more);
  EXPECT_THAT(batch.new_tags, ElementsAre("b", "a"));
  ASSERT_THAT(batch.groups(), SizeIs(2));
  const CsvTagGroup& b = batch.groups()[0];
  EXPECT_EQ(b.tag, 0U);
  EXPECT_EQ(b.end - b.begin, 3U);
  EXPECT_EQ(b.has, kHasInteger | kHasText | kHasNull | kHasQuality);
  EXPECT_THAT(batch.point_index(), ElementsAre(0, 2, 3, 1));
  EXPECT_THAT(batch.quality(), ElementsAre(192, 0, 192, 192));
  EXPECT_EQ(batch.groups()[1].has, kHasReal);
  EXPECT_EQ(batch.bits()[3], FromDouble(2.5));
  EXPECT_EQ(batch.ts_us()[1], batch.ts_us()[0] - 86'400'000'000);
}

TEST(CsvBatchReaderTest, ABatchEndsAtEachBoundaryAndBadRecordsDoNotCount) {
  std::string text;
  for (int i = 0; i < 7; ++i) text += "t,2026-01-02 03:04:05,1,192\nt,never,1,192\n";
  CsvReader reader(CsvFromText(text));
  CsvTagTable tags;
  CsvBatchOptions options;
  options.records_to_boundary = 1;
  options.records_per_boundary = 3;
  CsvBatchReader batches(reader, tags, LongSchema(), options);
  CsvBatch batch;
  std::vector<size_t> sizes;
  size_t bad = 0;
  for (;;) {
    ASSERT_OK_AND_ASSIGN(const bool more, batches.Next(batch));
    if (!more) break;
    sizes.push_back(batch.records().size());
    bad += batch.bad_records().size();
  }
  EXPECT_THAT(sizes, ElementsAre(1, 3, 3, 0));
  EXPECT_EQ(bad, 7U);
}

TEST(CsvBatchReaderTest, ReadsNothingBehindABadRecordIfSoAsked) {
  CsvReader reader(
      CsvFromText(std::string_view("t,2026-01-02,1,0\nt,never,1,0\nt,2026-01-02,1,0\n")));
  CsvTagTable tags;
  CsvBatchOptions options;
  options.ends_at_bad_record = true;
  CsvBatchReader batches(reader, tags, LongSchema(), options);
  CsvBatch batch;
  ASSERT_OK_AND_ASSIGN(bool more, batches.Next(batch));
  EXPECT_TRUE(more);
  EXPECT_THAT(batch.records(), SizeIs(1));
  ASSERT_THAT(batch.bad_records(), SizeIs(1));
  EXPECT_THAT(batch.bad_records()[0].reason, HasMessage(HasSubstr("line 2: not a time")));
  ASSERT_OK_AND_ASSIGN(more, batches.Next(batch));
  EXPECT_FALSE(more);
}

TEST(CsvBatchReaderTest, AFailureComesBehindWhatWasReadBeforeIt) {
  int calls = 0;
  CsvReader reader([&calls](std::span<char> out) -> Result<size_t> {
    if (++calls > 1) return Status::IoError("read CSV: broken");
    constexpr std::string_view kText = "t,2026-01-02,1,0\nt,2026";
    std::copy(kText.begin(), kText.end(), out.begin());
    return kText.size();
  });
  CsvTagTable tags;
  CsvBatchReader batches(reader, tags, LongSchema(), {});
  CsvBatch batch;
  ASSERT_OK_AND_ASSIGN(const bool more, batches.Next(batch));
  EXPECT_TRUE(more);
  EXPECT_THAT(batch.records(), SizeIs(1));
  EXPECT_THAT(batches.Next(batch), HasCode(StatusCode::kIoError));
  EXPECT_THAT(batches.Next(batch), HasCode(StatusCode::kIoError));
}

std::string ManyLines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "tag" + std::to_string(i % 7) + ",2026-01-02 03:04:05," + std::to_string(i) + ",192\n";
  }
  return text;
}

TEST(CsvBatchPumpTest, HandsOutWhatTheReaderReads) {
  const std::string text = ManyLines(20'000) + "t,never,1,1\n" + ManyLines(2'000);
  CsvReader plain(CsvFromText(text));
  const CsvOutcome expected = ReadByRecord(plain, LongSchema());
  for (const uint64_t before_thread : {0, 1, 5, 1'000'000}) {
    std::atomic<bool> cancelled = false;
    CsvReader reader(CsvFromText(text), ',', 8'192);
    CsvTagTable tags;
    CsvBatchReader batches(reader, tags, LongSchema(), {});
    std::vector<std::string> names;
    CsvOutcome outcome;
    CsvBatchPump pump(batches, cancelled, before_thread);
    for (;;) {
      ASSERT_OK_AND_ASSIGN(const CsvBatch* const batch, pump.Next());
      if (batch == nullptr) break;
      names.insert(names.end(), batch->new_tags.begin(), batch->new_tags.end());
      CsvTagTable known;  // the reader's own may be growing
      for (const std::string& name : names) known.Number(name);
      AddBatch(*batch, known, outcome);
    }
    EXPECT_TRUE(outcome == expected) << before_thread;
    EXPECT_FALSE(cancelled);
  }
}

TEST(CsvBatchPumpTest, TellsAFailureBehindTheLastBatch) {
  for (const uint64_t before_thread : {0, 1'000'000}) {
    std::atomic<bool> cancelled = false;
    CsvReader reader(
        [pieces = 0](std::span<char> out) mutable -> Result<size_t> {
          if (++pieces > 100) return Status::IoError("read CSV: broken");
          constexpr std::string_view kText = "t,2026-01-02,1,0\n";
          std::copy(kText.begin(), kText.end(), out.begin());
          return kText.size();
        },
        ',', 64);
    CsvTagTable tags;
    CsvBatchReader batches(reader, tags, LongSchema(), {});
    CsvBatchPump pump(batches, cancelled, before_thread);
    size_t records = 0;
    Status failure;
    for (;;) {
      const Result<const CsvBatch*> batch = pump.Next();
      failure = batch.status();
      if (!failure.ok()) break;
      ASSERT_NE(batch.value(), nullptr);
      records += batch.value()->records().size();
    }
    EXPECT_EQ(records, 100U);
    EXPECT_THAT(failure, HasCode(StatusCode::kIoError));
  }
}

// Goal: whoever leaves the pump does not wait for a pipe that stays silent.
TEST(CsvBatchPumpTest, EndsWhileItsThreadWaitsForInput) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const std::string text = ManyLines(100);
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  {
    std::atomic<bool> cancelled = false;
    CsvReader reader(CsvFromDescriptor(ends[0], [&] { return cancelled.load(); }));
    CsvTagTable tags;
    CsvBatchReader batches(reader, tags, LongSchema(), {});
    CsvBatchPump pump(batches, cancelled, 0);
    ASSERT_OK_AND_ASSIGN(const CsvBatch* const batch, pump.Next());
    ASSERT_NE(batch, nullptr);
    EXPECT_THAT(batch->records(), SizeIs(100));
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(CsvFromDescriptorTest, StopsWaitingWhenCancelled) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  int looks = 0;
  const CsvSource source = CsvFromDescriptor(ends[0], [&looks] { return ++looks > 1; });
  std::array<char, 8> out = {};
  EXPECT_THAT(source(out), HasMessage("interrupted"));
  EXPECT_EQ(looks, 2);
  ::close(ends[1]);
  looks = 0;
  ASSERT_OK_AND_ASSIGN(const size_t size, source(out));
  EXPECT_EQ(size, 0U) << "the other end is closed";
  ::close(ends[0]);
}

}  // namespace
}  // namespace xtdb
