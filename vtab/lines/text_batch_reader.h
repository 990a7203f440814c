#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/csv/csv_batch_reader.h"
#include "vtab/csv/csv_reader.h"
#include "vtab/csv/csv_tag_table.h"
#include "vtab/csv/point_batch_reader.h"

namespace xtdb {

inline std::string_view WithoutReturn(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

// Reads a file in batches of points, a record a line, where a line says all of its points. What a
// line is and what it says, the formats know.
//
// Ownership: borrows `reader`, of which it takes the bytes, and `tags`.
// Threads:   one at a time; while it reads, it alone uses both.
class TextBatchReader : public PointBatchReader {
 public:
  Result<bool> Next(CsvBatch& batch) final;

 protected:
  TextBatchReader(CsvReader& reader, CsvTagTable& tags, const CsvBatchOptions& options);

  const CsvBatchOptions& options() const { return options_; }
  CsvTagTable& tags() { return tags_; }
  uint64_t line_number() const { return reader_.ahead().line; }  // of the line that is taken

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

  Status Fill(CsvBatch& batch);
  bool IsFull(const CsvBatch& batch) const;
  Result<bool> FindLine(std::string_view& line, size_t& bytes);
  void TakeRecord(std::string_view line, CsvBatch& batch);

  CsvReader& reader_;
  CsvTagTable& tags_;
  const CsvBatchOptions options_;
  uint32_t tags_told_ = 0;  // how many were among some batch's new_tags
  uint64_t records_to_boundary_ = 0;
  bool ended_ = false;
  Status failure_;  // to be returned behind the last batch
};

}  // namespace xtdb
