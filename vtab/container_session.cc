#include "vtab/container_session.h"

#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/io/file_system.h"
#include "planner/plan.h"
#include "vtab/connection.h"

namespace xtdb {

ContainerSession::~ContainerSession() {
  if (transaction_ != nullptr) {
    IgnoreStatus(transaction_->Rollback(), "the connection is closed, nobody is left to be told");
  }
}

Status ContainerSession::CheckUsable() const {
  if (!engine().forked()) return {};
  return Status::FailedPrecondition(
      "container " + engine().path() +
      " was opened before fork(): the child must open its own connection");
}

Status ContainerSession::AskDatabase() {
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, connection_.BusyTimeoutUs());
  const auto is_committed = [this](const UndecidedTransaction& undecided) {
    return connection_.IsCommitted(*this, undecided);
  };
  Status settled = engine().SettleUndecided(is_committed, timeout_us);
  if (settled.ok() || settled.code() == StatusCode::kNotFound) return {};
  return settled.WithContext(engine().path() +
                             ": asking the database whether its last transaction was committed");
}

Result<std::shared_ptr<const Snapshot>> ContainerSession::TakeSnapshot() {
  XTDB_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, engine().TakeSnapshot());
  if (!engine().has_undecided()) [[likely]]
    return snapshot;
  // It may have been found only now.
  XTDB_RETURN_IF_ERROR(AskDatabase());
  return engine().TakeSnapshot();
}

Result<ReadView> ContainerSession::TakeView() {
  ReadView view;
  XTDB_ASSIGN_OR_RETURN(view.snapshot, TakeSnapshot());
  if (transaction_ != nullptr) {
    view.staging = &transaction_->staging();
    view.mark = transaction_->TakeMark();
    view.hold = std::make_shared<const MarkHold>(transaction_->Hold(view.mark));
  }
  return view;
}

Result<ReadView> ContainerSession::CurrentState() {
  ReadView view;
  if (transaction_ == nullptr) {
    XTDB_ASSIGN_OR_RETURN(view.snapshot, TakeSnapshot());
    return view;
  }
  if (committed_ == nullptr) {
    XTDB_ASSIGN_OR_RETURN(committed_, engine().TakeSnapshot());
  }
  view.snapshot = committed_;
  view.staging = &transaction_->staging();
  return view;
}

Status ContainerSession::SetPartner(CommitPartner partner) {
  if (transaction_ != nullptr && partner_->database != partner.database) {
    return Status::ReadOnly("the transaction writes to " + engine().path() +
                            " together with database " + UuidText(partner_->database) +
                            " (atomic_commit=on); it cannot commit with " +
                            UuidText(partner.database) + " as well");
  }
  partner_ = std::move(partner);
  return {};
}

Result<Transaction*> ContainerSession::Write() {
  if (transaction_ != nullptr) [[likely]]
    return transaction_.get();
  XTDB_RETURN_IF_ERROR(CheckUsable());
  XTDB_ASSIGN_OR_RETURN(const int64_t timeout_us, connection_.BusyTimeoutUs());
  std::optional<Uuid> database;
  if (partner_) database = partner_->database;
  Result<std::unique_ptr<Transaction>> begun = engine().Begin(timeout_us, database);
  if (!begun.ok() && engine().has_undecided()) {
    XTDB_RETURN_IF_ERROR(AskDatabase());
    begun = engine().Begin(timeout_us, database);
  }
  XTDB_ASSIGN_OR_RETURN(transaction_, std::move(begun));
  start_mark_ = transaction_->TakeMark();
  start_hold_ = transaction_->Hold(start_mark_);
  // Savepoints from before the first write all lead back to it.
  for (Level& level : levels_) level.mark = start_mark_;
  DropCaches();
  return transaction_.get();
}

void ContainerSession::DropCaches() {
  last_tag_ = nullptr;
  write_tags_.clear();
  undo_definition_.reset();
}

void ContainerSession::CheckCaches() {
  const uint64_t generation = transaction_->staging().generation();
  if (generation == cached_generation_) [[likely]]
    return;
  DropCaches();
  cached_generation_ = generation;
}

WriteTag* ContainerSession::Remember(StagedTag& staged) {
  const auto found = write_tags_.try_emplace(staged.definition().name).first;
  found->second.staged = &staged;
  found->second.name = found->first;
  return NoteUse(found->second);
}

WriteTag* ContainerSession::NoteUse(WriteTag& tag) {
  if (last_tag_ != nullptr) last_tag_->next = &tag;
  return last_tag_ = &tag;
}

Result<WriteTag*> ContainerSession::FindTag(std::string_view name) {
  XTDB_ASSIGN_OR_RETURN(Transaction* const transaction, Write());
  CheckCaches();
  undo_definition_.reset();
  const auto known = write_tags_.find(name);
  if (known != write_tags_.end()) return NoteUse(known->second);
  StagedTag* const staged = transaction->FindTag(name);
  return staged == nullptr ? nullptr : Remember(*staged);
}

Result<WriteTag*> ContainerSession::FindTag(TagId id) {
  XTDB_ASSIGN_OR_RETURN(Transaction* const transaction, Write());
  CheckCaches();
  undo_definition_.reset();
  StagedTag* const staged = transaction->FindTag(id);
  return staged == nullptr ? nullptr : Remember(*staged);
}

