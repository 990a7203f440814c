#include "engine/chunk/chunk.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/base/cleanup.h"

namespace xtdb {

namespace {

// A directory is read whole where a search, or many of them, would read more entries one by one.
constexpr uint32_t kReadsOfASearch = 128;
constexpr uint32_t kReadsInPlace = 1024;

// Two records of a log may name one place. Were they not alike, memory would keep the first and the
// directory the last.
bool DescribesSameBlock(const BlockDirEntry& a, const BlockDirEntry& b) {
  return a.kind == b.kind && a.tag_id == b.tag_id && a.through_lsn == b.through_lsn &&
         a.count == b.count && a.ts_min_us == b.ts_min_us && a.ts_max_us == b.ts_max_us &&
         a.head_crc32 == b.head_crc32;
}

}  // namespace

Chunk::Chunk(File& file, const ChunkLayout& layout, const ChunkHeader& header, ChunkState state,
             const ChunkSummary& summary, DirectoryBudget* budget)
    : file_(file),
      layout_(layout),
      header_(header),
      budget_(budget),
      state_(state),
      summary_(summary) {}

Chunk::~Chunk() {
  if (budget_ != nullptr) budget_->Forget(*this);
}

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
  return KnowsItsExtents();
}

bool Chunk::KnowsItsExtents() const {
  return state() == ChunkState::kSealed ||
         (directory_ != nullptr && damaged_entries_.empty() && missing_entries_ == 0);
}

int64_t Chunk::LatestTs(TagId tag) const {
  std::shared_lock lock(mutex_);
  if (!KnowsItsExtents()) return kTsMax;
  const bool may_have_it = summary_.tag_min <= tag && tag <= summary_.tag_max;
  return may_have_it ? summary_.ts_max_us : kTsMin;
}

bool Chunk::is_loaded() const {
  std::shared_lock lock(mutex_);
  return directory_ != nullptr;
}

void Chunk::StartEmpty() {
  std::unique_lock lock(mutex_);
  directory_ = std::make_shared<ChunkDirectory>();
}

void Chunk::set_state(ChunkState state) {
  state_.store(state);
  size_t bytes = 0;
  {
    std::shared_lock lock(mutex_);
    if (directory_ != nullptr) bytes = directory_->MemoryBytes();
  }
  if (bytes != 0) NoteUse(bytes);
}

Status Chunk::Load() { return Loaded().status(); }

Status Chunk::LoadBelow(uint32_t extents) {
  std::unique_lock lock(mutex_);
  if (directory_ != nullptr) return Status();
  return LoadLocked(extents, /*tolerate_damaged=*/true);
}

Result<Chunk::DirectoryPtr> Chunk::Loaded() {
  DirectoryPtr directory;
  {
    std::shared_lock lock(mutex_);
    directory = directory_;
  }
  if (directory == nullptr) {
    std::unique_lock lock(mutex_);
    if (directory_ == nullptr) {
      XTDB_RETURN_IF_ERROR(LoadLocked(layout_.entry_count, /*tolerate_damaged=*/false));
    }
    directory = directory_;
  }
  if (state() == ChunkState::kSealed) NoteUse(directory->MemoryBytes());
  return directory;
}

void Chunk::NoteUse(size_t bytes) {
  if (budget_ != nullptr && state() == ChunkState::kSealed) budget_->NoteUse(*this, bytes);
}

void Chunk::Unload() {
  std::unique_lock lock(mutex_);
  // What was saved from damage could not be read again.
  const bool is_whole = damaged_entries_.empty() && missing_entries_ == 0 && !was_rescued_;
  if (state() != ChunkState::kSealed || !is_whole) return;
  directory_ = nullptr;
  in_place_ = nullptr;
  reads_in_place_ = 0;
}

Status Chunk::LoadLocked(uint32_t extents, bool tolerate_damaged) {
  std::vector<std::byte> image(layout_.directory_bytes + layout_.order_bytes);
  XTDB_RETURN_IF_ERROR(file_.ReadAt(layout_.directory_offset, image).WithContext(Where()));
  const ChunkSummary recorded = summary_;
  Clear();
  // The summary says where readers have to look, so it stays whatever becomes of this.
  Cleanup undo([&] {
    directory_ = nullptr;
    damaged_entries_.clear();
    summary_ = recorded;
  });
  const bool sealed = state() == ChunkState::kSealed || state() == ChunkState::kDeprecated;
  Status status = DecodeDirectory(image, extents, tolerate_damaged);
  if (status.ok()) {
    directory_->Sort();
    if (sealed && !tolerate_damaged) status = CheckSeal(image);
  }
  if (status.code() == StatusCode::kCorruption && sealed) {
    status = LoadByHeads(image, recorded, status);
  }
  if (!status.ok()) return status.WithContext(Where());
  if (sealed && !damaged_entries_.empty()) summary_ = recorded;
  undo.Cancel();
  return Status();
}

void Chunk::Clear() {
  directory_ = std::make_shared<ChunkDirectory>();
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
  const std::vector<std::byte> expected = directory_->Image(layout_);
  if (!std::equal(image.begin(), image.end(), expected.begin(), expected.end())) {
    return Status::Corruption("order array does not fit the directory");
  }
  return Status();
}

Status Chunk::Append(uint32_t entry_index, const BlockDirEntry& entry) {
  XTDB_RETURN_IF_ERROR(directory_->Append(entry_index, entry, layout_));
  CountInSummary(entry_index, entry, summary_);
  return Status();
}

