#include "engine/chunk/chunk_directory.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

namespace xtdb {
namespace {

template <typename T>
void MakeRoomForOne(std::vector<T>& vector) {
  if (vector.size() == vector.capacity()) vector.reserve(2 * vector.size() + 1);
}

}  // namespace

void CountInSummary(uint32_t number, const BlockDirEntry& entry, ChunkSummary& summary) noexcept {
  const bool first = summary.block_count == 0;
  summary.ts_min_us = first ? entry.ts_min_us : std::min(summary.ts_min_us, entry.ts_min_us);
  summary.ts_max_us = first ? entry.ts_max_us : std::max(summary.ts_max_us, entry.ts_max_us);
  summary.tag_min = first ? entry.tag_id : std::min(summary.tag_min, entry.tag_id);
  summary.tag_max = std::max(summary.tag_max, LastTag(entry));
  summary.point_count += entry.count;
  summary.last_flush_lsn = std::max(summary.last_flush_lsn, entry.flush_lsn);
  summary.block_count += 1;
  summary.used_extents = std::max(summary.used_extents, number + entry.extents);
}

uint32_t ChunkDirectory::next_free_extent() const {
  if (by_number_.empty()) return 0;
  return numbers_[by_number_.back()] + entries_[by_number_.back()].extents;
}

std::vector<uint16_t>::const_iterator ChunkDirectory::ByNumber(uint32_t number) const {
  return std::lower_bound(by_number_.begin(), by_number_.end(), number,
                          [this](uint16_t p, uint32_t n) { return numbers_[p] < n; });
}

const BlockDirEntry* ChunkDirectory::Find(uint32_t number) const {
  const auto at = ByNumber(number);
  return at != by_number_.end() && numbers_[*at] == number ? &entries_[*at] : nullptr;
}

std::vector<ChunkDirectory::Found> ChunkDirectory::All() const {
  std::vector<Found> all;
  all.reserve(by_number_.size());
  for (const uint16_t position : by_number_) {
    all.push_back({&entries_[position], numbers_[position]});
  }
  return all;
}

Status ChunkDirectory::Append(uint32_t number, const BlockDirEntry& entry,
                              const ChunkLayout& layout) {
  if (number >= layout.entry_count || entry.extents > layout.entry_count - number) {
    return Status::Corruption("extents outside the chunk");
  }
  // Readers may have this chunk already: if memory ends, then before anything has changed.
  MakeRoomForOne(by_number_);
  MakeRoomForOne(numbers_);
  MakeRoomForOne(order_);
  MakeRoomForOne(reach_);
  const auto next = ByNumber(number);
  const bool meets_next = next != by_number_.end() && numbers_[*next] < number + entry.extents;
  const bool meets_previous =
      next != by_number_.begin() && numbers_[*(next - 1)] + entries_[*(next - 1)].extents > number;
  if (meets_next || meets_previous) return Status::Corruption("extents of another block");

  entries_.push_back(entry);
  if (entry.kind != BlockKind::kMixed) ++first_mixed_;
  by_number_.insert(next, static_cast<uint16_t>(entries_.size() - 1));
  numbers_.push_back(static_cast<uint16_t>(number));
  return Status();
}

void ChunkDirectory::Clear() { *this = ChunkDirectory(); }

void ChunkDirectory::Sort() {
  order_ = by_number_;
  std::sort(order_.begin(), order_.end(), [this](uint16_t a, uint16_t b) { return Before(a, b); });
  reach_.resize(order_.size());
  ExtendReach(0, order_.size());
}

void ChunkDirectory::InsertLast() {
  const auto position = static_cast<uint16_t>(entries_.size() - 1);
  const auto place = std::upper_bound(order_.begin(), order_.end(), position,
                                      [this](uint16_t a, uint16_t b) { return Before(a, b); });
  const auto index = place - order_.begin();
  order_.insert(place, position);
  reach_.insert(reach_.begin() + index, 0);
  ExtendReach(static_cast<size_t>(index),
              IsMixed(position) ? order_.size() : PlacesOf(entries_[position].tag_id).second);
}

void ChunkDirectory::RemoveLast(uint32_t number) noexcept {
  XTDB_CHECK(!numbers_.empty() && numbers_.back() == number);
  const auto position = static_cast<uint16_t>(entries_.size() - 1);
  std::erase(by_number_, position);
  const auto place = std::find(order_.begin(), order_.end(), position);
  reach_.erase(reach_.begin() + (place - order_.begin()));
  order_.erase(place);
  numbers_.pop_back();
  if (!IsMixed(position)) --first_mixed_;
  entries_.pop_back();
  ExtendReach(0, order_.size());
}

bool ChunkDirectory::Before(uint16_t a, uint16_t b) const {
  const BlockDirEntry& x = entries_[a];
  const BlockDirEntry& y = entries_[b];
  const bool x_is_mixed = IsMixed(a), y_is_mixed = IsMixed(b);
  return std::tie(x_is_mixed, x.tag_id, x.ts_min_us, x.through_lsn, numbers_[a]) <
         std::tie(y_is_mixed, y.tag_id, y.ts_min_us, y.through_lsn, numbers_[b]);
}

std::pair<size_t, size_t> ChunkDirectory::PlacesOf(TagId tag) const {
  const auto mixed = order_.begin() + static_cast<std::ptrdiff_t>(first_mixed_);
  const auto first = std::lower_bound(
      order_.begin(), mixed, tag, [this](uint16_t p, TagId t) { return entries_[p].tag_id < t; });
  const auto last = std::upper_bound(
      first, mixed, tag, [this](TagId t, uint16_t p) { return t < entries_[p].tag_id; });
  return {static_cast<size_t>(first - order_.begin()), static_cast<size_t>(last - order_.begin())};
}

void ChunkDirectory::ExtendReach(size_t first, size_t last) {
  for (size_t i = first; i < last; ++i) {
    const BlockDirEntry& entry = entries_[order_[i]];
    const bool is_mixed = entry.kind == BlockKind::kMixed;
    reach_[i] = is_mixed ? int64_t{entry.tag_last} : entry.ts_max_us;
    if (i == 0) continue;
    const BlockDirEntry& before = entries_[order_[i - 1]];
    const bool goes_on =
        is_mixed ? before.kind == BlockKind::kMixed : before.tag_id == entry.tag_id;
    if (goes_on) reach_[i] = std::max(reach_[i - 1], reach_[i]);
  }
}

uint32_t ChunkDirectory::FindBlocks(const Query& query, std::vector<Found>& out) const {
  const size_t before = out.size();
  const auto [first, last] = PlacesOf(query.tag);
  const auto begin =
      std::lower_bound(reach_.begin() + static_cast<std::ptrdiff_t>(first),
                       reach_.begin() + static_cast<std::ptrdiff_t>(last), query.ts_from_us);
  auto seen = static_cast<uint32_t>(last - first);
  if (!query.sees_all) {
    seen = 0;
    for (size_t i = first; i < last; ++i) seen += entries_[order_[i]].flush_lsn <= query.lsn;
  }
  for (auto i = static_cast<size_t>(begin - reach_.begin()); i < last; ++i) {
    const BlockDirEntry& entry = entries_[order_[i]];
    if (entry.ts_min_us > query.ts_to_us) break;
    if (entry.ts_max_us < query.ts_from_us || entry.flush_lsn > query.lsn) continue;
    out.push_back({&entry, numbers_[order_[i]]});
  }
  FindMixed(query, seen, out);
  return seen - static_cast<uint32_t>(out.size() - before);
}

void ChunkDirectory::FindMixed(const Query& query, uint32_t& seen, std::vector<Found>& out) const {
  const auto begin = std::lower_bound(reach_.begin() + static_cast<std::ptrdiff_t>(first_mixed_),
                                      reach_.end(), int64_t{query.tag});
  for (auto i = static_cast<size_t>(begin - reach_.begin()); i < order_.size(); ++i) {
    const BlockDirEntry& entry = entries_[order_[i]];
    if (entry.tag_id > query.tag) break;
    if (entry.tag_last < query.tag || entry.flush_lsn > query.lsn) continue;
    ++seen;
    if (entry.ts_min_us > query.ts_to_us || entry.ts_max_us < query.ts_from_us) continue;
    out.push_back({&entry, numbers_[order_[i]]});
  }
}

ChunkSummary ChunkDirectory::Summarize() const {
  ChunkSummary summary;
  for (size_t i = 0; i < entries_.size(); ++i) CountInSummary(numbers_[i], entries_[i], summary);
  return summary;
}

std::vector<std::byte> ChunkDirectory::Image(const ChunkLayout& layout) const {
  std::vector<std::byte> image(layout.directory_bytes + layout.order_bytes);
  const std::span bytes(image);
  for (size_t i = 0; i < entries_.size(); ++i) {
    EncodeStruct(entries_[i], bytes.subspan(numbers_[i] * sizeof(BlockDirEntry)));
  }
  for (size_t i = 0; i < order_.size(); ++i) {
    std::memcpy(&image[layout.directory_bytes + i * sizeof(uint16_t)], &numbers_[order_[i]],
                sizeof(uint16_t));
  }
  return image;
}

size_t ChunkDirectory::MemoryBytes() const {
  return entries_.size() * (sizeof(BlockDirEntry) + 3 * sizeof(uint16_t) + sizeof(int64_t));
}

}  // namespace xtdb
