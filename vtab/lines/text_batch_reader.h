#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/point_batch_reader.h"

namespace xtdb {

inline std::string_view WithoutReturn(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// Reads a file in batches of points, a record a line, where a line says all of its points. What a
// line is and what it says, the formats know.
class TextBatchReader : public PointBatchReader {
 protected:
  using PointBatchReader::PointBatchReader;

  uint64_t line_number() const { return reader().ahead().line; }  // of the line that is taken

 private:
  // Where the line that begins `text` ends: at its \n; npos: not in `text`.
  virtual size_t FindEnd(std::string_view text) const { return text.find('\n'); }
  // Blank, or a comment.
  virtual bool IsSkipped(std::string_view line) const = 0;
  // Adds all points and definitions of the line or, on an error, nothing; kCsvSlackBytes may be
  // read behind it, which has neither its \n nor a \r before it. kInvalidArgument: it is bad.
  virtual Status TakeLine(std::string_view line, CsvBatch& batch) = 0;
  // The text of the lines before is gone.
  virtual void ForgetText() {}

  Status Fill(CsvBatch& batch) final;
  Result<bool> FindLine(std::string_view& line, size_t& bytes);
  void TakeRecord(std::string_view line, CsvBatch& batch);
};

}  // namespace xtdb
