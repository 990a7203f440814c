#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "vtab/csv/structural_index.h"

namespace xtdb {

// One line of a CSV file, or several where a quoted field holds line ends.
struct CsvRecord {
  uint64_t line = 0;                     // physical line it begins in, from 1
  std::vector<std::string_view> fields;  // without quotes; valid until the reader's next call
  std::vector<uint8_t> quoted;           // [fields.size()] 1: the field stood in quotes
};

// Fills a part of the buffer and returns how many bytes, 0 at the end.
using CsvSource = std::function<Result<size_t>(std::span<char>)>;
CsvSource CsvFromText(std::string_view text);  // the text must outlive the source
// Does not close it.
//   is_cancelled: looked at while it waits for input; true is an error, `interrupted`
CsvSource CsvFromDescriptor(int fd, std::function<bool()> is_cancelled = {});

// Cuts CSV into records, reading ahead in large pieces: RFC 4180 quotes, line ends LF or CRLF, with
// or without one at the end, a byte order mark in front. Blank lines are skipped. A quote inside an
// unquoted field is an ordinary character.
//
// Threads: none of its own; one at a time.
// Errors:  kInvalidArgument, `line 7: ...`, is one bad record: the next call goes on behind it.
//          Every other code is final (a failing read, UTF-16, a line that is too long).
class CsvReader {
 public:
  static constexpr size_t kBufferBytes = 1 * kMiB;
  static constexpr size_t kPeekBytes = 64 * kKiB;
  static constexpr size_t kRecordBytesMax = 64 * kMiB;

  // buffer_bytes: what is read at once; it grows with the longest record up to record_bytes_max.
  explicit CsvReader(CsvSource source, char separator = ',', size_t buffer_bytes = kBufferBytes,
                     size_t record_bytes_max = kRecordBytesMax);

  void set_separator(char separator) { separator_ = separator; }

  struct Beginning {
    std::string_view text;  // valid until the next call
    bool whole = false;     // it is all there is
  };
  // The first kPeekBytes or more, not consumed, for telling what the file is; before the first
  // Next().
  Result<Beginning> Peek();

  // Reads the next record; false at the end.
  Result<bool> Next(CsvRecord& record);

  // What is read and not consumed, with kCsvSlackBytes behind it that may be read; for a caller
  // that cuts the simple lines itself. Valid until the next read, which `reads` counts.
  struct Ahead {
    std::string_view text;
    uint64_t line = 1;  // of its first byte
    uint64_t reads = 0;
    bool whole = false;  // nothing comes behind it
  };
  Ahead ahead() const { return {{buffer_.data() + begin_, end_ - begin_}, line_, reads_, at_end_}; }
  // Reads once more, at least a byte if there is one.
  Status ReadOn();
  // Takes the first `bytes` of what is ahead, which end behind a line and hold `lines` of them.
  void Consume(size_t bytes, uint64_t lines) {
    begin_ += bytes;
    line_ += lines;
  }

  uint64_t bytes_consumed() const { return bytes_dropped_ + begin_; }

 private:
  struct RawField {
    size_t begin;  // in buffer_
    size_t size;
    bool quoted;
    bool has_escapes;
  };

  Status Start();
  Status Fill();
  Result<bool> FindLine(size_t& line_end);
  Status TakeQuotedRecord(CsvRecord& record);
  Status ScanQuotedRecord(size_t& record_end);
  Status ScanQuotedField(size_t& at, bool& more);
  Result<bool> HasByte(size_t at);
  size_t SkipTo(size_t at, char a, char b) const;
  void SplitPlain(std::string_view line, CsvRecord& record);
  std::string_view Unquote(const RawField& field);
  Status Bad(uint64_t line, std::string_view why) const;
  Status SkipThrough(size_t at);

  const CsvSource source_;
  const size_t record_bytes_max_;
  char separator_;
  std::vector<char> buffer_;  // kCsvSlackBytes longer than what may be read into it
  size_t begin_ = 0;          // buffer_[begin_, end_) is read and not consumed
  size_t end_ = 0;
  uint64_t bytes_dropped_ = 0;  // consumed and no longer in the buffer
  uint64_t line_ = 1;           // of buffer_[begin_]
  uint64_t reads_ = 0;
  bool started_ = false;
  bool at_end_ = false;
  Status failure_;  // final; never cleared
  std::vector<RawField> raw_fields_;
};

}  // namespace xtdb
