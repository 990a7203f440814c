#include "engine/transaction/transaction.h"

#include <cmath>
#include <string>

#include "engine/base/cleanup.h"
#include "engine/storage_engine.h"
#include "engine/transaction/exact_integers.h"
#include "engine/wal/log_records.h"

namespace xtdb {

namespace {

constexpr size_t kPointsRecordBytes = 1 * kMiB;  // a POINTS record is closed once it is this long
constexpr size_t kAppendBatchBytes = 4 * kMiB;   // and so is a batch of records
constexpr size_t kPointsGroupRowsMax =
    64 * 1024;  // rows of one group, so that records stay near that

// Of what a transaction may stage, more than one part in so many leaves memory before the commit;
// behind rows that have left it, less is worth a block, too.
constexpr uint64_t kSpillShare = 2;
constexpr uint64_t kSpillShareBehindSpills = 16;
constexpr uint64_t kSpillBytesMin =
    2 * kMiB;  // what is less, the log takes in a millisecond or two
// Rows that are staged at a time: their conversion stays in the nearest caches.
constexpr size_t kConvertedRows = 8 * 1024;

Status CheckTs(int64_t ts_us) {
  return ts_us >= kTsMin && ts_us <= kTsMax ? Status() : TimeOutOfRange(ts_us);
}

uint64_t StagingBytesMax(const EngineOptions& options) {
  return options.staging_bytes != 0 ? options.staging_bytes : options.buffer_bytes / 4 * 3;
}

}  // namespace

// Collects the records of a transaction and appends them in batches.
class Transaction::RecordBatch {
 public:
  RecordBatch(RotatingWAL& wal, LSN& transaction, uint64_t& record_count)
      : wal_(wal), transaction_(transaction), record_count_(record_count) {}

  Status Add(FrameType type, std::vector<std::byte> payload) {
    bytes_ += payload.size();
    payloads_.emplace_back(type, std::move(payload));
    return bytes_ >= kAppendBatchBytes ? Append() : Status();
  }

  // Appends what was added; the LSN of the last record.
  Status Append() {
    if (payloads_.empty()) return Status();
    std::vector<RotatingWAL::Entry> entries;
    entries.reserve(payloads_.size());
    for (const auto& [type, payload] : payloads_) entries.push_back({type, payload});
    std::vector<LSN> lsns(entries.size());
    const bool is_first = transaction_ == kNoLsn;
    XTDB_ASSIGN_OR_RETURN(
        last_lsn_,
        wal_.BatchAppend(entries, is_first ? RotatingWAL::kNewTransaction : transaction_, &lsns));
    if (is_first) transaction_ = lsns.front();
    record_count_ += entries.size();
    payloads_.clear();
    bytes_ = 0;
    return Status();
  }

  uint64_t added_records() const { return record_count_ + payloads_.size(); }
  LSN last_lsn() const { return last_lsn_; }

