#include "vtab/csv/csv_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/vtab/csv_pieces.h"

namespace xtdb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Row = std::vector<std::string>;

struct Everything {
  std::vector<Row> rows;
  std::vector<uint64_t> lines;
  std::vector<std::string> errors;
};

Everything ReadAll(CsvReader& reader) {
  Everything all;
  CsvRecord record;
  for (;;) {
    const Result<bool> more = reader.Next(record);
    if (!more.ok()) {
      all.errors.emplace_back(more.status().message());
      if (more.status().code() != StatusCode::kInvalidArgument) return all;
      continue;
    }
    if (!more.value()) return all;
    EXPECT_EQ(record.fields.size(), record.quoted.size());
    all.rows.emplace_back(record.fields.begin(), record.fields.end());
    all.lines.push_back(record.line);
  }
}

Everything ReadAll(const std::string& text, char separator = ',') {
  CsvReader reader(CsvFromText(text), separator);
  Everything all = ReadAll(reader);
  // Where the pieces and the buffer end must make no difference.
  for (const size_t piece_bytes : {1, 2, 3, 7}) {
    CsvReader slow(InPieces(text, piece_bytes), separator, 4);
    const Everything again = ReadAll(slow);
    EXPECT_EQ(again.rows, all.rows) << piece_bytes;
    EXPECT_EQ(again.lines, all.lines) << piece_bytes;
    EXPECT_EQ(again.errors, all.errors) << piece_bytes;
  }
  return all;
}

TEST(CsvReaderTest, NothingGivesNoRecord) {
  EXPECT_THAT(ReadAll("").rows, IsEmpty());
  EXPECT_THAT(ReadAll("\n\r\n\n").rows, IsEmpty());
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF").rows, IsEmpty());
}