Status Chunk::AddEntry(uint32_t entry_index, const BlockDirEntry& entry) {
  XTDB_RETURN_IF_ERROR(Loaded().status());
  std::unique_lock lock(mutex_);
  if (directory_ == nullptr) XTDB_RETURN_IF_ERROR(LoadLocked(layout_.entry_count, false));
  const auto where = [&] { return Where() + ", entry " + std::to_string(entry_index); };
  if (const BlockDirEntry* const known = directory_->Find(entry_index)) {
    if (DescribesSameBlock(*known, entry)) return Status();
    return Status::Corruption(where() + ": another block stands there");
  }
  if (state() != ChunkState::kAllocated && damaged_entries_.empty()) {
    return Status::FailedPrecondition(where() + ": the chunk is not open");
  }
  XTDB_RETURN_IF_ERROR(Append(entry_index, entry).WithContext(where()));
  directory_->InsertLast();
  damaged_entries_.erase(entry_index);
  return Status();
}

void Chunk::RemoveLastEntry(uint32_t entry_index) noexcept {
  std::unique_lock lock(mutex_);
  directory_->RemoveLast(entry_index);
  summary_ = directory_->Summarize();
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
  return directory_ == nullptr && missing_entries_ != 0 &&
         CheckUndamaged(tag, tag, ts_from, ts_to).ok();
}

std::shared_ptr<const SealedDirectory> Chunk::InPlace() {
  std::unique_lock lock(mutex_);
  if (in_place_ != nullptr) return in_place_;
  Result<std::unique_ptr<const SealedDirectory>> opened =
      SealedDirectory::Open(file_, layout_, header_.chunk_sequence, summary_);
  if (opened.ok()) in_place_ = std::move(opened).value();
  return in_place_;
}

std::optional<uint32_t> Chunk::FindInPlace(const ChunkDirectory::Query& query,
                                           std::vector<BlockRef>& out) {
  if (state() != ChunkState::kSealed || !query.sees_all) return std::nullopt;
  if (is_loaded() || reads_in_place_.load(std::memory_order_relaxed) > kReadsInPlace) {
    return std::nullopt;
  }
  const std::shared_ptr<const SealedDirectory> directory = InPlace();
  if (directory == nullptr) return std::nullopt;
  NoteUse(directory->MemoryBytes());
  SealedDirectory::Search search;
  search.reads_max = kReadsOfASearch;
  const Status status = directory->FindBlocks(query, search);
  reads_in_place_ += search.reads;
  // Reading it whole says what is wrong, and may find the blocks without it.
  if (!status.ok() || !search.is_complete) return std::nullopt;
  for (SealedDirectory::Block& block : search.blocks) {
    out.push_back({std::move(block.entry), block.number, this});
  }
  return search.pruned;
}

Result<uint32_t> Chunk::FindBlocks(TagId tag, int64_t ts_from, int64_t ts_to, LSN lsn,
                                   std::vector<BlockRef>& out) {
  ChunkDirectory::Query query{tag, ts_from, ts_to, lsn};
  if (state() != ChunkState::kSealed) {
    std::shared_lock lock(mutex_);
    if (directory_ != nullptr) return FindIn(directory_, query, out);
  }
  if (IsElsewhere(tag, ts_from, ts_to)) return uint32_t{0};
  query.sees_all = lsn >= summary().last_flush_lsn;
  if (const std::optional<uint32_t> pruned = FindInPlace(query, out)) return *pruned;
  XTDB_ASSIGN_OR_RETURN(const DirectoryPtr directory, Loaded());
  std::shared_lock lock(mutex_);
  return FindIn(directory, query, out);
}

Result<uint32_t> Chunk::FindIn(const DirectoryPtr& directory, ChunkDirectory::Query query,
                               std::vector<BlockRef>& out) {
  XTDB_RETURN_IF_ERROR(CheckUndamaged(query.tag, query.tag, query.ts_from_us, query.ts_to_us));
  query.sees_all = query.lsn >= summary_.last_flush_lsn;
  std::vector<ChunkDirectory::Found> found;
  const uint32_t pruned = directory->FindBlocks(query, found);
  for (const ChunkDirectory::Found& block : found) {
    out.push_back(
        {std::shared_ptr<const BlockDirEntry>(directory, block.entry), block.number, this});
  }
  return pruned;
}

Result<std::vector<BlockRef>> Chunk::AllBlocks(LSN lsn) {
  XTDB_ASSIGN_OR_RETURN(const DirectoryPtr directory, Loaded());
  std::shared_lock lock(mutex_);
  XTDB_RETURN_IF_ERROR(CheckUndamaged(kNoTag, std::numeric_limits<TagId>::max(),
                                      std::numeric_limits<int64_t>::min(),
                                      std::numeric_limits<int64_t>::max()));
  std::vector<BlockRef> blocks;
  for (const ChunkDirectory::Found& block : directory->All()) {
    if (block.entry->flush_lsn > lsn) continue;
    blocks.push_back(
        {std::shared_ptr<const BlockDirEntry>(directory, block.entry), block.number, this});
  }
  return blocks;
}

uint32_t Chunk::next_free_extent() const {
  std::shared_lock lock(mutex_);
  return directory_ == nullptr ? 0 : directory_->next_free_extent();
}

Result<std::vector<std::byte>> Chunk::DirectoryImage() {
  XTDB_ASSIGN_OR_RETURN(const DirectoryPtr directory, Loaded());
  std::shared_lock lock(mutex_);
  return directory->Image(layout_);
}

}  // namespace xtdb
