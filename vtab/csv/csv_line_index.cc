#include "vtab/csv/csv_line_index.h"

#include <algorithm>

#include "engine/base/types.h"
#include "vtab/csv/structural_index.h"

namespace xtdb {
namespace {

constexpr size_t kIndexBytesMax = 1 * kMiB;

}  // namespace

CsvLineIndex::CsvLineIndex(CsvReader& reader, char separator, size_t columns)
    : reader_(reader),
      separator_(separator),
      columns_(columns),
      // Not zeroed: a file without a surprise touches a small part of it.
      positions_(new uint32_t[kIndexBytesMax + kCsvSlackBytes]) {}

CsvLineIndex::Line CsvLineIndex::LookAtRest() const {
  if (whole_) return Line::kOdd;
  const uint32_t* const begin = positions_.get() + next_;
  const uint32_t* const end = positions_.get() + position_count_;
  const bool has_line_end =
      std::any_of(begin, end, [this](uint32_t at) { return text_[at] == '\n'; });
  return has_line_end ? Line::kOdd : Line::kCut;
}

void CsvLineIndex::Synchronize() {
  const uint64_t lines = line_ - reader_.ahead().line;
  reader_.Consume(line_begin_ - synchronized_, lines);
  synchronized_ = line_begin_;
}

void CsvLineIndex::Refresh() {
  const CsvReader::Ahead ahead = reader_.ahead();
  line_ = ahead.line;
  if (text_ != nullptr && ahead.reads == reads_) {
    line_begin_ = static_cast<size_t>(ahead.text.data() - text_);
    synchronized_ = line_begin_;
    while (next_ < position_count_ && positions_[next_] < line_begin_) ++next_;
    return;
  }
  text_ = ahead.text.data();
  size_ = std::min(ahead.text.size(), kIndexBytesMax);
  whole_ = ahead.whole && size_ == ahead.text.size();
  reads_ = ahead.reads;
  position_count_ = IndexStructure(text_, size_, separator_, positions_.get());
  next_ = 0;
  line_begin_ = 0;
  synchronized_ = 0;
}

}  // namespace xtdb
