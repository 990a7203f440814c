#include "engine/buffer/mem_buffer.h"

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

namespace xtdb {

template <typename Body>
void MemBuffer::ChangeBuffer(TagId tag, const Body& body) {
  std::unique_lock lock(mutex_);
  TagBuffer& buffer = tags_[tag];
  const size_t before = buffer.bytes();
  body(buffer);
  bytes_ += buffer.bytes() - before;
}

void MemBuffer::Prepare(TagId tag, const PointColumns& rows) {
  ChangeBuffer(tag, [&](TagBuffer& buffer) { buffer.Prepare(rows); });
}

void MemBuffer::PrepareTake(TagId tag, const PointColumns& rows) {
  ChangeBuffer(tag, [&](TagBuffer& buffer) { buffer.PrepareTake(rows); });
}

void MemBuffer::Unprepare(TagId tag) noexcept {
  std::unique_lock lock(mutex_);
  const auto it = tags_.find(tag);
  if (it == tags_.end()) return;
  const size_t before = it->second.bytes();
  it->second.Unprepare();
  bytes_ -= before - it->second.bytes();
  if (it->second.HoldsNothing()) tags_.erase(it);
}

void MemBuffer::Append(TagId tag, const PointColumns& rows, LSN lsn, LSN first_frame_lsn) noexcept {
  std::unique_lock lock(mutex_);
  tags_.find(tag)->second.Append(rows, lsn, first_frame_lsn);
  point_count_ += rows.size();
}

void MemBuffer::Take(TagId tag, PointColumns&& rows, LSN lsn, LSN first_frame_lsn) noexcept {
  std::unique_lock lock(mutex_);
  point_count_ += rows.size();
  tags_.find(tag)->second.Take(std::move(rows), lsn, first_frame_lsn);
}

void MemBuffer::RunsAt(TagId tag, LSN lsn, int64_t ts_from, int64_t ts_to,
                       std::vector<MemoryRun>& out) const {
  std::shared_lock lock(mutex_);
  const auto it = tags_.find(tag);
  if (it != tags_.end()) it->second.RunsAt(lsn, ts_from, ts_to, out);
}

PointColumns MemBuffer::Collect(TagId tag, ValueType type) const {
  std::shared_lock lock(mutex_);
  return tags_.at(tag).Collect(type);
}

void MemBuffer::Retire(TagId tag, LSN flush_lsn) {
  std::unique_lock lock(mutex_);
  const auto it = tags_.find(tag);
  if (it == tags_.end() || !it->second.HasRows()) return;
  const size_t bytes = it->second.bytes();
  const uint64_t rows = it->second.row_count();
  if (!it->second.HasRetired()) tags_with_retired_.push_back(tag);
  it->second.Retire(flush_lsn);
  bytes_ -= bytes;
  retired_bytes_ += bytes;
  point_count_ -= rows;
}

void MemBuffer::Reclaim(const SnapshotSet& snapshots) {
  std::unique_lock lock(mutex_);
  std::erase_if(tags_with_retired_, [&](TagId tag) {
    const auto it = tags_.find(tag);
    if (it == tags_.end()) return true;
    TagBuffer& buffer = it->second;
    retired_bytes_ -= buffer.retired_bytes();
    buffer.Reclaim(snapshots);
    retired_bytes_ += buffer.retired_bytes();
    if (buffer.HasRetired()) return false;
    // A transaction may have prepared rows that it is about to append.
    if (buffer.HoldsNothing()) tags_.erase(it);
    return true;
  });
}

std::vector<MemBuffer::TagUsage> MemBuffer::Usage() const {
  std::vector<TagUsage> usage;
  {
    std::shared_lock lock(mutex_);
    for (const auto& [tag, buffer] : tags_) {
      if (buffer.HasRows()) usage.push_back({tag, buffer.bytes(), buffer.first_frame_lsn()});
    }
  }
  std::sort(usage.begin(), usage.end(), [](const TagUsage& a, const TagUsage& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.tag < b.tag;
  });
  return usage;
}

size_t MemBuffer::bytes() const {
  std::shared_lock lock(mutex_);
  return bytes_;
}

size_t MemBuffer::retired_bytes() const {
  std::shared_lock lock(mutex_);
  return retired_bytes_;
}

uint64_t MemBuffer::point_count() const {
  std::shared_lock lock(mutex_);
  return point_count_;
}

LSN MemBuffer::oldest_frame_lsn() const {
  std::shared_lock lock(mutex_);
  LSN oldest = kMaxLsn;
  for (const auto& [tag, buffer] : tags_) oldest = std::min(oldest, buffer.first_frame_lsn());
  return oldest;
}

int64_t MemBuffer::LastTs(TagId tag) const {
  std::shared_lock lock(mutex_);
  const auto it = tags_.find(tag);
  return it == tags_.end() ? std::numeric_limits<int64_t>::min() : it->second.last_ts();
}

}  // namespace xtdb
