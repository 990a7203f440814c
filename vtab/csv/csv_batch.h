#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"
#include "engine/catalog/tag_definition.h"

namespace xtdb {

// A point of a batch. `type` is what its text looks like: kInt64, kFloat64, kText, or kNone for
// NULL, which alone has bits.
struct CsvBatchPoint {
  int64_t ts_us = 0;
  ValueBits bits = 0;  // of kInt64 and kFloat64
  uint32_t tag = 0;    // its number in the CsvTagTable
  uint32_t text_begin = 0;
  uint32_t text_size = 0;
  ValueType type = ValueType::kNone;
  Quality quality = kQualityGood;
};

struct CsvBatchRecord {
  uint32_t points_end = 0;  // behind its last point; it begins where the one before ends
  uint32_t lines_down = 0;  // from the batch's first line
};

struct CsvBadRecord {
  size_t records_before = 0;  // of the same batch
  Status reason;
};

// What a file says of a tag itself; what it does not say stays as it is.
struct CsvTagDefinition {
  uint64_t line = 0;
  bool only_if_new = false;  // else of a tag that there is, too
  std::string name;
  std::optional<ValueType> type;
  std::optional<std::string> unit;
  std::optional<std::string> description;
  std::optional<Interpolation> interpolation;
};

// What the points of one tag in a batch have among them; bits of CsvTagGroup::has.
inline constexpr uint8_t kHasInteger = 1;
inline constexpr uint8_t kHasReal = 2;
inline constexpr uint8_t kHasText = 4;
inline constexpr uint8_t kHasNull = 8;
inline constexpr uint8_t kHasWideInteger = 16;  // that a double may not hold
inline constexpr uint8_t kHasLongText = 32;     // too long for some containers
inline constexpr uint8_t kHasQuality = 64;      // other than good

// The points of one tag in a batch: rows [begin, end) of its columns, in the order of the file.
struct CsvTagGroup {
  uint32_t tag = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint8_t has = 0;
};

// Points of many consecutive records, by record and by tag. It owns its texts.
//
// Threads: one at a time; it may be handed from one to another.
class CsvBatch {
 public:
  void Clear();

  // Of a record, which EndRecord makes of what was added since the last.
  // text: with kCsvSlackBytes behind it that may be read
  void AddPoint(CsvBatchPoint point, std::string_view text) {
    point.text_begin = static_cast<uint32_t>(heap_size_);
    point.text_size = static_cast<uint32_t>(text.size());
    AddText(text);
    points_.push_back(point);
  }
  void EndRecord(uint64_t line) {
    if (records_.empty()) first_line_ = line;
    records_.push_back(
        {static_cast<uint32_t>(points_.size()), static_cast<uint32_t>(line - first_line_)});
  }
  void AddBadRecord(Status reason) { bad_records_.push_back({records_.size(), std::move(reason)}); }
  // Makes the columns and groups; the batch is complete.
  //   tag_count: every point's tag is below it
  void Group(uint32_t tag_count);

  bool empty() const { return records_.empty() && bad_records_.empty() && definitions.empty(); }
  // So much is good for a batch.
  bool IsLarge() const { return points_.size() >= kPointsMax || heap_size_ >= kTextBytesMax; }
  const std::vector<CsvBatchPoint>& points() const { return points_; }
  const std::vector<CsvBatchRecord>& records() const { return records_; }  // with points only
  const std::vector<CsvBadRecord>& bad_records() const { return bad_records_; }
  uint64_t line(size_t record) const { return first_line_ + records_[record].lines_down; }
  std::string_view text(const CsvBatchPoint& point) const {
    return {heap_.data() + point.text_begin, point.text_size};
  }
  size_t text_bytes() const { return heap_size_; }

  // Behind Group: columns by tag, and the index of each row's point.
  const std::vector<CsvTagGroup>& groups() const { return groups_; }
  const std::vector<int64_t>& ts_us() const { return ts_us_; }
  const std::vector<ValueBits>& bits() const { return bits_; }
  const std::vector<Quality>& quality() const { return quality_; }
  const std::vector<uint32_t>& point_index() const { return point_index_; }

  // Names of the tags that came up since the batch before, numbered from where those end.
  std::vector<std::string> new_tags;
  std::vector<CsvTagDefinition> definitions;  // before all points
  uint64_t bytes_consumed = 0;                // of the file, up to the end of the batch

 private:
  static constexpr size_t kPointsMax = 32 * 1024;
  static constexpr size_t kTextBytesMax = 16 * kMiB;
  static constexpr size_t kShortText = 16;

  void AddText(std::string_view text) {
    if (heap_size_ + text.size() + kShortText > heap_.size()) GrowHeap(text.size());
    // A copy of known size is two instructions; what it copies too much is written over.
    if (text.size() <= kShortText) [[likely]] {
      std::copy_n(text.data(), kShortText, heap_.data() + heap_size_);
    } else {
      std::copy_n(text.data(), text.size(), heap_.data() + heap_size_);
    }
    heap_size_ += text.size();
  }
  void GrowHeap(size_t bytes);

  std::vector<CsvBatchPoint> points_;
  std::vector<CsvBatchRecord> records_;
  std::vector<CsvBadRecord> bad_records_;
  uint64_t first_line_ = 0;
  std::vector<char> heap_;  // all of it writable; heap_size_ in use
  size_t heap_size_ = 0;
  std::vector<CsvTagGroup> groups_;
  std::vector<uint32_t> group_of_tag_;  // index + 1 in groups_; 0 between calls of Group
  std::vector<int64_t> ts_us_;
  std::vector<ValueBits> bits_;
  std::vector<Quality> quality_;
  std::vector<uint32_t> point_index_;
};

}  // namespace xtdb
