#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "vtab/csv/csv_reader.h"

namespace xtdb {

// Cuts the plain lines that a CsvReader has read ahead, by an index of their separators, line ends
// and quotes; every other line is the reader's own to read.
//
//   Refresh -> Look -> (Take)... ; Synchronize -> calls of the reader -> Refresh
//
// Ownership: borrows `reader`.
// Threads:   one at a time.
class CsvLineIndex {
 public:
  // columns: of a plain line, at least 1
  CsvLineIndex(CsvReader& reader, char separator, size_t columns);

  enum class Line : uint8_t {
    kPlain,  // fields as many as columns, no quote
    kOdd,    // anything else, also the end of the file
    kCut,    // not wholly in the index
  };
  // What stands next.
  Line Look() const {
    if (next_ + columns_ > position_count_) [[unlikely]]
      return LookAtRest();
    const uint32_t* const ends = positions_.get() + next_;
    bool plain = text_[ends[columns_ - 1]] == '\n';
    for (size_t i = 0; i + 1 < columns_; ++i) plain &= text_[ends[i]] == separator_;
    return plain ? Line::kPlain : Line::kOdd;
  }
  // Of the plain line that stands next; a \r before the line end is no part of the last one.
  std::string_view Field(size_t column) const {
    const uint32_t* const ends = positions_.get() + next_;
    const size_t begin = column == 0 ? line_begin_ : ends[column - 1] + 1;
    size_t end = ends[column];
    if (column + 1 == columns_ && end > begin && text_[end - 1] == '\r') --end;
    return {text_ + begin, end - begin};
  }
  uint64_t line() const { return line_; }
  // Goes behind the plain line that stands next.
  void Take() {
    line_begin_ = positions_[next_ + columns_ - 1] + 1;
    next_ += columns_;
    ++line_;
  }

  // Tells the reader what was taken.
  void Synchronize();
  // Goes to where the reader stands; what it has ahead is indexed anew if it has read.
  void Refresh();
  // Behind a kCut and Synchronize: whether the reader has to read on, and not only Refresh.
  bool needs_read() const { return size_ == reader_.ahead().text.size() + synchronized_; }
  // Nothing was taken since the index was made.
  bool untouched() const { return line_begin_ == 0; }
  // Makes the next Refresh begin an index where the reader stands.
  void Drop() { text_ = nullptr; }

 private:
  Line LookAtRest() const;

  CsvReader& reader_;
  const char separator_;
  const size_t columns_;
  std::unique_ptr<uint32_t[]> positions_;
  const char* text_ = nullptr;  // the indexed bytes
  size_t size_ = 0;
  bool whole_ = false;  // nothing comes behind them
  uint64_t reads_ = 0;  // of the reader, when the index was made
  size_t position_count_ = 0;
  size_t next_ = 0;          // first position that is not taken
  size_t line_begin_ = 0;    // of the line that stands next
  size_t synchronized_ = 0;  // bytes of text_ that the reader knows to be taken
  uint64_t line_ = 1;        // at line_begin_
};

}  // namespace xtdb
