#include "engine/storage_engine.h"

// What the container keeps of its options: compared with what is asked for, and changed.

namespace xtdb {

namespace {

const char* CodecName(bool raw_records) { return raw_records ? "raw" : "auto"; }
const char* SwitchName(bool on) { return on ? "on" : "off"; }
std::string BlockSize(uint32_t extents) { return std::to_string(extents * kExtentSizeBytes); }

}  // namespace

Status StorageEngine::CheckStorageOptions() const {
  const RequestedStorage& wanted = options_.storage;
  const Superblock& superblock = container_->superblock();
  const StorageOptions& stored = superblock.options;
  Status differs;
  const auto check = [&](const char* name, const auto& stated, const auto& actual, auto show) {
    if (!stated || *stated == actual || !differs.ok()) return;
    differs = Status::InvalidArgument(path_ + " has " + name + "=" + show(actual) +
                                      ", which this table states as " + show(*stated) +
                                      "; leave the option out");
  };
  const auto bytes = [](uint64_t size) { return std::to_string(size); };
  const auto time = [](int64_t us) { return std::to_string(us) + " microseconds"; };
  check("chunk_size", wanted.chunk_size_bytes, container_->header().chunk_size_bytes, bytes);
  check("block_size", wanted.block_extents, stored.block_extents, BlockSize);
  check("codec", wanted.raw_records, stored.raw_records != 0, CodecName);
  check("retention", wanted.retention_us, stored.retention_us, time);
  check("max_bytes", wanted.max_bytes, superblock.max_bytes, bytes);
  check("atomic_commit", wanted.atomic_commit, atomic_commit_, SwitchName);
  return differs;
}

RequestedStorage StorageEngine::Storage() const {
  std::lock_guard lock(mutex_);
  return storage_;
}

// Caller holds WRITER, or opens.
void StorageEngine::NoteStorage() {
  const Superblock& superblock = container_->superblock();
  std::lock_guard lock(mutex_);
  storage_.chunk_size_bytes = container_->header().chunk_size_bytes;
  storage_.block_extents = superblock.options.block_extents;
  storage_.raw_records = superblock.options.raw_records != 0;
  storage_.retention_us = superblock.options.retention_us;
  storage_.max_bytes = superblock.max_bytes;
  storage_.atomic_commit = atomic_commit_;
}

Status StorageEngine::ChangeStorage(const RequestedStorage& changes, int64_t timeout_us) {
  if (changes.chunk_size_bytes || changes.atomic_commit) {
    return Status::InvalidArgument("chunk_size and atomic_commit are decided for ever");
  }
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<Transaction> writer,
                        BeginFor(Purpose::kMaintenance, timeout_us, {}));
  Superblock next = container_->superblock();
  next.options.block_extents = changes.block_extents.value_or(next.options.block_extents);
  next.options.retention_us = changes.retention_us.value_or(next.options.retention_us);
  next.max_bytes = changes.max_bytes.value_or(next.max_bytes);
  if (changes.raw_records) next.options.raw_records = *changes.raw_records ? 1 : 0;
  const Status written = container_->WriteSuperblock(next);
  if (!written.ok()) {
    NoteFailure("superblock", written);
    return written;
  }
  ShareSuperblock();
  NoteStorage();
  return Status();
}

}  // namespace xtdb
