#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/read_view.h"
#include "engine/transaction/transaction.h"
#include "vtab/engine_registry.h"
#include "vtab/point_mover.h"

namespace xtdb {

class Connection;

// A tag that this transaction writes to, and what makes the next row of it cheap.
struct WriteTag {
  StagedTag* staged = nullptr;
  std::string_view name;
  WriteTag* next = nullptr;  // that came behind it last time
  RowHandles::Hint handle_hint;
  std::optional<int64_t> committed_last_ts;  // before this transaction
  // The first `indexed_rows` staged rows by ts, true for live ones; made when a late point is
  // looked up.
  struct StagedIndex {
    std::unordered_map<int64_t, bool> points;
    size_t indexed_rows = 0;
  };
  std::unique_ptr<StagedIndex> staged_index;
};

// The database that a container with atomic_commit commits with.
struct CommitPartner {
  Uuid database{};
  // Must be synced before what SQLite has committed there may be relied on; "": it is already.
  std::string folder_to_sync;
};

// One connection's dealings with one container: the transaction that all its tables share, with its
// savepoints. SQLite calls each table in turn for each step; the first call of a step does it, the
// others find it done.
//
// Ownership: shares the engine; belongs to `connection`, which outlives it.
// Threads:   one connection's.
class ContainerSession : public std::enable_shared_from_this<ContainerSession> {
 public:
  ContainerSession(Connection& connection, std::shared_ptr<EngineHandle> handle)
      : connection_(connection), handle_(std::move(handle)) {}
  ~ContainerSession();

  StorageEngine& engine() const { return handle_->engine(); }
  EngineHandle& handle() const { return *handle_; }
  // kFailedPrecondition in a child after fork().
  Status CheckUsable() const;

  // Decides what a dead process has left undecided in the container, if a database of the
  // connection's tables can tell. OK, too, if none can: then the container is read without it.
  Status SettleUndecided() {
    if (!engine().has_undecided()) [[likely]]
      return {};
    return AskDatabase();
  }
  // What is committed now, and what the own transaction has written so far.
  Result<ReadView> TakeView();
  // For looking up single points while writing: everything, up to the last row.
  Result<ReadView> CurrentState();

  // For containers with atomic_commit, before the first Write. kReadOnly if the running transaction
  // commits with another one.
  Status SetPartner(CommitPartner partner);
  // The transaction; begins it at the first call, waiting as long as the connection's busy_timeout
  // says.
  Result<Transaction*> Write();
  Transaction* transaction() const { return transaction_.get(); }
  bool has_written() const {
    return (transaction_ != nullptr && transaction_->has_written()) || mover_.has_pending();
  }

  // The tag of that name, defined if there is none; good until the next call of anything else here.
  Result<WriteTag*> FindOrDefineTag(std::string_view name);
  // The same without a look-up, for rows that name their tags in the same order again and again.
  // nullptr: ask FindOrDefineTag.
  WriteTag* GuessTag(std::string_view name) {
    if (last_tag_ == nullptr || transaction_->staging().generation() != cached_generation_) {
      return nullptr;
    }
    WriteTag* const guess = last_tag_->next;
    if (guess == nullptr || guess->name != name) return nullptr;
    undo_definition_.reset();
    return last_tag_ = guess;
  }
  // Takes back the definition that the last FindOrDefineTag made, if it made one: its row has
  // failed.
  void UndoDefinition();
  // nullptr: no such tag.
  Result<WriteTag*> FindTag(std::string_view name);
  Result<WriteTag*> FindTag(TagId id);
  // True if a live point stands at (tag, ts) now.
  Result<bool> Exists(WriteTag& tag, int64_t ts_us);

  PointMover& mover() { return mover_; }
  // Between two statements: what the first one has put off is done.
  Status EndStatement();
  // A cursor of `statement` is about to read.
  Status BeginReading(uint64_t statement);

  Status Savepoint(int level);
  Status Release(int level);
  Status RollbackTo(int level);
  Status Prepare();
  Status Commit();
  Status Rollback();

 private:
  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  struct Level {
    int level;
    Mark mark;
    MarkHold hold;
  };
  Status AskDatabase();
  Result<std::shared_ptr<const Snapshot>> TakeSnapshot();
  void DropCaches();
  void CheckCaches();
  WriteTag* Remember(StagedTag& staged);
  WriteTag* NoteUse(WriteTag& tag);
  void EndTransaction(bool committed);

  Connection& connection_;
  const std::shared_ptr<EngineHandle> handle_;
  std::unique_ptr<Transaction> transaction_;
  std::optional<CommitPartner> partner_;
  std::shared_ptr<const Snapshot> committed_;  // while transaction_ is there nobody else commits
  Mark start_mark_ = 0;                        // before the transaction's first write
  MarkHold start_hold_;
  std::vector<Level> levels_;  // by level
  PointMover mover_;

  std::unordered_map<std::string, WriteTag, NameHash, std::equal_to<>> write_tags_;
  WriteTag* last_tag_ = nullptr;  // in write_tags_: of the last row
  uint64_t cached_generation_ = 0;
  std::optional<Mark> undo_definition_;
};

}  // namespace xtdb