Result<WriteTag*> ContainerSession::FindOrDefineTag(std::string_view name) {
  XTDB_ASSIGN_OR_RETURN(WriteTag* const found, FindTag(name));
  if (found != nullptr) [[likely]]
    return found;
  const Mark before = transaction_->TakeMark();
  XTDB_ASSIGN_OR_RETURN(StagedTag* const staged, transaction_->FindOrDefineTag(name));
  WriteTag* const tag = Remember(*staged);
  undo_definition_ = before;
  return tag;
}

void ContainerSession::UndoDefinition() {
  if (!undo_definition_) return;
  transaction_->RollbackTo(*undo_definition_);
  DropCaches();
}

Result<bool> ContainerSession::Exists(WriteTag& tag, int64_t ts_us) {
  const TagId id = tag.staged->id();
  if (!tag.committed_last_ts) {
    int64_t last_ts = INT64_MIN;
    if (engine().tags()->Find(id) != nullptr) {
      XTDB_ASSIGN_OR_RETURN(last_ts, engine().LastTs(id));
    }
    tag.committed_last_ts = last_ts;
  }
  if (ts_us <= transaction_->staging().LastTs(id) && !transaction_->staging().spills().empty()) {
    XTDB_ASSIGN_OR_RETURN(const ReadView state, CurrentState());
    XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> found,
                          FindPoint(state, tag.staged->tag(), ts_us));
    return found.has_value();
  }
  if (ts_us <= transaction_->staging().LastTs(id)) {
    const PointColumns& rows = tag.staged->columns();
    if (tag.staged_index == nullptr) tag.staged_index = std::make_unique<WriteTag::StagedIndex>();
    WriteTag::StagedIndex& index = *tag.staged_index;
    for (size_t& row = index.indexed_rows; row < rows.size(); ++row) {
      index.points[rows.ts_us[row]] = (rows.flags[row] & kPointDeleted) == 0;
    }
    const auto staged = index.points.find(ts_us);
    if (staged != index.points.end()) return staged->second;
  }
  if (ts_us > *tag.committed_last_ts) return false;
  XTDB_ASSIGN_OR_RETURN(ReadView committed, CurrentState());
  committed.staging = nullptr;  // asked above
  XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> found,
                        FindPoint(committed, tag.staged->tag(), ts_us));
  return found.has_value();
}

Status ContainerSession::EndStatement() {
  if (!mover_.has_pending()) [[likely]]
    return {};
  return mover_.Finish(*this);
}

Status ContainerSession::BeginReading(uint64_t statement) {
  XTDB_RETURN_IF_ERROR(CheckUsable());
  return statement == mover_.statement() ? Status() : EndStatement();
}

Status ContainerSession::Savepoint(int level) {
  XTDB_RETURN_IF_ERROR(EndStatement());
  mover_.Clear();
  const bool known = std::any_of(levels_.begin(), levels_.end(),
                                 [level](const Level& other) { return other.level == level; });
  // Another table of the container may have been told already, with fewer writes behind it.
  if (known) return {};
  Level saved{level, 0, {}};
  if (transaction_ != nullptr) {
    saved.mark = transaction_->TakeMark();
    saved.hold = transaction_->Hold(saved.mark);
  }
  levels_.push_back(std::move(saved));
  return {};
}

Status ContainerSession::Release(int level) {
  XTDB_RETURN_IF_ERROR(EndStatement());
  mover_.Clear();
  std::erase_if(levels_, [level](const Level& other) { return other.level >= level; });
  return {};
}

Status ContainerSession::RollbackTo(int level) {
  mover_.Clear();
  std::erase_if(levels_, [level](const Level& other) { return other.level > level; });
  if (transaction_ == nullptr) return {};
  const auto found = std::find_if(levels_.begin(), levels_.end(),
                                  [level](const Level& other) { return other.level == level; });
  // A level that no table here was told of is older than the first write.
  transaction_->RollbackTo(found == levels_.end() ? start_mark_ : found->mark);
  DropCaches();
  return {};
}

Status ContainerSession::Prepare() {
  XTDB_RETURN_IF_ERROR(EndStatement());
  mover_.Clear();
  if (transaction_ == nullptr) return {};
  XTDB_RETURN_IF_ERROR(CheckUsable());
  return transaction_->Prepare();
}

Status ContainerSession::Commit() {
  if (transaction_ == nullptr) {
    levels_.clear();
    return {};
  }
  // Whatever comes behind the PREPARE confirms it, so SQLite's part has to be as durable before.
  if (partner_ && !partner_->folder_to_sync.empty()) {
    const Status told = CatchNoMemory([this] {
      const Status synced = ContainerFiles().SyncDirectory(partner_->folder_to_sync);
      if (synced.ok()) return synced;
      engine().events().Add(engine().clock().NowUs(), EventLevel::kWarning, "commit",
                            "the database's folder: " + std::string(synced.message()));
      return Status();
    });
    IgnoreStatus(told, "SQLite has committed: nothing can be refused any more");
  }
  transaction_->Commit();
  EndTransaction(true);
  return {};
}

Status ContainerSession::Rollback() {
  if (transaction_ == nullptr) {
    levels_.clear();
    return {};
  }
  Status status = transaction_->Rollback();
  EndTransaction(false);
  return status;
}

void ContainerSession::EndTransaction(bool committed) {
  const std::unique_ptr<Transaction> over = std::move(transaction_);
  start_hold_ = MarkHold();
  committed_.reset();
  partner_.reset();
  levels_.clear();
  mover_.Clear();
  DropCaches();
  connection_.snapshots().TransactionEnded(*this, committed);
}

}  // namespace xtdb
