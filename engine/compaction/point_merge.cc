#include "engine/compaction/point_merge.h"

#include <algorithm>
#include <utility>

namespace xtdb {
namespace {

bool HasNoValue(const PointColumns& rows) {
  return std::all_of(rows.flags.begin(), rows.flags.end(),
                     [](uint8_t flags) { return (flags & (kPointNull | kPointDeleted)) != 0; });
}

}  // namespace

PointMerge::PointMerge(TagId tag, ValueType type, std::vector<Source> sources)
    : tag_(tag), type_(type), cursors_(sources.size()) {
  for (size_t i = 0; i < sources.size(); ++i) {
    cursors_[i].next_ts = sources[i].entry->ts_min_us;
    cursors_[i].source = std::move(sources[i]);
    heap_.push_back(&cursors_[i]);
  }
  std::make_heap(heap_.begin(), heap_.end(), IsBehind);
}

bool PointMerge::IsBehind(const Cursor* a, const Cursor* b) {
  if (a->next_ts != b->next_ts) return a->next_ts > b->next_ts;
  if (a->is_read() != b->is_read()) return a->is_read();
  return a->source.entry->through_lsn < b->source.entry->through_lsn;
}

Result<bool> PointMerge::ReadOn(Cursor& cursor) const {
  const VectorTable table = cursor.source.loaded->TableOf(tag_);
  if (cursor.next_vector == table.vectors.size()) return false;
  cursor.rows.Clear();
  cursor.rows.type = table.type;
  XTDB_RETURN_IF_ERROR(
      cursor.source.loaded->DecodeVectorAt(table.first_vector + cursor.next_vector, cursor.rows));
  if (cursor.rows.type != type_ && cursor.rows.type != ValueType::kNone) {
    if (HasNoValue(cursor.rows)) {
      cursor.rows.type = type_;  // NULLs and tombstones fit any; a ROLLBACK TO took the other back
    } else if (type_ == ValueType::kFloat64 && IsInteger(cursor.rows.type)) {
      WidenToFloat64(cursor.rows);
    } else {
      return Status::Corruption("tag " + std::to_string(tag_) +
                                " has blocks of a type that it cannot have had");
    }
  }
  ++cursor.next_vector;
  const std::vector<int64_t>& ts_us = cursor.rows.ts_us;
  const auto visible = std::lower_bound(ts_us.begin(), ts_us.end(), cursor.source.first_visible_us);
  cursor.at = static_cast<size_t>(visible - ts_us.begin());
  cursor.next_ts = cursor.is_read() ? *visible : ts_us.back();
  return true;
}

void PointMerge::PushBack(Cursor* cursor) {
  heap_.push_back(cursor);
  std::push_heap(heap_.begin(), heap_.end(), IsBehind);
}

// Rows before those of any other cursor, and one at least.
size_t PointMerge::RowsToTake(const Cursor& cursor, size_t limit) const {
  const size_t left = std::min(limit, cursor.rows.size() - cursor.at);
  if (heap_.empty()) return left;
  const int64_t rival = heap_.front()->next_ts;
  const auto begin = cursor.rows.ts_us.begin() + static_cast<std::ptrdiff_t>(cursor.at);
  const auto end = begin + static_cast<std::ptrdiff_t>(left);
  return static_cast<size_t>(
      std::max<std::ptrdiff_t>(std::lower_bound(begin, end, rival) - begin, 1));
}

Status PointMerge::Read(size_t rows, PointColumns& out) {
  while (!heap_.empty() && out.size() < rows) {
    std::pop_heap(heap_.begin(), heap_.end(), IsBehind);
    Cursor* const cursor = heap_.back();
    heap_.pop_back();
    if (!cursor->is_read()) {
      XTDB_ASSIGN_OR_RETURN(const bool has_more, ReadOn(*cursor));
      if (has_more) PushBack(cursor);
      continue;
    }
    size_t taken = 1;
    if (!has_last_ || cursor->next_ts > last_ts_) {
      taken = RowsToTake(*cursor, rows - out.size());
      out.AppendRange(cursor->rows, cursor->at, cursor->at + taken);
      last_ts_ = out.ts_us.back();
      has_last_ = true;
    }
    cursor->at += taken;
    if (cursor->is_read()) cursor->next_ts = cursor->rows.ts_us[cursor->at];
    PushBack(cursor);
  }
  return Status();
}

}  // namespace xtdb
