#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"

namespace xtdb {

namespace {

constexpr int64_t kOpenTimeoutUs = 60'000'000;   // for a file that comes and goes
constexpr int64_t kCloseTimeoutUs = 60'000'000;  // for the transaction that is under way

constexpr uint32_t kDefaultBlockExtents = 16;

StorageOptions NewStorageOptions(const RequestedStorage& wanted) {
  StorageOptions options;
  options.block_extents = wanted.block_extents.value_or(kDefaultBlockExtents);
  options.raw_records = wanted.raw_records.value_or(false) ? 1 : 0;
  options.atomic_commit = wanted.atomic_commit.value_or(false) ? 1 : 0;
  options.retention_us = wanted.retention_us.value_or(0);
  return options;
}

Status CheckRequest(const EngineOptions& options) {
  if (options.storage.retention_us.value_or(0) < 0) {
    return Status::InvalidArgument("retention is negative");
  }
  if (options.storage.chunk_size_bytes) {
    XTDB_RETURN_IF_ERROR(LayoutCalculator::Create(*options.storage.chunk_size_bytes).status());
  }
  if (options.buffer_bytes < 1 * kMiB) {
    return Status::InvalidArgument("buffer is at least 1M, not " +
                                   std::to_string(options.buffer_bytes));
  }
  return Status();
}

Status NoSuchContainer(const std::string& path) {
  return Status::NotFound(path + ": no such container");
}

// Of what a reader does not need: the right to write, and room beside the container.
Status WithReadOnlyHint(const Status& status) {
  const std::string told =
      std::string(status.message()) + "; to read it, open it with read_only=on";
  if (status.code() == StatusCode::kReadOnly) return Status::ReadOnly(told);
  if (status.code() == StatusCode::kResourceExhausted) return Status::ResourceExhausted(told);
  return status;
}

Result<std::unique_ptr<File>> OpenFile(FileSystem& fs, const std::string& path,
                                       const EngineOptions& options) {
  if (!fs.Exists(path)) {
    if (options.must_exist || options.read_only) return NoSuchContainer(path);
    return fs.Open(path, OpenMode::kOpenOrCreate);
  }
  Result<std::unique_ptr<File>> file =
      fs.Open(path, options.read_only ? OpenMode::kReadOnly : OpenMode::kReadWrite);
  if (!file.ok() && !options.read_only) return WithReadOnlyHint(file.status());
  return file;
}

}  // namespace

StorageEngine::StorageEngine(FileSystem& fs, Clock& clock, std::string path,
                             const EngineOptions& options, std::unique_ptr<Container> container,
                             bool created)
    : fs_(fs),
      clock_(clock),
      path_(std::move(path)),
      options_(options),
      created_(created),
      atomic_commit_(container->superblock().options.atomic_commit != 0),
      fork_generation_(ForkGeneration()),
      container_(std::move(container)),
      locks_(container_->file(), clock),
      block_reader_(std::make_unique<BlockReader>(container_->file(), container_->container_id(),
                                                  options.cache_bytes)),
      log_syncer_(fs, LogPath(), {options.log_sync_interval, options.wal.unsynced_bytes_max},
                  [this](const Status& failed) { NoteFailedBackgroundSync(failed); }),
      maintenance_worker_([this] { MaintainInBackground(); }) {}

Result<std::shared_ptr<StorageEngine>> StorageEngine::Open(FileSystem& fs, Clock& clock,
                                                           const std::string& requested_path,
                                                           const EngineOptions& options) {
  XTDB_RETURN_IF_ERROR(CheckRequest(options));
  // Log and locks belong to the file, by whatever path it is reached.
  XTDB_ASSIGN_OR_RETURN(const std::string path, fs.ResolvePath(requested_path));
  XTDB_RETURN_IF_ERROR(fs.CheckLocal(DirectoryOf(path)));
  Backoff backoff(clock, kOpenTimeoutUs);
  while (true) {
    XTDB_ASSIGN_OR_RETURN(std::shared_ptr<StorageEngine> engine, TryOpen(fs, clock, path, options));
    if (engine != nullptr) return engine;
    if (!backoff.Wait()) {
      return Status::Busy(path + " is made and removed again by other processes all the time");
    }
  }
}

Result<std::shared_ptr<StorageEngine>> StorageEngine::TryOpen(FileSystem& fs, Clock& clock,
                                                              const std::string& path,
                                                              const EngineOptions& options) {
  const bool may_create = !options.must_exist && !options.read_only;
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<File> file, OpenFile(fs, path, options));
  ProcessLocks locks(*file, clock);
  if (options.read_only) {
    XTDB_RETURN_IF_ERROR(locks.ShareRecovery(/*may_wait=*/true).status());
  } else {
    XTDB_RETURN_IF_ERROR(locks.LockRecovery());
  }
  // Whoever held the lock may have removed the file, or put another one there.
  XTDB_ASSIGN_OR_RETURN(const FileIdentity opened, file->Identity());
  const Result<FileIdentity> there = fs.Identify(path);
  if (!there.ok() || !there.value().IsSameFile(opened)) return std::shared_ptr<StorageEngine>();
  XTDB_ASSIGN_OR_RETURN(const bool is_unfinished, Container::IsUnfinished(*file));
  Status foreign;
  if (is_unfinished && !may_create) {
    foreign = Status::NotFound(path + " is empty: no container was made there, or not to the end");
  }
  if (!is_unfinished) foreign = Container::CheckIsContainer(*file);
  if (!foreign.ok()) {
    locks.UnlockRecovery();
    fs.KeepOpen(std::move(file));
    return foreign;
  }
  if (opened.hard_links > 1) {
    return Status::Unsupported(path + " has " + std::to_string(opened.hard_links) +
                               " hard links; its log belongs to one name only: remove the others");
  }
  bool alone = false;
  if (!options.read_only) {
    XTDB_ASSIGN_OR_RETURN(alone, locks.TryExclusiveOpen());
  }
  if (is_unfinished && !alone) return std::shared_ptr<StorageEngine>();
  if (!alone) XTDB_RETURN_IF_ERROR(locks.ShareOpen());
  std::unique_ptr<Container> container;
  if (is_unfinished) {
    Container::NewContainer wanted;
    wanted.chunk_size_bytes = options.storage.chunk_size_bytes.value_or(wanted.chunk_size_bytes);
    wanted.options = NewStorageOptions(options.storage);
    wanted.max_bytes = options.storage.max_bytes.value_or(0);
    wanted.now_us = clock.NowUs();
    XTDB_ASSIGN_OR_RETURN(container, Container::Create(fs, std::move(file), wanted));
  } else {
    XTDB_ASSIGN_OR_RETURN(container, Container::Open(std::move(file), options.read_only));
  }
  auto engine = std::shared_ptr<StorageEngine>(
      new StorageEngine(fs, clock, path, options, std::move(container), is_unfinished));
  // Until it is open it has nothing to finish: the files stay as they were found.
  XTDB_RETURN_IF_ERROR(engine->CheckStorageOptions());
  XTDB_RETURN_IF_ERROR(engine->Attach(alone));
  XTDB_RETURN_IF_ERROR(engine->locks_.ShareOpen());
  engine->locks_.UnlockRecovery();
  std::lock_guard lock(engine->mutex_);
  engine->closed_ = false;
  return engine;
}

