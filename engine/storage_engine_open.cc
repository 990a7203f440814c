#include <algorithm>

#include "engine/storage_engine.h"
#include "engine/wal/log_replay.h"

namespace xtdb {

namespace {

constexpr int64_t kCloseTimeoutUs = 60'000'000;  // for the transaction that is under way

StorageOptions NewStorageOptions(const RequestedStorage& wanted) {
  StorageOptions options;
  options.block_extents = wanted.block_extents.value_or(1);
  options.raw_records = wanted.raw_records.value_or(false) ? 1 : 0;
  options.atomic_commit = wanted.atomic_commit.value_or(false) ? 1 : 0;
  options.retention_us = wanted.retention_us.value_or(0);
  return options;
}

Status CheckRequest(const EngineOptions& options) {
  if (options.storage.atomic_commit.value_or(false)) {
    return Status::Unsupported("atomic_commit=on is not supported by this build; leave it off");
  }
  if (options.storage.retention_us.value_or(0) != 0) {
    return Status::Unsupported("retention is not supported by this build; leave it out");
  }
  if (options.storage.block_extents.value_or(1) != 1) {
    return Status::Unsupported("block_size other than 16K is not supported by this build");
  }
  if (options.buffer_bytes < 1 * kMiB) {
    return Status::InvalidArgument("buffer is at least 1M, not " +
                                   std::to_string(options.buffer_bytes));
  }
  return Status();
}

Status Differs(const std::string& path, const char* option, const std::string& wanted,
               const std::string& stored) {
  return Status::InvalidArgument(path + " was created with " + option + "=" + stored +
                                 ", which this table states as " + wanted +
                                 "; leave the option out");
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
      fork_generation_(ForkGeneration()),
      container_(std::move(container)),
      state_(std::make_shared<EngineState>(*container_, events_)),
      block_reader_(std::make_unique<BlockReader>(container_->file(), container_->container_id())),
      block_io_(container_->file()) {}

Result<std::shared_ptr<StorageEngine>> StorageEngine::Open(FileSystem& fs, Clock& clock,
                                                           const std::string& requested_path,
                                                           const EngineOptions& options) {
  XTDB_RETURN_IF_ERROR(CheckRequest(options));
  // Log and locks belong to the file, by whatever path it is reached.
  XTDB_ASSIGN_OR_RETURN(const std::string path, fs.ResolvePath(requested_path));
  XTDB_RETURN_IF_ERROR(fs.CheckLocal(DirectoryOf(path)));
  XTDB_ASSIGN_OR_RETURN(const bool is_new, Container::IsToBeCreated(fs, path));
  const bool exists = !is_new;
  if (!exists && (options.must_exist || options.read_only)) {
    return Status::NotFound(path + ": no such container" +
                            (options.read_only ? "; it is not made with read_only=on" : ""));
  }
  std::unique_ptr<Container> container;
  const auto hint = [&](const Status& status) {
    if (status.code() != StatusCode::kReadOnly || !exists) return status;
    return Status::ReadOnly(std::string(status.message()) +
                            "; to read it, open it with read_only=on");
  };
  if (exists) {
    XTDB_ASSIGN_OR_RETURN(const FileIdentity identity, fs.Identify(path));
    if (identity.hard_links > 1) {
      return Status::Unsupported(
          path + " has " + std::to_string(identity.hard_links) +
          " hard links; its log belongs to one name only: remove the others");
    }
    Result<std::unique_ptr<Container>> opened = Container::Open(fs, path, options.read_only);
    if (!opened.ok()) return hint(opened.status());
    container = std::move(opened).value();
  } else {
    Container::NewContainer wanted;
    wanted.chunk_size_bytes = options.storage.chunk_size_bytes.value_or(wanted.chunk_size_bytes);
    wanted.options = NewStorageOptions(options.storage);
    wanted.now_us = clock.NowUs();
    XTDB_ASSIGN_OR_RETURN(container, Container::Create(fs, path, wanted));
  }
  auto engine = std::shared_ptr<StorageEngine>(
      new StorageEngine(fs, clock, path, options, std::move(container), !exists));
  Status ready = engine->CheckStorageOptions();
  if (ready.ok()) ready = engine->Recover();
  if (!ready.ok()) {
    std::lock_guard lock(engine->mutex_);
    engine->closed_ = true;  // nothing to finish: the files stay as they were found
    return ready;
  }
  return engine;
}

Status StorageEngine::CheckStorageOptions() const {
  const RequestedStorage& wanted = options_.storage;
  const StorageOptions& stored = container_->superblock().options;
  const uint64_t chunk_size = container_->header().chunk_size_bytes;
  if (wanted.chunk_size_bytes.value_or(chunk_size) != chunk_size) {
    return Differs(path_, "chunk_size", std::to_string(*wanted.chunk_size_bytes),
                   std::to_string(chunk_size));
  }
  if (wanted.raw_records.value_or(stored.raw_records != 0) != (stored.raw_records != 0)) {
    return Differs(path_, "codec", *wanted.raw_records ? "raw" : "auto",
                   stored.raw_records != 0 ? "raw" : "auto");
  }
  return Status();
}

Status StorageEngine::Recover() {
  XTDB_ASSIGN_OR_RETURN(const std::vector<std::byte> bytes, container_->ReadCatalogue());
  state_->dictionary.ReserveIdsBelow(container_->superblock().next_tag_id);
  if (!bytes.empty()) {
    Result<Catalogue> catalogue = DecodeCatalogue(bytes);
    if (!catalogue.ok()) return catalogue.status().WithContext(path_);
    for (TagDefinition& tag : catalogue.value().tags) state_->dictionary.Put(std::move(tag));
    XTDB_RETURN_IF_ERROR(state_->chunks.LoadTable(catalogue.value().chunks));
  }
  Superblock superblock = container_->superblock();
  if (container_->found_damaged_superblock()) {
    XTDB_RETURN_IF_ERROR(FindUnmarkedLog(superblock));
    events_.Add(
        clock_.NowUs(), EventLevel::kWarning, "superblock",
        "one of the two superblock copies was damaged, as a crash may leave it; written again");
    if (!options_.read_only) XTDB_RETURN_IF_ERROR(container_->WriteSuperblock(superblock));
  }
  published_lsn_ = superblock.checkpoint_lsn;
  if (superblock.log_state == LogState::kInUse) XTDB_RETURN_IF_ERROR(ReplayLog(superblock));
  XTDB_RETURN_IF_ERROR(state_->chunks.FinishReplay());
  if (options_.read_only || !wal_) return Status();
  // Seals that the crash has interrupted; what fails here is tried again at the next checkpoint.
  Status sealed = state_->chunks.CopyEntries();
  if (sealed.ok()) sealed = state_->chunks.SealFull();
  if (!sealed.ok()) NoteFailure("seal after recovery", sealed);
  return Status();
}

Status StorageEngine::ReplayLog(const Superblock& superblock) {
  if (!fs_.Exists(LogPath())) {
    return Status::Corruption(
        path_ + " was not closed and its log " + LogPath() +
        " is missing: put the two files side by side again, or run xtdb salvage on "
        "a copy");
  }
  LogReplay replay(state_->dictionary, state_->buffer, state_->chunks);
  ReplayEnd end;
  XTDB_ASSIGN_OR_RETURN(
      wal_,
      RotatingWAL::Open(
          fs_, LogPath(), container_->header().uuid, superblock.checkpoint_lsn, options_.wal,
          options_.read_only, [&](const LogRecord& record) { return replay.Apply(record); }, &end));
  Status settled = replay.Finish();
  if (!settled.ok()) return settled.WithContext(LogPath());
  published_lsn_ = std::max(published_lsn_, replay.last_lsn());
  stats_.recovered_transactions = replay.transactions();
  stats_.recovered_points = replay.points();
  committed_anything_ = true;
  std::string told = "replayed " + std::to_string(replay.transactions()) + " transactions with " +
                     std::to_string(replay.points()) + " points";
  if (replay.withdrawn() != 0) {
    told += ", dropped " + std::to_string(replay.withdrawn()) + " that never committed";
  }
  if (end.tail_was_cut) told += ", cut an unfinished write at LSN " + std::to_string(end.end_lsn);
  events_.Add(clock_.NowUs(), end.tail_was_cut ? EventLevel::kWarning : EventLevel::kInfo,
              "recovery", told);
  if (options_.read_only) return Status();
  Superblock next = container_->superblock();
  next.log_epoch = std::max(superblock.log_epoch, end.max_epoch) + 1;
  XTDB_RETURN_IF_ERROR(container_->WriteSuperblock(next));
  wal_->BeginEpoch(next.log_epoch);
  buffered_since_us_ = clock_.MonotonicUs();
  return Status();
}

// A log is made at the first write, so that reading leaves nothing beside the container.
Status StorageEngine::EnsureLog() {
  if (wal_) return Status();
  if (fs_.Exists(LogPath())) XTDB_RETURN_IF_ERROR(SetAsideStrayLog());
  Superblock next = container_->superblock();
  ++next.log_epoch;
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

Status StorageEngine::Close() {
  {
    std::lock_guard lock(mutex_);
    if (forked() || options_.read_only) closed_ = true;
    if (closed_) return Status();
  }
  // Also where nothing seems to be open: somebody may just begin the first transaction.
  XTDB_RETURN_IF_ERROR(writer_.Acquire(kCloseTimeoutUs, path_));
  const Status closed = CloseLocked();
  writer_.Release();
  return closed;
}

Status StorageEngine::CloseLocked() {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return Status();
    closed_ = true;
    if (!failure_.ok()) return failure_;
  }
  if (!wal_) return Status();
  Status done = FlushAll();
  if (done.ok()) done = Checkpoint(LogState::kClean);
  if (!done.ok()) {
    NoteFailure("close", done);
    return done;
  }
  return CloseLog();
}

Status StorageEngine::CloseLog() {
  wal_ = nullptr;
  IgnoreStatus(container_->Trim(state_->chunks.used_end()),
               "unused space behind the data harms nobody");
  XTDB_RETURN_IF_ERROR(fs_.Remove(LogPath()));
  return fs_.SyncDirectory(DirectoryOf(path_));
}

Status StorageEngine::CloseAndRemoveIfNew() {
  if (!created_ || forked()) return Close();
  XTDB_RETURN_IF_ERROR(writer_.Acquire(kCloseTimeoutUs, path_));
  bool remove;
  {
    std::lock_guard lock(mutex_);
    remove = !committed_anything_ && !closed_;
    if (remove) closed_ = true;
  }
  const Status done = remove ? RemoveFiles() : CloseLocked();
  writer_.Release();
  return done;
}

// The container first: a log alone is set aside, a container without its log could not be opened.
Status StorageEngine::RemoveFiles() {
  wal_ = nullptr;
  XTDB_RETURN_IF_ERROR(fs_.Remove(path_));
  if (fs_.Exists(LogPath())) XTDB_RETURN_IF_ERROR(fs_.Remove(LogPath()));
  return fs_.SyncDirectory(DirectoryOf(path_));
}

}  // namespace xtdb
