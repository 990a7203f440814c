#include "vtab/lines/text_batch_reader.h"

#include <algorithm>
#include <string>

namespace xtdb {
namespace {

constexpr auto kNone = std::string_view::npos;

}  // namespace

// The next line, with how many bytes it takes; false: more has to be read, or nothing is left.
Result<bool> TextBatchReader::FindLine(std::string_view& line, size_t& bytes) {
  const CsvReader::Ahead ahead = reader().ahead();
  size_t end = FindEnd(ahead.text);
  if (end == kNone && !ahead.whole) {
    if (ahead.text.size() <= CsvReader::kRecordBytesMax) return false;
    return Status::TooBig("line " + std::to_string(ahead.line) + " is longer than " +
                          std::to_string(CsvReader::kRecordBytesMax) + " bytes");
  }
  // Of a text that is not closed only the first line is bad.
  if (end == kNone) end = std::min(ahead.text.find('\n'), ahead.text.size());
  if (ahead.text.empty()) return false;
  line = WithoutReturn(ahead.text.substr(0, end));
  bytes = std::min(end + 1, ahead.text.size());
  return true;
}

Status TextBatchReader::Fill(CsvBatch& batch) {
  while (!ended() && !IsFull(batch)) {
    std::string_view line;
    size_t bytes = 0;
    XTDB_ASSIGN_OR_RETURN(const bool found, FindLine(line, bytes));
    if (!found) {
      if (reader().ahead().whole) {
        End();
      } else if (!batch.empty()) {
        return {};
      } else {
        ForgetText();
        XTDB_RETURN_IF_ERROR(reader().ReadOn());
      }
      continue;
    }
    if (!IsSkipped(line)) TakeRecord(line, batch);
    reader().Consume(bytes, 1 + static_cast<uint64_t>(std::count(line.begin(), line.end(), '\n')));
  }
  return {};
}

void TextBatchReader::TakeRecord(std::string_view line, CsvBatch& batch) {
  const uint64_t number = line_number();
  const size_t points = batch.points().size();
  const Status taken = TakeLine(line, batch).WithContext("line " + std::to_string(number));
  if (!taken.ok()) {
    batch.AddBadRecord(taken);
    if (options().ends_at_bad_record) End();
  } else if (batch.points().size() > points) {
    batch.EndRecord(number);
  }
}

}  // namespace xtdb