// RECOVERY is held. Where no process lives that may write, this one recovers what the last has left
// and makes the shared memory anew; else it joins.
Status StorageEngine::Attach(bool alone) {
  std::lock_guard lock(catch_up_mutex_);
  if (options_.read_only) {
    must_reload_ = true;
    XTDB_ASSIGN_OR_RETURN(const bool has_writers, FindWriters());
    if (!has_writers) return Load(LoadMode::kReadAlone, kNoLsn);
    XTDB_RETURN_IF_ERROR(locks_.SharePin());
    const Status caught_up = CatchUpReadOnly();
    locks_.UnlockPin();
    return caught_up;
  }
  const bool had_shm = fs_.Exists(ShmPath());
  const auto remove_new_shm = [&] {
    if (!alone || had_shm || !fs_.Exists(ShmPath())) return;
    IgnoreStatus(fs_.Remove(ShmPath()), "an empty file that the next opener makes anew");
  };
  Result<std::unique_ptr<SharedMemory>> shared =
      SharedMemory::Open(fs_, ShmPath(), container_->file(), false);
  if (!shared.ok()) {
    remove_new_shm();
    return WithReadOnlyHint(shared.status());
  }
  shared_ = std::move(shared).value();
  XTDB_ASSIGN_OR_RETURN(const bool joins, shared_->IsSharedWithWriters());
  const Uuid& uuid = container_->header().uuid;
  if (joins) {
    if (!shared_->IsOf(uuid)) {
      return Status::FailedPrecondition(ShmPath() +
                                        " is not that of the processes that have the container "
                                        "open: somebody removed it; close it there first");
    }
    XTDB_RETURN_IF_ERROR(shared_->ClaimSlot());
    must_reload_ = true;
    return CatchUpShared();
  }
  const Status recovered = Recover();
  if (!recovered.ok()) remove_new_shm();
  return recovered;
}

