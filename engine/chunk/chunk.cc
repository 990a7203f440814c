#include "engine/chunk/chunk.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <tuple>

#include "engine/base/cleanup.h"

namespace xtdb {

namespace {

// Two records of a log may name one place. Were they not alike, memory would keep the first and the
// directory the last.
bool DescribesSameBlock(const BlockDirEntry& a, const BlockDirEntry& b) {
  return a.kind == b.kind && a.tag_id == b.tag_id && a.through_lsn == b.through_lsn &&
         a.count == b.count && a.ts_min_us == b.ts_min_us && a.ts_max_us == b.ts_max_us &&
         a.head_crc32 == b.head_crc32;
}

template <typename T>
void MakeRoomForOne(std::vector<T>& vector) {
  if (vector.size() == vector.capacity()) vector.reserve(2 * vector.size() + 1);
}

}  // namespace

Chunk::Chunk(File& file, const ChunkLayout& layout, const ChunkHeader& header, ChunkState state,
             const ChunkSummary& summary)
    : file_(file), layout_(layout), header_(header), state_(state), summary_(summary) {}

std::string Chunk::Where() const {
  return "chunk " + std::to_string(header_.chunk_sequence) + " (slot " +
         std::to_string(layout_.slot) + ")";
}

ChunkSummary Chunk::summary() const {
  std::shared_lock lock(mutex_);
  return summary_;
}

uint32_t Chunk::damaged_entries() const {
  std::shared_lock lock(mutex_);
  return static_cast<uint32_t>(damaged_entries_.size());
}

bool Chunk::knows_its_extents() const {
  std::shared_lock lock(mutex_);
  return state() == ChunkState::kSealed ||
         (loaded_ && damaged_entries_.empty() && missing_entries_ == 0);
}

void Chunk::StartEmpty() {
  std::unique_lock lock(mutex_);
  loaded_ = true;
}

Status Chunk::Load() {
  std::unique_lock lock(mutex_);
  return loaded_ ? Status() : LoadLocked(layout_.entry_count, /*tolerate_damaged=*/false);
}

Status Chunk::LoadBelow(uint32_t extents) {
  std::unique_lock lock(mutex_);
  return loaded_ ? Status() : LoadLocked(extents, /*tolerate_damaged=*/true);
}

Status Chunk::EnsureLoaded() {
  {
    std::shared_lock lock(mutex_);
    if (loaded_) return Status();
  }
  return Load();
}

Status Chunk::LoadLocked(uint32_t extents, bool tolerate_damaged) {
  std::vector<std::byte> image(layout_.directory_bytes + layout_.order_bytes);
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout_.directory_offset, image).WithContext(Where()));
  const ChunkSummary recorded = summary_;
  Clear();
  // The summary says where readers have to look, so it stays whatever becomes of this.
  Cleanup undo([&] {
    Clear();
    summary_ = recorded;
  });
  const bool sealed = state() == ChunkState::kSealed || state() == ChunkState::kDeprecated;
  Status status = DecodeDirectory(image, extents, tolerate_damaged);
  if (status.ok()) {
    SortEntries();
    if (sealed && !tolerate_damaged) status = CheckSeal(image);
  }
  if (status.code() == StatusCode::kCorruption && sealed) {
    status = LoadByHeads(image, recorded, status);
  }
  if (!status.ok()) return status.WithContext(Where());
  if (sealed && !damaged_entries_.empty()) summary_ = recorded;
  loaded_ = true;
  undo.Cancel();
  return Status();
}

void Chunk::SortEntries() {
  order_ = by_number_;
  std::sort(order_.begin(), order_.end(), [this](uint16_t a, uint16_t b) { return Before(a, b); });
  reach_.resize(order_.size());
  ExtendReach(0, order_.size());
}

void Chunk::Clear() {
  entries_.clear();
  entry_numbers_.clear();
  by_number_.clear();
  order_.clear();
  reach_.clear();
  damaged_entries_.clear();
  summary_ = ChunkSummary{};
}

