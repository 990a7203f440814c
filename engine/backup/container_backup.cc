#include "engine/backup/container_backup.h"

#include <algorithm>
#include <array>

#include "engine/chunk/state_mutator.h"
#include "engine/format/checked_struct.h"
#include "engine/format/chunk_format.h"

namespace xtdb {
namespace {

constexpr uint64_t kCopyBytes = 1 * kMiB;
constexpr uint64_t kStepBytes = 8 * kMiB;  // of which progress is told
static_assert(kCopyBytes % kExtentSizeBytes == 0 && kStepBytes % kCopyBytes == 0);

std::string LogOf(const std::string& path) { return path + "-wal"; }

}  // namespace

Status ContainerBackup::CheckTarget(const std::string& target) const {
  for (const std::string& path : {target, LogOf(target)}) {
    if (fs_.Exists(path)) {
      return Status::AlreadyExists(path + " exists; remove it, or write another file");
    }
  }
  return Status();
}

// Made now, or left by a backup that was killed: of one that lives the lock is taken.
Status ContainerBackup::OpenPartial(const std::string& partial) {
  Result<std::unique_ptr<File>> opened = fs_.Open(partial, OpenMode::kCreateNew);
  const bool is_left = opened.status().code() == StatusCode::kAlreadyExists;
  if (is_left) opened = fs_.Open(partial, OpenMode::kReadWrite);
  XTDB_RETURN_IF_ERROR(opened.status());
  File& file = *opened.value();
  XTDB_ASSIGN_OR_RETURN(const FileIdentity identity, file.Identity());
  XTDB_ASSIGN_OR_RETURN(const FileIdentity source, engine_.container().file().Identity());
  if (identity.IsSameFile(source)) {
    return Status::AlreadyExists(partial + " is the container itself; write another file");
  }
  // OPEN: it may be a container that somebody uses.
  for (const uint64_t lock : {kLockWriter, kLockOpen}) {
    const Status locked = file.TryLock(lock, File::LockKind::kExclusive);
    if (locked.code() == StatusCode::kBusy) {
      return Status::Busy(partial + ": another backup is writing it; wait, or write another file");
    }
    XTDB_RETURN_IF_ERROR(locked);
  }
  if (is_left) XTDB_RETURN_IF_ERROR(EmptyPartial(file));
  target_ = std::move(opened).value();
  return Status();
}

// The header is written last of all, so what a killed backup leaves begins with it or with nothing.
Status ContainerBackup::EmptyPartial(File& file) {
  XTDB_ASSIGN_OR_RETURN(const FileIdentity opened, file.Identity());
  const Result<FileIdentity> there = fs_.Identify(file.path());
  if (!there.ok() || !there.value().IsSameFile(opened)) {
    return Status::Busy(file.path() + ": another backup has just finished it");
  }
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file.Size());
  std::vector<std::byte> found(std::min<uint64_t>(size, kExtentSizeBytes));
  XTDB_RETURN_IF_ERROR(file.ReadAt(0, found));
  const Result<ContainerHeader> header = DecodeStruct<ContainerHeader>(found, "header");
  const Uuid& uuid = engine_.container().header().uuid;
  const bool is_copy = header.ok() && header.value().uuid == uuid;
  if (!is_copy && !IsAllZero(found)) {
    return Status::AlreadyExists(file.path() + " exists, and no backup has left it; remove it");
  }
  return file.Truncate(0);
}

// Copies what the file has of the range; zeros stay holes.
Status ContainerBackup::CopyRange(const Range& range) {
  File& source = engine_.container().file();
  XTDB_ASSIGN_OR_RETURN(const uint64_t source_size, source.Size());
  std::vector<std::byte> buffer(kCopyBytes);
  for (uint64_t at = range.begin; at < std::min(range.end, source_size); at += kCopyBytes) {
    const auto bytes = std::span(buffer).first(
        static_cast<size_t>(std::min({kCopyBytes, range.end - at, source_size - at})));
    XTDB_RETURN_IF_ERROR(source.ReadAt(at, bytes));
    for (size_t extent = 0; extent < bytes.size(); extent += kExtentSizeBytes) {
      const auto part =
          bytes.subspan(extent, std::min<size_t>(kExtentSizeBytes, bytes.size() - extent));
      if (IsAllZero(part)) continue;
      XTDB_RETURN_IF_ERROR(target_->WriteAt(at + extent, part));
      report_.bytes_written += part.size();
    }
  }
  return Status();
}

Status ContainerBackup::CopyChunk(const ChunkTableEntry& chunk) {
  const ChunkLayout layout = engine_.container().layout().Layout(chunk.slot);
  if (chunk.kind == ChunkKind::kCatalog) {
    end_ = std::max(end_, layout.directory_offset);
    return CopyRange({layout.chunk_offset, layout.directory_offset});
  }
  ++report_.chunks;
  const uint64_t data_end = layout.ExtentOffset(chunk.summary.used_extents);
  end_ = std::max(end_, data_end);
  if (chunk.state != ChunkState::kAllocated) {
    if (chunk.state == ChunkState::kSealed) sealed_.push_back(layout);
    later_.push_back({layout.chunk_offset, data_end});
    return Status();
  }
  // Only blocks stand still here: the directory grows, and the chunk may be sealed meanwhile.
  later_.push_back({layout.data_offset, data_end});
  return CopyRange({layout.chunk_offset, layout.data_offset});
}