Status StorageEngine::Recover() {
  const Uuid& uuid = container_->header().uuid;
  const uint64_t log_epoch = container_->superblock().log_epoch;
  const SharedMemory::Left left = shared_->LeftBy(uuid, log_epoch);
  const bool was_closed = container_->superblock().log_state == LogState::kClean;
  XTDB_RETURN_IF_ERROR(Load(LoadMode::kRecover, left.durable));
  if (!was_closed) {
    IgnoreStatus(state_->chunks.PunchAbandoned(), "what nobody names only takes space");
  }
  FinishInterrupted(left.log_failed, left.durable);
  shared_->BeginRebuild(uuid, log_epoch, left.log_failed);
  XTDB_RETURN_IF_ERROR(shared_->ClaimSlot());
  ShareEverything();
  shared_->SetLastWriter(shared_->mark());
  if (has_undecided_) shared_->SetWriterMark(shared_->mark());
  shared_->FinishRebuild();
  if (!left.log_failed || has_undecided_) return Status();
  const Status escaped = LeaveFailedLog();
  if (escaped.ok()) return Status();
  // Reading goes on. Where only room is missing, the next writer tries again.
  NoteFailure("recovery", escaped);
  return Status();
}

// A log is made at the first write, so that reading leaves nothing beside the container.
Status StorageEngine::EnsureLog() {
  if (wal_) return Status();
  if (fs_.Exists(LogPath())) XTDB_RETURN_IF_ERROR(SetAsideStrayLog());
  Superblock next = container_->superblock();
  ++next.log_epoch;
  ++next.sequence;
  // Else the log would stand there, and the superblock that names it could not.
  XTDB_RETURN_IF_ERROR(CheckCounters(next).WithContext(path_));
  XTDB_ASSIGN_OR_RETURN(std::unique_ptr<RotatingWAL> wal,
                        RotatingWAL::Create(fs_, LogPath(), container_->header().uuid,
                                            next.log_epoch, next.checkpoint_lsn, options_.wal));
  next.checkpoint_lsn = wal->end_lsn();
  next.log_state = LogState::kInUse;
  next.owner_pid = static_cast<uint32_t>(CurrentProcessId());
  next.owner_name = {};
  const std::string name = CurrentProgramName();
  std::copy_n(name.begin(), std::min(name.size(), next.owner_name.size() - 1),
              next.owner_name.begin());
  const Status marked = container_->WriteSuperblock(next);
  if (!marked.ok()) {
    NoteFailure("superblock", marked);
    return marked;
  }
  wal_ = std::move(wal);
  ShareEverything();
  return Status();
}

Result<std::optional<LogHeader>> StorageEngine::ReadLogHeader() const {
  std::vector<std::byte> bytes(sizeof(LogHeader));
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs_.Open(LogPath(), OpenMode::kReadOnly));
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size < bytes.size()) return std::optional<LogHeader>();
  XTDB_RETURN_IF_ERROR(file->ReadAt(0, bytes));
  const Result<LogHeader> header = DecodeLogHeader(bytes);
  if (!header.ok() || header.value().container_uuid != container_->header().uuid) {
    return std::optional<LogHeader>();
  }
  return std::optional<LogHeader>(header.value());
}

// The damaged copy may be the one that said "log in use", and the other one older: then the log is
// of the next epoch, and everything since the clean close stands in it.
Status StorageEngine::FindUnmarkedLog(Superblock& superblock) const {
  if (superblock.log_state != LogState::kClean || !fs_.Exists(LogPath())) return Status();
  XTDB_ASSIGN_OR_RETURN(const std::optional<LogHeader> header, ReadLogHeader());
  if (!header || header->epoch != superblock.log_epoch + 1) return Status();
  superblock.log_state = LogState::kInUse;
  superblock.checkpoint_lsn = header->start_lsn;
  return Status();
}

// The superblock says "clean", and yet there is a log. What a crash between two steps of close or
// EnsureLog leaves of this container's own holds nothing that is not in blocks. Any other may be
// all that is left of somebody's data.
Status StorageEngine::SetAsideStrayLog() {
  XTDB_ASSIGN_OR_RETURN(const bool is_leftover, IsLeftoverLog());
  if (is_leftover) return fs_.Remove(LogPath());
  const std::string aside = LogPath() + ".foreign-" + std::to_string(clock_.NowUs());
  XTDB_RETURN_IF_ERROR(fs_.Rename(LogPath(), aside));
  events_.Add(clock_.NowUs(), EventLevel::kWarning, "foreign log",
              LogPath() + " is not this container's log; kept as " + aside);
  return fs_.SyncDirectory(DirectoryOf(path_));
}