Status Chunk::DecodeDirectory(std::span<const std::byte> directory, uint32_t extents,
                              bool tolerate_damaged) {
  for (uint32_t i = 0; i < std::min(extents, layout_.entry_count); ++i) {
    const auto bytes = directory.subspan(i * sizeof(BlockDirEntry), sizeof(BlockDirEntry));
    const Result<BlockDirEntry> entry = DecodeBlockDirEntry(bytes, header_.chunk_sequence);
    Status status = entry.status();
    if (status.ok()) {
      if (IsUnwritten(entry.value())) continue;
      status = Append(i, entry.value());
    }
    if (status.ok()) continue;
    if (!tolerate_damaged) return status.WithContext("entry " + std::to_string(i));
    damaged_entries_.insert(i);
  }
  return Status();
}

Status Chunk::CheckSeal(std::span<const std::byte> image) const {
  std::array<std::byte, sizeof(SealRecord)> bytes;
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout_.chunk_offset + kSealRecordOffset, bytes));
  XTDB_ASSIGN_OR_RETURN(const SealRecord seal, DecodeSealRecord(bytes));
  if (seal.chunk_sequence != header_.chunk_sequence) {
    return Status::Corruption("seal record of another chunk");
  }
  const auto directory = image.first(static_cast<size_t>(layout_.directory_bytes));
  if (SuperCrc(directory, image.subspan(directory.size())) != seal.super_crc32) {
    return Status::Corruption("SuperCRC of the directory");
  }
  if (seal.summary != summary_) return Status::Corruption("summary does not fit the directory");
  const std::vector<std::byte> expected = ImageLocked();
  if (!std::equal(image.begin(), image.end(), expected.begin(), expected.end())) {
    return Status::Corruption("order array does not fit the directory");
  }
  return Status();
}

Status Chunk::Append(uint32_t entry_index, const BlockDirEntry& entry) {
  if (entry_index >= layout_.entry_count || entry.extents > layout_.entry_count - entry_index) {
    return Status::Corruption("extents outside the chunk");
  }
  // Readers may have this chunk already: if memory ends, then before anything has changed.
  MakeRoomForOne(by_number_);
  MakeRoomForOne(entry_numbers_);
  MakeRoomForOne(order_);
  MakeRoomForOne(reach_);
  const auto next =
      std::lower_bound(by_number_.begin(), by_number_.end(), entry_index,
                       [this](uint16_t p, uint32_t n) { return entry_numbers_[p] < n; });
  const bool meets_next =
      next != by_number_.end() && entry_numbers_[*next] < entry_index + entry.extents;
  const bool meets_previous =
      next != by_number_.begin() &&
      entry_numbers_[*(next - 1)] + entries_[*(next - 1)].extents > entry_index;
  if (meets_next || meets_previous) return Status::Corruption("extents of another block");

  entries_.push_back(entry);
  by_number_.insert(next, static_cast<uint16_t>(entries_.size() - 1));
  entry_numbers_.push_back(static_cast<uint16_t>(entry_index));

  CountInSummary(entry_index, entry);
  return Status();
}

void Chunk::CountInSummary(uint32_t entry_index, const BlockDirEntry& entry) noexcept {
  const bool first = summary_.block_count == 0;
  summary_.ts_min_us = first ? entry.ts_min_us : std::min(summary_.ts_min_us, entry.ts_min_us);
  summary_.ts_max_us = first ? entry.ts_max_us : std::max(summary_.ts_max_us, entry.ts_max_us);
  summary_.tag_min = first ? entry.tag_id : std::min(summary_.tag_min, entry.tag_id);
  summary_.tag_max = std::max(summary_.tag_max, LastTag(entry));
  summary_.point_count += entry.count;
  summary_.last_flush_lsn = std::max(summary_.last_flush_lsn, entry.flush_lsn);
  summary_.block_count += 1;
  summary_.used_extents = std::max(summary_.used_extents, entry_index + entry.extents);
}

bool Chunk::Before(uint16_t a, uint16_t b) const {
  const BlockDirEntry& x = entries_[a];
  const BlockDirEntry& y = entries_[b];
  const bool x_is_mixed = IsMixed(a), y_is_mixed = IsMixed(b);
  return std::tie(x_is_mixed, x.tag_id, x.ts_min_us, x.through_lsn, entry_numbers_[a]) <
         std::tie(y_is_mixed, y.tag_id, y.ts_min_us, y.through_lsn, entry_numbers_[b]);
}

