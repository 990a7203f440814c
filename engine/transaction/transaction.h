#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/status.h"
#include "engine/transaction/column_batch.h"
#include "engine/transaction/staging.h"

namespace xtdb {

class StorageEngine;
struct EngineState;

// One writer's transaction; holds WRITER from its making to Commit, Rollback or its end. Everything
// is staged in memory, what exceeds its share of it in blocks that nothing names; Prepare makes it
// durable, Commit makes it visible.
//
//   Begin -> Write/Delete/... -> Prepare -> Commit
//                 ^---------------| (more writes withdraw the PREPARE; then Prepare again)
//   Rollback from anywhere. An object that ends without Commit rolls back.
//
// Ownership: shares the engine.
// Threads:   one at a time.
class Transaction {
 public:
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // The tag of that name, defined now if there is none.
  Result<StagedTag*> FindOrDefineTag(std::string_view name);
  StagedTag* FindTag(std::string_view name) { return staging_.Find(name); }
  StagedTag* FindTag(TagId id) { return staging_.Find(id); }
  // Defines a tag or changes what is known of it; the type of an existing one only while it has no
  // values (kTypeMismatch otherwise). type kNone: leave to the first value. Absent optionals leave
  // what is.
  Status DefineTag(std::string_view name, std::optional<ValueType> type,
                   std::optional<std::string_view> unit,
                   std::optional<std::string_view> description,
                   std::optional<Interpolation> interpolation = std::nullopt);

  // Gives a tag another name, which nobody has; its points are its own as before. In a transaction
  // of its own: kFailedPrecondition. kNotFound, kAlreadyExists, kInvalidArgument as for names.
  Status RenameTag(std::string_view name, std::string_view new_name);

  // Stages one point; the last write of a (tag, ts) counts. A type is taken from the first non-NULL
  // value; an int64 tag widens to float64 at the first fraction, if all its integers are exact.
  //   kInvalidArgument: ts outside kTsMin..kTsMax. kTypeMismatch: the value does not fit the tag,
  //   with tag, type and value in the message. kTooBig: text too long. On error nothing is staged.
  Status Write(StagedTag& tag, int64_t ts_us, const Value& value, Quality quality) {
    if (TakesAtOnce(ts_us)) [[likely]] {
      if (value.kind == Value::Kind::kReal && tag.columns().type == ValueType::kFloat64) {
        staging_.AppendNumber(tag, ts_us, FromDouble(value.real), quality);
        return Status();
      }
      if (value.kind == Value::Kind::kInteger && tag.columns().type == ValueType::kInt64) {
        staging_.AppendNumber(tag, ts_us, FromInt64(value.integer), quality);
        return Status();
      }
    }
    return WriteAny(tag, ts_us, value, quality);
  }
  // Write for the numbers that most signals are. `tag` is the tag's handle: it is looked up once,
  // and is good until RollbackTo or the transaction's end.
  Status WritePoint(StagedTag& tag, int64_t ts_us, double value, Quality quality = kQualityGood) {
    if (TakesAtOnce(ts_us) && tag.columns().type == ValueType::kFloat64) [[likely]] {
      staging_.AppendNumber(tag, ts_us, FromDouble(value), quality);
      return Status();
    }
    return WriteAny(tag, ts_us, Value::Real(value), quality);
  }
  // Write for a column of points, as many as there are; all or nothing, as if by Write in their
  // order but for types: a tag of integers takes doubles that are all whole as integers, and else
  // widens. NaN is kept. The message of an error begins with the number, from 0, of the first row
  // that does not fit.
  //   kInvalidArgument: columns of different lengths. kIoError, kResourceExhausted: rows could not
  //   leave memory; handles of tags are then dead as after RollbackTo.
  Status WriteColumn(StagedTag& tag, const ColumnBatch& batch);
  // Stages a tombstone.
  Status Delete(StagedTag& tag, int64_t ts_us);

  Mark TakeMark() { return staging_.TakeMark(); }
  // While it lives, the mark may be rolled back to and read at.
  MarkHold Hold(Mark mark) { return staging_.Hold(mark); }
  // Also after Prepare: the PREPARE is then withdrawn.
  void RollbackTo(Mark mark);

  // Writes everything to the log and syncs it as `synchronous` asks; takes the memory that Commit
  // needs. Idempotent while nothing is written in between. On error nothing is decided: Rollback.
  Status Prepare();
  // Publishes. Cannot fail after Prepare (XTDB_CHECKed). A transaction that wrote nothing needs no
  // Prepare.
  void Commit() noexcept;
  // After a Prepare: writes ABORT and syncs it; if that fails the engine is poisoned, and says that
  // the outcome is open. Releases WRITER in any case.
  Status Rollback();

  const Staging& staging() const { return staging_; }
  StorageEngine& engine() const { return *engine_; }
  bool has_written() const { return !staging_.empty(); }
  // After Prepare: the LSN of the PREPARE, which names this transaction for ever; kNoLsn if nothing
  // was written.
  LSN number() const { return prepare_lsn_; }

 private:
  friend class StorageEngine;
  explicit Transaction(std::shared_ptr<StorageEngine> engine);
  void BeforeChange();
  void GiveMemoryBack();
  // Rows leave memory once they are more than the transaction's share of the budget.
  Status MakeRoom();
  Status Spill();
  bool IsWorthSpilling() const;
  class RecordBatch;
  static Status AddDefinitions(const Staging& staging, RecordBatch& batch);
  static Status AddPoints(const Staging& staging, RecordBatch& batch);
  Status AddSpill(const SpillGroup& group, RecordBatch& batch);
  // A number of the tag's own type needs nothing more than its place in the staging.
  bool TakesAtOnce(int64_t ts_us) const {
    return state_ == State::kActive && !memory_taken_ &&
           staging_.StagedBytes() < staging_bytes_max_ && ts_us >= kTsMin && ts_us <= kTsMax;
  }
  Status WriteAny(StagedTag& tag, int64_t ts_us, const Value& value, Quality quality);
  Status PrepareType(StagedTag& tag, const Value& value);
  Result<bool> MayWiden(const StagedTag& tag);
  Result<ValueType> TypeFor(const StagedTag& tag, const ColumnBatch& batch);
  void StageRows(StagedTag& tag, const ColumnBatch& batch, size_t begin);
  Status WriteLog();
  Status WithdrawFromLog();
  void End();

  const std::shared_ptr<StorageEngine> engine_;
  const std::shared_ptr<EngineState> known_;  // stays the engine's while WRITER is held
  const uint64_t staging_bytes_max_;
  Staging staging_;
  ColumnConverter converter_;
  enum class State : uint8_t { kActive, kPrepared, kDone };
  State state_ = State::kActive;
  LSN log_transaction_ = kNoLsn;  // first frame of a PREPARE in the log that nothing has withdrawn
  LSN prepare_lsn_ = kNoLsn;
  TagDictionary::Prepared prepared_tags_;  // what Commit puts into the dictionary
  bool log_touched_ = false;
  bool memory_taken_ = false;       // in the buffers, by a Prepare
  bool has_placed_blocks_ = false;  // outside memory; some may be rolled back
};

}  // namespace xtdb