TEST(CsvReaderTest, CutsAtSeparatorsAndLineEnds) {
  EXPECT_THAT(ReadAll("a,b\nc,d\n").rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
  EXPECT_THAT(ReadAll("a,b\r\nc,d\r\n").rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
  EXPECT_THAT(ReadAll("a,b\nc,d").rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
  EXPECT_THAT(ReadAll("a,b\r\nc,d\r").rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
  EXPECT_THAT(ReadAll(",\n,,").rows, ElementsAre(Row{"", ""}, Row{"", "", ""}));
  EXPECT_THAT(ReadAll("a;b,c\td\n", ';').rows, ElementsAre(Row{"a", "b,c\td"}));
  EXPECT_THAT(ReadAll("a\tb\n", '\t').rows, ElementsAre(Row{"a", "b"}));
}

TEST(CsvReaderTest, SkipsAByteOrderMark) {
  EXPECT_THAT(ReadAll("\xEF\xBB\xBFtime,value\n").rows, ElementsAre(Row{"time", "value"}));
  EXPECT_THAT(ReadAll("\xEF\xBB\xBF\"time\",value\n").rows, ElementsAre(Row{"time", "value"}));
}

TEST(CsvReaderTest, UnquotesFields) {
  EXPECT_THAT(ReadAll("\"a\",\"b,c\",\"\"\n").rows, ElementsAre(Row{"a", "b,c", ""}));
  EXPECT_THAT(ReadAll("\"say \"\"hi\"\"\",x\n").rows, ElementsAre(Row{"say \"hi\"", "x"}));
  EXPECT_THAT(ReadAll("\"\"\"\"").rows, ElementsAre(Row{"\""}));
  EXPECT_THAT(ReadAll("\"a\r\nb\",c\r\n").rows, ElementsAre(Row{"a\r\nb", "c"}));
  EXPECT_THAT(ReadAll("x,\"a\"\r").rows, ElementsAre(Row{"x", "a"}));
  EXPECT_THAT(ReadAll("\"a\",\n").rows, ElementsAre(Row{"a", ""}));
  EXPECT_THAT(ReadAll("\"a\",").rows, ElementsAre(Row{"a", ""}));
}

TEST(CsvReaderTest, TellsQuotedFieldsFromPlainOnes) {
  CsvReader reader(CsvFromText("\"\",,\"1\",1\n"));
  CsvRecord record;
  ASSERT_OK_AND_ASSIGN(const bool more, reader.Next(record));
  ASSERT_TRUE(more);
  EXPECT_THAT(record.quoted, ElementsAre(1, 0, 1, 0));
}

TEST(CsvReaderTest, AQuoteInsideAFieldIsAnOrdinaryCharacter) {
  EXPECT_THAT(ReadAll("3\" pipe,x\n").rows, ElementsAre(Row{"3\" pipe", "x"}));
  EXPECT_THAT(ReadAll(" \"a\",\"b\"\n").rows, ElementsAre(Row{" \"a\"", "b"}));
}

TEST(CsvReaderTest, CountsPhysicalLines) {
  const Everything all = ReadAll("a\n\n\"b\nc\"\nd\r\n\r\n\"e\n\n\"\nf");
  EXPECT_THAT(all.rows, ElementsAre(Row{"a"}, Row{"b\nc"}, Row{"d"}, Row{"e\n\n"}, Row{"f"}));
  EXPECT_THAT(all.lines, ElementsAre(1, 3, 5, 7, 10));
}

TEST(CsvReaderTest, ReportsABadQuoteAndGoesOnBehindIt) {
  const Everything all = ReadAll("a,b\n\"c\"x,d\ne,f\n\"g\nh\"i\nj,k\n");
  EXPECT_THAT(all.errors, ElementsAre("line 2: something follows the closing quote of a field",
                                      "line 5: something follows the closing quote of a field"));
  EXPECT_THAT(all.rows, ElementsAre(Row{"a", "b"}, Row{"e", "f"}, Row{"j", "k"}));
  EXPECT_THAT(all.lines, ElementsAre(1, 3, 6));
}

TEST(CsvReaderTest, TheRestOfABadRecordIsNoRecordWhereverTheBufferEnds) {
  const Everything all = ReadAll("\"a\nb\"c,d,e,f\ng,h\n");
  EXPECT_THAT(all.errors, ElementsAre("line 2: something follows the closing quote of a field"));
  EXPECT_THAT(all.rows, ElementsAre(Row{"g", "h"}));
}

TEST(CsvReaderTest, ReportsAnOpenQuoteAndReadsTheLinesBehindIt) {
  const Everything all = ReadAll("a,b\nc,\"d\ne,f\ng,h");
  EXPECT_THAT(all.errors, ElementsAre("line 2: a quoted field is not closed"));
  EXPECT_THAT(all.rows, ElementsAre(Row{"a", "b"}, Row{"e", "f"}, Row{"g", "h"}));
  EXPECT_THAT(ReadAll("\"").errors, ElementsAre("line 1: a quoted field is not closed"));
}

TEST(CsvReaderTest, RefusesALineWithoutEnd) {
  CsvReader reader(CsvFromText(std::string_view("abc\ndefghijklmnopqrstuvwxyz")), ',', 4, 8);
  const Everything all = ReadAll(reader);
  EXPECT_THAT(all.rows, ElementsAre(Row{"abc"}));
  EXPECT_THAT(all.errors, ElementsAre("line 2 is longer than 8 bytes"));
  CsvRecord record;
  EXPECT_THAT(reader.Next(record), HasCode(StatusCode::kTooBig));
}

TEST(CsvReaderTest, RefusesUtf16) {
  EXPECT_THAT(ReadAll(std::string("\xFF\xFEt\0", 4)).errors, ElementsAre(HasSubstr("UTF-16")));
}

TEST(CsvReaderTest, AFailingSourceIsFinal) {
  int calls = 0;
  CsvReader reader([&calls](std::span<char> out) -> Result<size_t> {
    if (++calls > 1) return Status::IoError("read CSV: broken");
    out[0] = 'a';
    out[1] = '\n';
    out[2] = 'b';
    return size_t{3};
  });
  CsvRecord record;
  ASSERT_OK_AND_ASSIGN(const bool more, reader.Next(record));
  EXPECT_TRUE(more);
  EXPECT_THAT(reader.Next(record), HasCode(StatusCode::kIoError));
  EXPECT_THAT(reader.Next(record), HasCode(StatusCode::kIoError));
}

TEST(CsvReaderTest, PeekConsumesNothing) {
  CsvReader reader(
      CsvFromText("\xEF\xBB\xBF"
                  "a,b\nc,d\n"));
  ASSERT_OK_AND_ASSIGN(const CsvReader::Beginning beginning, reader.Peek());
  EXPECT_EQ(beginning.text, "a,b\nc,d\n");
  EXPECT_TRUE(beginning.whole);
  EXPECT_THAT(ReadAll(reader).rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
}

TEST(CsvReaderTest, PeekOfALongFileIsNotAllOfIt) {
  CsvReader reader(CsvFromText(std::string_view("a,b\nc,d\n")), ',', 4);
  ASSERT_OK_AND_ASSIGN(const CsvReader::Beginning small, reader.Peek());
  EXPECT_TRUE(small.whole);
  const std::string text(3 * CsvReader::kPeekBytes, '\n');
  CsvReader long_reader(CsvFromText(text), ',', CsvReader::kPeekBytes);
  ASSERT_OK_AND_ASSIGN(const CsvReader::Beginning beginning, long_reader.Peek());
  EXPECT_EQ(beginning.text.size(), CsvReader::kPeekBytes);
  EXPECT_FALSE(beginning.whole);
}

TEST(CsvReaderTest, ReadsADescriptor) {
  const TemporaryDirectory folder;
  const std::string path = folder / "a.csv";
  std::ofstream(path) << "a,b\nc,d\n";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  CsvReader reader(CsvFromDescriptor(fd));
  EXPECT_THAT(ReadAll(reader).rows, ElementsAre(Row{"a", "b"}, Row{"c", "d"}));
  EXPECT_EQ(reader.bytes_consumed(), 8U);
  ::close(fd);
  CsvReader closed(CsvFromDescriptor(-1));
  CsvRecord record;
  EXPECT_THAT(closed.Next(record), HasCode(StatusCode::kIoError));
}

// Goal: what is written by the rules of RFC 4180 reads back, wherever the buffer ends.
TEST(CsvReaderTest, ReadsBackSeededRecords) {
  std::mt19937_64 random(5);
  constexpr std::string_view kAlphabet = "ab,\"\n\r ;";
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Row> rows;
    std::string text;
    for (uint64_t row = 1 + random() % 4; row > 0; --row) {
      rows.emplace_back();
      for (uint64_t field = 1 + random() % 4; field > 0; --field) {
        std::string content, quoted;
        for (uint64_t left = random() % 6; left > 0; --left) {
          content += kAlphabet[random() % kAlphabet.size()];
          quoted += content.back();
          if (content.back() == '"') quoted += '"';
        }
        text += rows.back().empty() ? "\"" : ",\"";
        text += quoted + "\"";
        rows.back().push_back(content);
      }
      text += random() % 2 == 0 ? "\n" : "\r\n";
    }
    CsvReader reader(InPieces(text, 1 + random() % 9), ',', 4 + random() % 9);
    const Everything all = ReadAll(reader);
    ASSERT_THAT(all.errors, IsEmpty()) << text;
    ASSERT_EQ(all.rows, rows) << text;
  }
}

}  // namespace
}  // namespace xtdb