size_t Chunk::FirstMixed() const {
  const auto first = std::partition_point(order_.begin(), order_.end(),
                                          [this](uint16_t position) { return !IsMixed(position); });
  return static_cast<size_t>(first - order_.begin());
}

void Chunk::ExtendReach(size_t first, size_t last) {
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

void Chunk::InsertInOrder(uint16_t position) {
  const auto place = std::upper_bound(order_.begin(), order_.end(), position,
                                      [this](uint16_t a, uint16_t b) { return Before(a, b); });
  const auto index = place - order_.begin();
  order_.insert(place, position);
  reach_.insert(reach_.begin() + index, 0);
  ExtendReach(static_cast<size_t>(index),
              IsMixed(position) ? order_.size() : PlacesOf(entries_[position].tag_id).second);
}

Status Chunk::AddEntry(uint32_t entry_index, const BlockDirEntry& entry) {
  XTDB_RETURN_IF_ERROR(EnsureLoaded());
  std::unique_lock lock(mutex_);
  const auto at =
      std::lower_bound(by_number_.begin(), by_number_.end(), entry_index,
                       [this](uint16_t p, uint32_t n) { return entry_numbers_[p] < n; });
  const auto where = [&] { return Where() + ", entry " + std::to_string(entry_index); };
  if (at != by_number_.end() && entry_numbers_[*at] == entry_index) {
    if (DescribesSameBlock(entries_[*at], entry)) return Status();
    return Status::Corruption(where() + ": another block stands there");
  }
  if (state() != ChunkState::kAllocated && damaged_entries_.empty()) {
    return Status::FailedPrecondition(where() + ": the chunk is not open");
  }
  XTDB_RETURN_IF_ERROR(Append(entry_index, entry).WithContext(where()));
  InsertInOrder(static_cast<uint16_t>(entries_.size() - 1));
  damaged_entries_.erase(entry_index);
  return Status();
}

void Chunk::RemoveLastEntry(uint32_t entry_index) noexcept {
  std::unique_lock lock(mutex_);
  XTDB_CHECK(!entry_numbers_.empty() && entry_numbers_.back() == entry_index);
  const auto position = static_cast<uint16_t>(entries_.size() - 1);
  std::erase(by_number_, position);
  const auto place = std::find(order_.begin(), order_.end(), position);
  reach_.erase(reach_.begin() + (place - order_.begin()));
  order_.erase(place);
  entry_numbers_.pop_back();
  entries_.pop_back();
  ExtendReach(0, order_.size());
  summary_ = ChunkSummary{};
  for (size_t i = 0; i < entries_.size(); ++i) CountInSummary(entry_numbers_[i], entries_[i]);
}

Status Chunk::CheckUndamaged(TagId tag_min, TagId tag_max, int64_t ts_from, int64_t ts_to) const {
  if (missing_entries_ == 0 && damaged_entries_.empty()) return Status();
  if (missing_in_.tag_min > tag_max || missing_in_.tag_max < tag_min ||
      missing_in_.ts_min_us > ts_to || missing_in_.ts_max_us < ts_from) {
    return Status();
  }
  if (missing_entries_ != 0) {
    return Status::Corruption(Where() + ": " + std::to_string(missing_entries_) +
                              " directory entries are missing; run xtdb salvage");
  }
  return Status::Corruption(Where() + ": " + std::to_string(damaged_entries_.size()) +
                            " directory entries are damaged, the first is entry " +
                            std::to_string(*damaged_entries_.begin()) + "; run xtdb salvage");
}

// An open chunk whose directory cannot be read at all, and of which the catalogue says that it has
// nothing of the tag and time.
bool Chunk::IsElsewhere(TagId tag, int64_t ts_from, int64_t ts_to) const {
  std::shared_lock lock(mutex_);
  return !loaded_ && missing_entries_ != 0 && CheckUndamaged(tag, tag, ts_from, ts_to).ok();
}

std::pair<size_t, size_t> Chunk::PlacesOf(TagId tag) const {
  const auto first = std::lower_bound(
      order_.begin(), order_.end(), tag,
      [this](uint16_t p, TagId t) { return !IsMixed(p) && entries_[p].tag_id < t; });
  const auto last = std::upper_bound(first, order_.end(), tag, [this](TagId t, uint16_t p) {
    return IsMixed(p) || t < entries_[p].tag_id;
  });
  return {static_cast<size_t>(first - order_.begin()), static_cast<size_t>(last - order_.begin())};
}

Result<uint32_t> Chunk::FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn,
                                   std::vector<BlockRef>& out) {
  if (IsElsewhere(tag, ts_from, ts_to)) return uint32_t{0};
  XTDB_RETURN_IF_ERROR(EnsureLoaded());
  std::shared_lock lock(mutex_);
  XTDB_RETURN_IF_ERROR(CheckUndamaged(tag, tag, ts_from, ts_to));
  const auto [first, last] = PlacesOf(tag);
  const auto begin = std::lower_bound(reach_.begin() + static_cast<std::ptrdiff_t>(first),
                                      reach_.begin() + static_cast<std::ptrdiff_t>(last), ts_from);
  auto seen = static_cast<uint32_t>(last - first);
  uint32_t taken = 0;
  if (lsn < summary_.last_flush_lsn) {
    seen = 0;
    for (size_t i = first; i < last; ++i) seen += entries_[order_[i]].flush_lsn <= lsn ? 1 : 0;
  }
  for (auto i = static_cast<size_t>(begin - reach_.begin()); i < last; ++i) {
    const BlockDirEntry& entry = entries_[order_[i]];
    if (entry.ts_min_us > ts_to) break;
    if (entry.ts_max_us < ts_from || entry.flush_lsn > lsn) continue;
    out.push_back({&entry, entry_numbers_[order_[i]], this});
    ++taken;
  }
  const size_t before_mixed = out.size();
  FindMixed(tag, ts_from, ts_to, lsn, seen, out);
  return seen - taken - static_cast<uint32_t>(out.size() - before_mixed);
}