Status ContainerBackup::CopyCatalogue(const Superblock& superblock) {
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, engine_.container().ReadCatalogue());
  if (bytes.empty()) return Status();
  XTDB_ASSIGN_OR_RETURN(const Catalogue catalogue, DecodeCatalogue(bytes));
  for (const ChunkTableEntry& chunk : catalogue.chunks) XTDB_RETURN_IF_ERROR(CopyChunk(chunk));
  if (superblock.catalogue_offset == 0) return Status();
  end_ = std::max(end_, superblock.catalogue_offset + bytes.size());
  report_.bytes_written += bytes.size();
  return target_->WriteAt(superblock.catalogue_offset, bytes);
}

// The same header; both superblocks say that the container is closed.
Status ContainerBackup::WriteHeader(Superblock superblock) {
  std::vector<std::byte> extent(kExtentSizeBytes);
  EncodeStruct(engine_.container().header(), extent);
  superblock.log_state = LogState::kClean;
  // Before every log of the source: one that is left beside the copy by mistake is then found to be
  // newer, and kept aside instead of being taken for a rest of this one.
  superblock.log_epoch = 0;
  superblock.owner_pid = 0;
  superblock.owner_name = {};
  for (int copy = 0; copy < 2; ++copy) {
    ++superblock.sequence;
    EncodeStruct(superblock,
                 std::span(extent).subspan(kSuperblockOffsets[(superblock.sequence + 1) % 2]));
  }
  report_.bytes_written += extent.size();
  end_ = std::max(end_, kExtentSizeBytes);
  return target_->WriteAt(0, extent);
}

Status ContainerBackup::CopyMoving(int64_t timeout_us) {
  std::unique_ptr<Transaction> writer;
  if (engine_.options().read_only) {
    // Nobody writes; but what stands in a log could not be brought into the copy.
    if (engine_.container().superblock().log_state != LogState::kClean) {
      return Status::ReadOnly(
          engine_.path() +
          " was not closed: its last commits stand in the log, which a reader cannot bring "
          "into the copy; open it for writing once");
    }
  } else {
    XTDB_ASSIGN_OR_RETURN(writer, engine_.FlushAndHold(timeout_us));
  }
  XTDB_ASSIGN_OR_RETURN(snapshot_, engine_.TakeSnapshot());
  report_.lsn = snapshot_->lsn();
  const Superblock superblock = engine_.container().superblock();
  XTDB_RETURN_IF_ERROR(CopyCatalogue(superblock));
  return WriteHeader(superblock);
}

// The snapshot keeps the slots of dropped chunks from being used again meanwhile.
Status ContainerBackup::CopyLater() {
  uint64_t done = 0, total = 0;
  for (const Range& range : later_) total += range.end - range.begin;
  for (const Range& range : later_) {
    for (uint64_t at = range.begin; at < range.end; at += kStepBytes) {
      XTDB_RETURN_IF_ERROR(TellProgress(on_progress_, "copying", done, total));
      const Range step{at, std::min(at + kStepBytes, range.end)};
      XTDB_RETURN_IF_ERROR(CopyRange(step));
      done += step.end - step.begin;
    }
  }
  // A compaction may have replaced it meanwhile; the copy's catalogue has it.
  StateMutator mutator(*target_);
  for (const ChunkLayout& layout : sealed_) {
    XTDB_RETURN_IF_ERROR(mutator.BringBackToSealed(layout));
  }
  // What a damaged chunk table claims may lie anywhere.
  XTDB_ASSIGN_OR_RETURN(const uint64_t source_size, engine_.container().file().Size());
  const uint64_t end = std::min(end_, source_size);
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, target_->Size());
  if (size < end) XTDB_RETURN_IF_ERROR(target_->Allocate(size, end - size));
  return target_->Sync();
}

Status ContainerBackup::Verify(const std::string& partial) {
  EngineOptions options;
  options.read_only = true;
  options.must_exist = true;
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<StorageEngine> copy,
                        StorageEngine::Open(fs_, engine_.clock(), partial, options));
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CheckReport checked, copy->Check(on_progress_));
  if (!checked.problems.empty()) {
    return Status::Corruption(
        engine_.path() + " is damaged, there is no backup: " + checked.problems.front() +
        (checked.problems.size() == 1
             ? ""
             : " (and " + std::to_string(checked.problems.size() - 1) + " more)") +
        "; run xtdb check, or xtdb salvage");
  }
  report_.blocks = checked.blocks;
  report_.points = checked.points;
  return copy->Close();
}

Status ContainerBackup::Fill(const std::string& partial, int64_t timeout_us) {
  XTDB_RETURN_IF_ERROR(CopyMoving(timeout_us));
  XTDB_RETURN_IF_ERROR(CopyLater());
  snapshot_ = nullptr;
  target_->Unlock(kLockOpen);
  return Verify(partial);
}

Result<BackupReport> ContainerBackup::Run(const std::string& target, int64_t timeout_us) {
  if (target.empty()) return Status::InvalidArgument("the file to write has no name");
  XTDB_RETURN_IF_ERROR(CheckTarget(target));
  report_ = {};
  later_.clear();
  sealed_.clear();
  end_ = 0;
  const std::string partial = target + ".partial";
  XTDB_RETURN_IF_ERROR(OpenPartial(partial));
  Status done = Fill(partial, timeout_us);
  // Another one may have taken the name meanwhile.
  if (done.ok()) done = CheckTarget(target);
  if (done.ok()) done = fs_.Rename(partial, target);
  if (done.ok()) done = fs_.SyncDirectory(DirectoryOf(target));
  snapshot_ = nullptr;
  if (!done.ok() && fs_.Exists(partial)) {
    IgnoreStatus(fs_.Remove(partial), "the error that stopped the backup is the one to report");
  }
  target_ = nullptr;  // and its lock
  if (!done.ok()) return done;
  return report_;
}

}  // namespace xtdb
