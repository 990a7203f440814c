#include "engine/process/shared_memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "engine/io/process.h"

namespace xtdb {

namespace {

static_assert(std::atomic_ref<uint64_t>::is_always_lock_free);

uint64_t Read(uint64_t& word) { return std::atomic_ref(word).load(); }
void Write(uint64_t& word, uint64_t value) { std::atomic_ref(word).store(value); }

// Of no use to who wants to deceive; tells the words of one container and epoch from another's.
uint64_t HashOf(const Uuid& uuid, uint64_t log_epoch) {
  uint64_t halves[2];
  std::memcpy(halves, uuid.data(), sizeof(halves));
  uint64_t hash = halves[0] ^ (halves[1] * 0x9E3779B97F4A7C15U) ^ (log_epoch << 17);
  hash ^= hash >> 31;
  return hash | 1;
}

}  // namespace

SharedMemory::SharedMemory(std::unique_ptr<SharedMapping> mapping, File& container)
    : mapping_(std::move(mapping)), container_(container) {}

SharedMemory::~SharedMemory() = default;

Result<std::unique_ptr<SharedMemory>> SharedMemory::Open(FileSystem& fs, const std::string& path,
                                                         File& container, bool read_only) {
  Result<std::unique_ptr<SharedMapping>> mapping =
      fs.MapShared(path, kShmSizeBytes, read_only ? OpenMode::kReadOnly : OpenMode::kOpenOrCreate);
  if (!mapping.ok()) return mapping.status();
  return std::unique_ptr<SharedMemory>(new SharedMemory(std::move(mapping).value(), container));
}

ShmHeader& SharedMemory::header() const {
  return *reinterpret_cast<ShmHeader*>(mapping_->bytes().data());
}

Status SharedMemory::CheckIntact() const {
  return own_slot_ == kNoSlot || generation() == generation_ ? Status() : ChangedBySomebody();
}

Status SharedMemory::CheckGrown(uint64_t seen_sequence, LSN seen_settled) const {
  const uint64_t sequence = superblock_sequence();
  if (sequence > seen_sequence || (sequence == seen_sequence && settled() >= seen_settled)) {
    return {};
  }
  return ChangedBySomebody();
}

Status SharedMemory::ChangedBySomebody() const {
  return Status::FailedPrecondition(container_.path() +
                                    "-shm was changed by somebody while the container is in use; "
                                    "close it in every program, then open it again");
}

ShmSlot& SharedMemory::slot(uint32_t index) const {
  return reinterpret_cast<ShmSlot*>(mapping_->bytes().data() + kShmSlotsOffset)[index];
}

uint64_t SharedMemory::Load(uint64_t ShmWords::*word) const { return Read(header().words.*word); }

void SharedMemory::Store(uint64_t ShmWords::*word, uint64_t value) {
  Write(header().words.*word, value);
}

bool SharedMemory::IsOf(const Uuid& uuid) const { return generation() != 0 && IsLaidOutFor(uuid); }

bool SharedMemory::IsLaidOutFor(const Uuid& uuid) const {
  const ShmHeader& found = header();
  return found.magic == kShmMagic && found.format_version == kFormatVersion &&
         found.slot_count == kShmSlotCount && found.container_uuid == uuid;
}

SharedMemory::Left SharedMemory::LeftBy(const Uuid& uuid, uint64_t log_epoch) const {
  Left left;
  if (!IsLaidOutFor(uuid)) return left;
  // Also of an earlier epoch and of one that died while making it anew: to leave a log that has not
  // failed costs a checkpoint.
  left.log_failed = log_failed();
  if (generation() == 0 || header().log_epoch != log_epoch) return left;
  const uint64_t durable = Load(&ShmWords::durable);
  if ((durable ^ HashOf(uuid, log_epoch)) == Load(&ShmWords::durable_check)) left.durable = durable;
  return left;
}

void SharedMemory::BeginRebuild(const Uuid& uuid, uint64_t log_epoch, bool log_failed) {
  Store(&ShmWords::generation, 0);
  SetLogFailed(log_failed);
  for (auto word : {&ShmWords::settled, &ShmWords::durable, &ShmWords::durable_check,
                    &ShmWords::checkpoint, &ShmWords::superblock_sequence, &ShmWords::writer_mark,
                    &ShmWords::last_writer, &ShmWords::settled_crc}) {
    Store(word, 0);
  }
  ShmHeader& made = header();
  made.magic = kShmMagic;
  made.format_version = kFormatVersion;
  made.slot_count = kShmSlotCount;
  made.container_uuid = uuid;
  made.log_epoch = log_epoch;
  for (uint32_t i = 0; i < kShmSlotCount; ++i) Write(slot(i).pid, 0);
}

void SharedMemory::FinishRebuild() {
  uint64_t generation = 0;
  FillRandom(std::span(reinterpret_cast<uint8_t*>(&generation), sizeof(generation)));
  generation_ = generation | 1;
  Store(&ShmWords::generation, generation_);
}

void SharedMemory::SetSettled(LSN lsn, uint32_t last_crc32) {
  Store(&ShmWords::settled_crc, last_crc32);
  Store(&ShmWords::settled, lsn);
}

void SharedMemory::SetDurable(LSN lsn) {
  Store(&ShmWords::durable, lsn);
  Store(&ShmWords::durable_check, lsn ^ HashOf(header().container_uuid, header().log_epoch));
}

void SharedMemory::SetLogEpoch(uint64_t log_epoch) {
  header().log_epoch = log_epoch;
  SetDurable(durable());
}

SlotLease SharedMemory::lease() const {
  const uint64_t slots = Load(&ShmWords::lease_slots);
  const uint64_t sequence = Load(&ShmWords::lease_sequence);
  const SlotLease lease{{static_cast<uint32_t>(slots), static_cast<uint32_t>(slots >> 32)},
                        sequence};
  const bool is_sane = lease.slots.count <= kLeaseSlotsMax &&
                       lease.slots.first <= kSlotMax - kLeaseSlotsMax && sequence < kCounterMax / 2;
  return is_sane ? lease : SlotLease{};
}

// The mark last: a process that dies in between has leased nothing.
void SharedMemory::SetLease(const SlotLease& lease) {
  Store(&ShmWords::lease_sequence, lease.first_sequence);
  Store(&ShmWords::lease_slots, uint64_t{lease.slots.count} << 32 | lease.slots.first);
  Store(&ShmWords::lease_mark, mark_);
}

Status SharedMemory::ClaimSlot() {
  const auto first = static_cast<uint32_t>(CurrentProcessId()) % kShmSlotCount;
  for (uint32_t i = 0; i < kShmSlotCount; ++i) {
    const uint32_t index = (first + i) % kShmSlotCount;
    const Status locked = container_.TryLock(LockOfSlot(index), File::LockKind::kExclusive);
    if (locked.code() == StatusCode::kBusy) continue;
    XTDB_RETURN_IF_ERROR(locked);
    Write(slot(index).log_lsn, kMaxLsn);
    Write(slot(index).snapshot_lsn, kMaxLsn);
    Write(slot(index).pid, static_cast<uint64_t>(CurrentProcessId()));
    generation_ = generation();
    own_slot_ = index;
    // The upper half tells this use of the slot from that of a process which died in it.
    uint32_t salt = 0;
    FillRandom(std::span(reinterpret_cast<uint8_t*>(&salt), sizeof(salt)));
    mark_ = (uint64_t{salt} << 32) | (index + 1);
    return Status();
  }
  return Status::ResourceExhausted(container_.path() + ": " + std::to_string(kShmSlotCount) +
                                   " processes have it open, which is the most");
}

void SharedMemory::ReleaseSlot() {
  const int64_t own = own_slot_.exchange(kNoSlot);
  if (own == kNoSlot) return;
  const auto index = static_cast<uint32_t>(own);
  Write(slot(index).pid, 0);
  container_.Unlock(LockOfSlot(index));
}

int64_t SharedMemory::PidOf(uint64_t mark) const {
  const auto number = static_cast<uint32_t>(mark);
  if (number == 0 || number > kShmSlotCount) return 0;
  return static_cast<int64_t>(Read(slot(number - 1).pid));
}

void SharedMemory::SetLogPosition(LSN lsn) {
  const int64_t own = own_slot_;
  if (own != kNoSlot) Write(slot(static_cast<uint32_t>(own)).log_lsn, lsn);
}

void SharedMemory::SetSnapshot(LSN oldest_lsn, int64_t since_us) {
  const int64_t own = own_slot_;
  if (own == kNoSlot) return;
  ShmSlot& mine = slot(static_cast<uint32_t>(own));
  std::atomic_ref(mine.since_us).store(static_cast<uint64_t>(since_us), std::memory_order_relaxed);
  Write(mine.snapshot_lsn, oldest_lsn);
}

void SharedMemory::ClearSnapshot() {
  const int64_t own = own_slot_;
  if (own == kNoSlot) return;
  // Nothing here has to be seen after it, so it need not wait for the store.
  std::atomic_ref(slot(static_cast<uint32_t>(own)).snapshot_lsn)
      .store(kMaxLsn, std::memory_order_release);
}

// A free lock means a dead process. Its slot is cleared, so that it is asked only once.
Result<bool> SharedMemory::ForgetIfDead(uint32_t index) {
  // The lock does not tell one thread of this process from another.
  const std::lock_guard guard(forget_mutex_);
  const Status locked = container_.TryLock(LockOfSlot(index), File::LockKind::kExclusive);
  if (locked.code() == StatusCode::kBusy) return false;
  XTDB_RETURN_IF_ERROR(locked);
  Write(slot(index).pid, 0);
  container_.Unlock(LockOfSlot(index));
  return true;
}

Result<SharedMemory::Needs> SharedMemory::NeedsOfOthers() {
  XTDB_RETURN_IF_ERROR(CheckIntact());
  Needs needs;
  for (uint32_t i = 0; i < kShmSlotCount; ++i) {
    if (own_slot_ == i || Read(slot(i).pid) == 0) continue;
    const LSN log_lsn = Read(slot(i).log_lsn);
    const LSN snapshot_lsn = Read(slot(i).snapshot_lsn);
    if (log_lsn >= needs.log_lsn && snapshot_lsn >= needs.snapshot_lsn) continue;
    XTDB_ASSIGN_OR_RETURN(const bool dead, ForgetIfDead(i));
    if (dead) continue;
    needs.log_lsn = std::min(needs.log_lsn, log_lsn);
    if (snapshot_lsn >= needs.snapshot_lsn) continue;
    needs.snapshot_lsn = snapshot_lsn;
    needs.pid = static_cast<int64_t>(Read(slot(i).pid));
    needs.since_us = static_cast<int64_t>(Read(slot(i).since_us));
  }
  return needs;
}

Result<bool> SharedMemory::IsSharedWithWriters() const {
  return container_.IsLockedElsewhere(LockOfSlot(0), kShmSlotCount);
}

}  // namespace xtdb