Result<bool> StorageEngine::IsLeftoverLog() {
  XTDB_ASSIGN_OR_RETURN(const std::unique_ptr<File> file, fs_.Open(LogPath(), OpenMode::kReadOnly));
  XTDB_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  std::vector<std::byte> bytes(std::min<uint64_t>(size, sizeof(LogHeader)));
  XTDB_RETURN_IF_ERROR(file->ReadAt(0, bytes));
  // Its creation was cut short before the header was there.
  if (std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; })) return true;
  Result<LogReader> reader = LogReader::Create(*file, container_->header().uuid);
  if (!reader.ok()) return false;
  const LogHeader& header = reader.value().header();
  if (header.epoch <= container_->superblock().log_epoch) return true;
  if (header.epoch > container_->superblock().log_epoch + 1) return false;
  // Begun, and then the crash came before the superblock. If anything was committed to it, then the
  // superblock did name it, and this container is an older copy of itself.
  bool is_empty = true;
  const Result<ReplayEnd> end = reader.value().Replay(header.start_lsn, [&](const LogRecord&) {
    is_empty = false;
    return Status();
  });
  return end.ok() && is_empty;
}

Status StorageEngine::Close() { return CloseWith(false); }

Status StorageEngine::CloseAndRemoveIfNew() { return CloseWith(created_); }

Status StorageEngine::CloseWith(bool remove_if_new) {
  if (forked()) return Status();  // another thread may have had a mutex
  {
    std::lock_guard lock(mutex_);
    if (options_.read_only) closed_ = true;
    if (closed_) return Status();
  }
  maintenance_worker_.Stop();
  XTDB_RETURN_IF_ERROR(compaction_lock_.Acquire(kCloseTimeoutUs, path_));
  const Cleanup release_compaction([this] { compaction_lock_.Release(); });
  // Also where nothing seems to be open: somebody may just begin the first transaction.
  XTDB_RETURN_IF_ERROR(writer_.Acquire(kCloseTimeoutUs, path_));
  const Cleanup release([this] {
    {
      std::lock_guard lock(mutex_);
      closed_ = true;
    }
    writer_.Release();
  });
  log_syncer_.Stop();
  XTDB_RETURN_IF_ERROR(locks_.LockRecovery());
  const Cleanup unlock([this] {
    shared_->ReleaseSlot();
    locks_.UnlockOpen();
    locks_.UnlockRecovery();
  });
  XTDB_ASSIGN_OR_RETURN(const bool alone, locks_.TryExclusiveOpen());
  return alone ? CloseAlone(remove_if_new) : Status();
}

// OPEN is held exclusively: nobody else can be anywhere.
Status StorageEngine::CloseAlone(bool remove_if_new) {
  std::lock_guard lock(catch_up_mutex_);
  {
    std::lock_guard state_lock(mutex_);
    if (closed_) return Status();
    closed_ = true;
    if (!failure_.ok()) return failure_;
  }
  // If that fails, log and container still hold everything for the next opener.
  Status done = TakeOver();
  if (done.ok() && remove_if_new && HoldsNothing()) return RemoveFiles();
  // What is undecided stays in the log for the one who can decide it.
  if (done.ok() && wal_ != nullptr && !has_undecided_) {
    done = FlushAll();
    // One checkpoint passes the DROP frames, the next frees their slots.
    if (done.ok() && state_->chunks.AwaitsCheckpoint()) done = Checkpoint(LogState::kInUse);
    if (done.ok()) done = Checkpoint(LogState::kClean);
    if (done.ok()) done = CloseLog();
  }
  if (!done.ok()) {
    NoteFailure("close", done);
    return done;
  }
  XTDB_RETURN_IF_ERROR(fs_.Remove(ShmPath()));
  return fs_.SyncDirectory(DirectoryOf(path_));
}

bool StorageEngine::HoldsNothing() const {
  std::lock_guard lock(mutex_);
  return !committed_anything_ && state_->dictionary.size() == 0 && state_->chunks.chunks()->empty();
}

Status StorageEngine::CloseLog() {
  wal_ = nullptr;
  IgnoreStatus(state_->chunks.PunchUnused(), "unused space in a slot harms nobody");
  // What other processes have taken in advance, or a compaction has left, is in no list here.
  IgnoreStatus(state_->chunks.PunchAbandoned(), "what nobody names only takes space");
  IgnoreStatus(container_->Trim(state_->chunks.used_end()),
               "unused space behind the data harms nobody");
  return fs_.Remove(LogPath());
}

// The container first: a log alone is set aside, a container without its log could not be opened.
Status StorageEngine::RemoveFiles() {
  wal_ = nullptr;
  XTDB_RETURN_IF_ERROR(fs_.Remove(path_));
  for (const std::string& beside : {LogPath(), ShmPath()}) {
    if (fs_.Exists(beside)) XTDB_RETURN_IF_ERROR(fs_.Remove(beside));
  }
  return fs_.SyncDirectory(DirectoryOf(path_));
}

}  // namespace xtdb
