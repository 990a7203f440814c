#include "vtab/csv/csv_batch.h"

#include <algorithm>

namespace xtdb {
namespace {

// A double holds every integer up to this; of the larger ones that it holds, too, there are few.
constexpr int64_t kExactMax = int64_t{1} << 53;

uint8_t WhatItHas(const CsvBatchPoint& point) {
  const uint8_t quality = point.quality == kQualityGood ? 0 : kHasQuality;
  switch (point.type) {
    case ValueType::kInt64:
      return kHasInteger | quality |
             (AsInt64(point.bits) > kExactMax || AsInt64(point.bits) < -kExactMax ? kHasWideInteger
                                                                                  : 0);
    case ValueType::kFloat64:
      return kHasReal | quality;
    case ValueType::kText:
      return kHasText | quality;
    default:
      return kHasNull | quality;
  }
}

}  // namespace

void CsvBatch::Clear() {
  points_.clear();
  records_.clear();
  bad_records_.clear();
  heap_size_ = 0;
  groups_.clear();
  new_tags.clear();
  definitions.clear();
}

void CsvBatch::GrowHeap(size_t bytes) {
  heap_.resize(std::max(2 * heap_.size(), heap_size_ + bytes + kShortText));
}

void CsvBatch::Group(uint32_t tag_count) {
  groups_.clear();
  group_of_tag_.resize(std::max<size_t>(group_of_tag_.size(), tag_count));
  for (const CsvBatchPoint& point : points_) {
    uint32_t& group = group_of_tag_[point.tag];
    if (group == 0) {
      groups_.push_back({point.tag, 0, 0, 0});
      group = static_cast<uint32_t>(groups_.size());
    }
    ++groups_[group - 1].end;
    groups_[group - 1].has |= WhatItHas(point);
    if (point.text_size > kTextBytesMaxInSmallChunks) groups_[group - 1].has |= kHasLongText;
  }
  uint32_t begin = 0;
  for (CsvTagGroup& group : groups_) {
    group.begin = begin;
    begin += std::exchange(group.end, begin);
  }
  ts_us_.resize(points_.size());
  bits_.resize(points_.size());
  quality_.resize(points_.size());
  point_index_.resize(points_.size());
  for (uint32_t i = 0; i < points_.size(); ++i) {
    const CsvBatchPoint& point = points_[i];
    const uint32_t row = groups_[group_of_tag_[point.tag] - 1].end++;
    ts_us_[row] = point.ts_us;
    bits_[row] = point.bits;
    quality_[row] = point.quality;
    point_index_[row] = i;
  }
  for (const CsvTagGroup& group : groups_) group_of_tag_[group.tag] = 0;
}

}  // namespace xtdb