 private:
  RotatingWAL& wal_;
  LSN& transaction_;
  uint64_t& record_count_;
  std::vector<std::pair<FrameType, std::vector<std::byte>>> payloads_;
  size_t bytes_ = 0;
  LSN last_lsn_ = kNoLsn;
};

Status Transaction::AddDefinitions(const Staging& staging, RecordBatch& batch) {
  for (const auto& [id, tag] : staging.tags()) {
    if (!Staging::NeedsDefinition(*tag)) continue;
    std::vector<std::byte> payload;
    AppendTagDefinition(tag->definition(), payload);
    XTDB_RETURN_IF_ERROR(batch.Add(FrameType::kDefineTag, std::move(payload)));
  }
  return Status();
}

namespace {

// Rows of a group: so many that the record stays near kPointsRecordBytes, whatever their texts.
size_t GroupEnd(const PointColumns& columns, size_t begin) {
  size_t end = std::min(columns.size(), begin + kPointsGroupRowsMax);
  if (columns.type != ValueType::kText) return end;
  uint64_t bytes = 0;
  for (size_t row = begin; row < end; ++row) {
    bytes += TextRef::Length(columns.bits[row]);
    if (bytes > kPointsRecordBytes) return std::max(row, begin + 1);
  }
  return end;
}

}  // namespace

Status Transaction::AddPoints(const Staging& staging, RecordBatch& batch) {
  std::vector<std::byte> payload;
  for (const auto& [id, tag] : staging.tags()) {
    const PointColumns& columns = tag->columns();
    for (size_t begin = 0; begin < columns.size();) {
      const size_t end = GroupEnd(columns, begin);
      AppendPointsGroup(id, columns, begin, end, payload);
      begin = end;
      if (payload.size() < kPointsRecordBytes) continue;
      XTDB_RETURN_IF_ERROR(batch.Add(FrameType::kPoints, std::move(payload)));
      payload.clear();
    }
  }
  return payload.empty() ? Status() : batch.Add(FrameType::kPoints, std::move(payload));
}

Transaction::Transaction(std::shared_ptr<StorageEngine> engine)
    : engine_(std::move(engine)),
      known_(engine_->state_),
      staging_bytes_max_(StagingBytesMax(engine_->options())),
      staging_(known_->dictionary) {}

Transaction::~Transaction() {
  if (state_ != State::kDone) IgnoreStatus(Rollback(), "the engine keeps and reports the failure");
}

void Transaction::BeforeChange() {
  XTDB_CHECK(state_ != State::kDone);
  state_ = State::kActive;
  if (memory_taken_) GiveMemoryBack();
}

// Before the staging changes, since it says whose memory was taken.
void Transaction::GiveMemoryBack() {
  for (const auto& [id, tag] : staging_.tags()) known_->buffer.Unprepare(id);
  if (has_placed_blocks_) known_->chunks.Retract();
  memory_taken_ = false;
}

Status Transaction::MakeRoom() {
  if (staging_.StagedBytes() < staging_bytes_max_) [[likely]]
    return Status();
  return Spill();
}

Status Transaction::Spill() {
  // A PREPARE in the log would be confirmed by whatever the flush before the spill writes behind
  // it.
  XTDB_RETURN_IF_ERROR(WithdrawFromLog());
  if (!has_placed_blocks_) XTDB_RETURN_IF_ERROR(engine_->BeginSpilling());
  has_placed_blocks_ = true;
  return engine_->SpillRows(staging_);
}

Result<StagedTag*> Transaction::FindOrDefineTag(std::string_view name) {
  if (StagedTag* tag = staging_.Find(name)) return tag;
  BeforeChange();
  return staging_.Define(name);
}

Status Transaction::DefineTag(std::string_view name, std::optional<ValueType> type,
                              std::optional<std::string_view> unit,
                              std::optional<std::string_view> description,
                              std::optional<Interpolation> interpolation) {
  XTDB_ASSIGN_OR_RETURN(StagedTag * tag, FindOrDefineTag(name));
  TagDefinition definition = tag->definition();
  if (unit) definition.unit = *unit;
  if (description) definition.description = *description;
  if (interpolation) definition.interpolation = *interpolation;
  BeforeChange();
  if (type && *type != definition.type) {
    XTDB_ASSIGN_OR_RETURN(const int64_t last_ts, engine_->LastTs(tag->id()));
    // What an untyped tag has are NULLs and tombstones, which fit any type.
    const bool has_values =
        definition.type != ValueType::kNone &&
        (last_ts != std::numeric_limits<int64_t>::min() || !tag->columns().empty());
    if (has_values) {
      return Status::TypeMismatch("tag '" + std::string(name) + "' has values of type " +
                                  std::string(ValueTypeName(definition.type)) +
                                  "; its type can change only while it has none");
    }
    staging_.ChangeType(*tag, *type);
    definition.type = *type;
  }
  return staging_.SetDefinition(*tag, std::move(definition))
      .WithContext("tag '" + std::string(name) + "'");
}

// Alone, since what is staged is found by the names that are committed.
Status Transaction::RenameTag(std::string_view name, std::string_view new_name) {
  if (has_written()) return Status::FailedPrecondition("renaming is a transaction of its own");
  if (staging_.Find(new_name) != nullptr) {
    return Status::AlreadyExists("there is a tag '" + std::string(new_name) + "'");
  }
  StagedTag* const tag = staging_.Find(name);
  if (tag == nullptr) return Status::NotFound("no tag '" + std::string(name) + "'");
  BeforeChange();
  return staging_.Rename(*tag, new_name);
}

// Whether all integers that the tag has are exact as doubles.
Result<bool> Transaction::MayWiden(const StagedTag& tag) {
  XTDB_ASSIGN_OR_RETURN(const auto snapshot, engine_->TakeSnapshot());
  XTDB_ASSIGN_OR_RETURN(const bool exact, AreIntegersExact(*snapshot, tag.id()));
  return exact && AreIntegersExact(tag.columns());
}

Status Transaction::PrepareType(StagedTag& tag, const Value& value) {
  if (value.kind == Value::Kind::kNull) return Status();
  if (tag.type() == ValueType::kNone) {
    staging_.ChangeType(tag, NaturalType(value));
    return Status();
  }
  if (tag.type() != ValueType::kInt64 || value.kind != Value::Kind::kReal || IsInt64(value.real)) {
    return Status();
  }
  XTDB_ASSIGN_OR_RETURN(const bool may_widen, MayWiden(tag));
  if (may_widen) staging_.ChangeType(tag, ValueType::kFloat64);
  return Status();
}

Status Transaction::WriteAny(StagedTag& tag, int64_t ts_us, const Value& value, Quality quality) {
  BeforeChange();
  XTDB_RETURN_IF_ERROR(MakeRoom());
  XTDB_RETURN_IF_ERROR(CheckTs(ts_us));
  const auto context = [&tag] { return "tag '" + tag.definition().name + "'"; };
  const size_t text_bytes_max = engine_->container().layout().TextBytesMax();
  if (value.kind == Value::Kind::kText && value.text.size() > text_bytes_max) {
    return TextTooBig(value.text.size(), text_bytes_max).WithContext(context());
  }
  Status typed = PrepareType(tag, value);
  if (!typed.ok()) return typed.WithContext(context());
  Result<ValueBits> bits = ConvertValue(value, tag.type());
  if (!bits.ok()) return bits.status().WithContext(context());
  Point point{ts_us, bits.value(), quality, 0, value.text};
  if (value.kind == Value::Kind::kNull) point.flags = kPointNull;
  staging_.Append(tag, point);
  return Status();
}

// The tag's own type, unless it has none yet or must widen.
Result<ValueType> Transaction::TypeFor(const StagedTag& tag, const ColumnBatch& batch) {
  if (tag.type() == ValueType::kNone) return NaturalType(batch);
  if (tag.type() != ValueType::kInt64 || !HasFractions(batch)) return tag.type();
  XTDB_ASSIGN_OR_RETURN(const bool may_widen, MayWiden(tag));
  return may_widen ? ValueType::kFloat64 : ValueType::kInt64;
}

Status Transaction::WriteColumn(StagedTag& tag, const ColumnBatch& batch) {
  BeforeChange();
  XTDB_RETURN_IF_ERROR(MakeRoom());
  XTDB_RETURN_IF_ERROR(CheckLengths(batch));
  if (batch.size() == 0) return Status();
  const auto context = [&tag] { return "tag '" + tag.definition().name + "'"; };
  const Result<ValueType> type = TypeFor(tag, batch);
  if (!type.ok()) return type.status().WithContext(context());
  const Status fits = CheckRows(batch, type.value(), engine_->container().layout().TextBytesMax());
  if (!fits.ok()) return fits.WithContext(context());

  const size_t text_bytes = batch.TextBytes();
  const size_t bytes = batch.size() * kStagedRowBytes + text_bytes;
  const bool fits_memory = staging_.StagedBytes() + bytes <= 2 * staging_bytes_max_;
  if (fits_memory && text_bytes == 0) {
    staging_.Reserve(tag, batch.size());
    if (type.value() != tag.type()) staging_.ChangeType(tag, type.value());
    for (size_t begin = 0; begin < batch.size(); begin += kConvertedRows)
      StageRows(tag, batch, begin);
    return Status();
  }
  // What fails half way is taken back.
  const Mark mark = TakeMark();
  const MarkHold hold = Hold(mark);
  Cleanup undo([&] { RollbackTo(mark); });
  if (type.value() != tag.type()) staging_.ChangeType(tag, type.value());
  for (size_t begin = 0; begin < batch.size(); begin += kConvertedRows) {
    XTDB_RETURN_IF_ERROR(MakeRoom());
    StageRows(tag, batch, begin);
  }
  undo.Cancel();
  return Status();
}

// A part of the batch, of which CheckRows has said that it fits.
void Transaction::StageRows(StagedTag& tag, const ColumnBatch& batch, size_t begin) {
  const size_t count = std::min(kConvertedRows, batch.size() - begin);
  staging_.AppendRows(tag, converter_.Convert(batch.Rows(begin, count), tag.type()));
}

Status Transaction::Delete(StagedTag& tag, int64_t ts_us) {
  BeforeChange();
  XTDB_RETURN_IF_ERROR(MakeRoom());
  XTDB_RETURN_IF_ERROR(CheckTs(ts_us));
  staging_.Append(tag, Point{ts_us, 0, kQualityBad, kPointDeleted, {}});
  return Status();
}

void Transaction::RollbackTo(Mark mark) {
  BeforeChange();
  staging_.RollbackTo(mark);
}

// What would be flushed soon after the commit goes to blocks at once, and takes a fifth of the
// bytes that it takes in the log.
bool Transaction::IsWorthSpilling() const {
  const size_t bytes = staging_.StagedBytes();
  if (bytes < kSpillBytesMin) return false;
  if (has_placed_blocks_) return bytes > staging_bytes_max_ / kSpillShareBehindSpills;
  return bytes > staging_bytes_max_ / kSpillShare;
}

Status Transaction::Prepare() {
  if (state_ == State::kPrepared) return Status();
  BeforeChange();
  // What the log has of an earlier Prepare is void; everything is written again behind it.
  XTDB_RETURN_IF_ERROR(WithdrawFromLog());
  if (staging_.empty()) {
    state_ = State::kPrepared;
    prepare_lsn_ = kNoLsn;
    return Status();
  }
  if (IsWorthSpilling()) XTDB_RETURN_IF_ERROR(Spill());
  XTDB_RETURN_IF_ERROR(engine_->ReserveRoom(staging_));
  memory_taken_ = true;
  for (const auto& [id, tag] : staging_.tags()) {
    if (!tag->columns().empty()) known_->buffer.PrepareTake(id, tag->columns());
  }
  std::vector<TagPtr> defined;
  for (const auto& [id, tag] : staging_.tags()) {
    if (Staging::NeedsDefinition(*tag)) defined.push_back(tag->tag());
  }
  prepared_tags_ = known_->dictionary.Prepare(defined);
  log_touched_ = true;
  if (staging_.spills().empty() && has_placed_blocks_) {
    known_->chunks.Abandon();
    has_placed_blocks_ = false;
  }
  // What the log is about to name must be there.
  if (has_placed_blocks_) XTDB_RETURN_IF_ERROR(engine_->container_->file().Sync());
  XTDB_RETURN_IF_ERROR(WriteLog());
  XTDB_RETURN_IF_ERROR(engine_->SyncLog());
  state_ = State::kPrepared;
  return Status();
}

Status Transaction::WriteLog() {
  uint64_t record_count = 0;
  RecordBatch batch(*engine_->wal_, log_transaction_, record_count);
  XTDB_RETURN_IF_ERROR(AddDefinitions(staging_, batch));
  for (const auto& group : staging_.spills()) XTDB_RETURN_IF_ERROR(AddSpill(*group, batch));
  XTDB_RETURN_IF_ERROR(AddPoints(staging_, batch));
  PrepareRecord prepare;
  prepare.point_count = staging_.row_count();
  prepare.record_count = batch.added_records();
  prepare.time_us = engine_->clock_.NowUs();
  std::vector<std::byte> payload;
  AppendPrepare(prepare, payload);
  XTDB_RETURN_IF_ERROR(batch.Add(FrameType::kPrepare, std::move(payload)));
  XTDB_RETURN_IF_ERROR(batch.Append());
  prepare_lsn_ = batch.last_lsn();
  return Status();
}

// The blocks get the LSN of the record that names them.
Status Transaction::AddSpill(const SpillGroup& group, RecordBatch& batch) {
  const bool is_first = &group == staging_.spills().front().get();
  const FlushRecord record = engine_->RecordOf(group, is_first);
  std::vector<std::byte> payload;
  AppendFlush(record, payload);
  XTDB_RETURN_IF_ERROR(batch.Append());
  XTDB_RETURN_IF_ERROR(batch.Add(FrameType::kBlocks, std::move(payload)));
  XTDB_RETURN_IF_ERROR(batch.Append());
  return known_->chunks.PreparePublish(record, batch.last_lsn());
}

void Transaction::Commit() noexcept {
  XTDB_CHECK(state_ == State::kPrepared ||
             (state_ == State::kActive && staging_.empty() && log_transaction_ == kNoLsn));
  if (prepare_lsn_ != kNoLsn && !staging_.empty()) {
    known_->dictionary.Put(std::move(prepared_tags_));
    uint64_t rows = staging_.row_count();
    for (const auto& [id, tag] : staging_.tags()) {
      if (!tag->columns().empty()) {
        known_->buffer.Take(id, tag->GiveColumns(), prepare_lsn_, log_transaction_);
      }
    }
    if (has_placed_blocks_) known_->chunks.Confirm();
    has_placed_blocks_ = false;
    for (const auto& group : staging_.spills()) rows += group->row_count;
    engine_->Publish(prepare_lsn_, rows);
    engine_->MaintainAfterCommit();
  }
  End();
}

Status Transaction::Rollback() {
  if (state_ == State::kDone) return Status();
  staging_.NoteRollback();
  if (memory_taken_ && !engine_->forked()) GiveMemoryBack();
  Status undone;
  if (!engine_->forked()) undone = CatchNoMemory([this] { return WithdrawFromLog(); });
  if (!undone.ok()) {
    const bool no_memory = undone.code() == StatusCode::kOutOfMemory;
    undone = CatchNoMemory([&] {
      return (no_memory ? Status::IoError("out of memory") : undone)
          .WithContext(
              "the rollback could not be written to the log, so the outcome is open: reopen the "
              "container");
    });
    if (undone.code() == StatusCode::kOutOfMemory) engine_->must_recover_ = true;
    engine_->NoteFailure("rollback", undone);
  }
  // Not where the outcome is open: the log may still name them.
  if (undone.ok() && has_placed_blocks_ && !engine_->forked()) {
    known_->chunks.AbandonAndWipe();
    has_placed_blocks_ = false;
  }
  End();
  return undone;
}

Status Transaction::WithdrawFromLog() {
  // A write that failed half way may have put down a whole PREPARE all the same.
  if (log_touched_ && !engine_->wal_->failure().ok()) return engine_->wal_->failure();
  if (log_transaction_ == kNoLsn) return Status();
  const RotatingWAL::Entry abort{FrameType::kAbort, {}};
  XTDB_RETURN_IF_ERROR(engine_->wal_->BatchAppend(std::span(&abort, 1), log_transaction_).status());
  XTDB_RETURN_IF_ERROR(engine_->wal_->Sync());
  log_transaction_ = kNoLsn;
  return Status();
}

void Transaction::End() {
  state_ = State::kDone;
  if (has_placed_blocks_ && !engine_->forked()) known_->chunks.Abandon();
  staging_.Clear();
  engine_->EndWrite();
}

}  // namespace xtdb