void Chunk::FindMixed(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn, uint32_t& seen,
                      std::vector<BlockRef>& out) {
  const size_t first = FirstMixed();
  const auto begin = std::lower_bound(reach_.begin() + static_cast<std::ptrdiff_t>(first),
                                      reach_.end(), int64_t{tag});
  for (auto i = static_cast<size_t>(begin - reach_.begin()); i < order_.size(); ++i) {
    const BlockDirEntry& entry = entries_[order_[i]];
    if (entry.tag_id > tag) break;
    if (entry.tag_last < tag || entry.flush_lsn > lsn) continue;
    ++seen;
    if (entry.ts_min_us > ts_to || entry.ts_max_us < ts_from) continue;
    out.push_back({&entry, entry_numbers_[order_[i]], this});
  }
}

Result<std::vector<BlockRef>> Chunk::AllBlocks(LSN lsn) {
  XTDB_RETURN_IF_ERROR(EnsureLoaded());
  std::shared_lock lock(mutex_);
  XTDB_RETURN_IF_ERROR(CheckUndamaged(kNoTag, std::numeric_limits<TagId>::max(),
                                      std::numeric_limits<int64_t>::min(),
                                      std::numeric_limits<int64_t>::max()));
  std::vector<BlockRef> blocks;
  for (const uint16_t position : by_number_) {
    if (entries_[position].flush_lsn > lsn) continue;
    blocks.push_back({&entries_[position], entry_numbers_[position], this});
  }
  return blocks;
}

uint32_t Chunk::next_free_extent() const {
  std::shared_lock lock(mutex_);
  if (by_number_.empty()) return 0;
  return entry_numbers_[by_number_.back()] + entries_[by_number_.back()].extents;
}

std::vector<std::byte> Chunk::ImageLocked() const {
  std::vector<std::byte> image(layout_.directory_bytes + layout_.order_bytes);
  const std::span bytes(image);
  for (size_t i = 0; i < entries_.size(); ++i) {
    EncodeStruct(entries_[i], bytes.subspan(entry_numbers_[i] * sizeof(BlockDirEntry)));
  }
  for (size_t i = 0; i < order_.size(); ++i) {
    std::memcpy(&image[layout_.directory_bytes + i * sizeof(uint16_t)], &entry_numbers_[order_[i]],
                sizeof(uint16_t));
  }
  return image;
}

Result<std::vector<std::byte>> Chunk::DirectoryImage() {
  XTDB_RETURN_IF_ERROR(EnsureLoaded());
  std::shared_lock lock(mutex_);
  return ImageLocked();
}

}  // namespace xtdb
