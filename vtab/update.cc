#include "vtab/update.h"

#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "planner/plan.h"
#include "vtab/command.h"
#include "vtab/connection.h"
#include "vtab/row_values.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/table_import.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

bool IsNull(sqlite3_value* value) { return sqlite3_value_type(value) == SQLITE_NULL; }

std::string ShowTime(int64_t ts_us) {
  return FormatTime(ts_us) + " (ts " + std::to_string(ts_us) + ")";
}

// A statement's row: arguments of xUpdate by column, and what they are written to.
class RowUpdate {
 public:
  RowUpdate(Table& table, ContainerSession& session, std::span<sqlite3_value*> arguments)
      : table_(table),
        session_(session),
        columns_(arguments.subspan(2)),
        old_rowid_(arguments[0]),
        new_rowid_(arguments[1]) {}

  Status Insert(sqlite3_int64* rowid);
  Status Update();

 private:
  Status InsertPoint(sqlite3_int64* rowid);
  Status InsertBatch(sqlite3_int64* rowid);
  Status InsertCommand();
  Status WriteBatch(WriteTag& tag, std::span<const int64_t> ts, std::span<const double> values,
                    std::span<const Quality> quality);
  Status RefuseColumns(int first, int last, std::string_view why) const;

  Result<WriteTag*> InsertedTag();
  Result<WriteTag*> CheckTagId(WriteTag* tag, std::string_view name);
  Result<int64_t> InsertedTs();
  Result<TagId> UpdatedTag(TagId old);
  Result<int64_t> UpdatedTs(int64_t old);
  Result<Value> UpdatedValue(const PointKey& old, const StagedTag& target);
  bool Changes(int column) const { return sqlite3_value_nochange(columns_[column]) == 0; }
  bool Ignores() const {
    return sqlite3_vtab_on_conflict(table_.connection().db()) == SQLITE_IGNORE;
  }

  Table& table_;
  ContainerSession& session_;
  const std::span<sqlite3_value*> columns_;
  sqlite3_value* const old_rowid_;
  sqlite3_value* const new_rowid_;
};

Status RowUpdate::RefuseColumns(int first, int last, std::string_view why) const {
  for (int column = first; column <= last; ++column) {
    if (!IsNull(columns_[column])) {
      return Status::InvalidArgument("column " + std::string(ColumnName(column)) + " " +
                                     std::string(why));
    }
  }
  return {};
}

Status RowUpdate::Insert(sqlite3_int64* rowid) {
  if (!IsNull(new_rowid_)) {
    return Status::InvalidArgument("rowid is given by xtdb; leave it out of the INSERT");
  }
  XTDB_RETURN_IF_ERROR(session_.EndStatement());
  XTDB_RETURN_IF_ERROR(session_.Write().status());
  if (!IsNull(columns_[kColumnCommand])) return InsertCommand();
  if (!IsNull(columns_[kColumnTsBlob]) || !IsNull(columns_[kColumnValueBlob]) ||
      !IsNull(columns_[kColumnQualityBlob])) {
    return InsertBatch(rowid);
  }
  return InsertPoint(rowid);
}

Status RowUpdate::InsertCommand() {
  XTDB_RETURN_IF_ERROR(
      RefuseColumns(kColumnTag, kColumnQualityBlob, "must not be given with command"));
  const std::string_view command = TextOf(columns_[kColumnCommand]);
  if (command == kImportCommand) return RunTableImport(table_.connection(), session_);
  return RunCommand(*session_.transaction(), command);
}

Result<WriteTag*> RowUpdate::CheckTagId(WriteTag* tag, std::string_view name) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> id, ReadTagId(columns_[kColumnTagId]));
  if (!id) return tag;
  if (tag == nullptr) {
    return Status::InvalidArgument("tag " + QuoteForMessage(name) + " is new, and tag_id is " +
                                   std::to_string(*id) +
                                   "; leave tag_id out, xtdb numbers the tags");
  }
  if (int64_t{tag->staged->id()} == *id) return tag;
  return Status::InvalidArgument("tag " + QuoteForMessage(name) + " has tag_id " +
                                 std::to_string(tag->staged->id()) + ", the row says " +
                                 std::to_string(*id) + "; leave one of them out");
}

Result<WriteTag*> RowUpdate::InsertedTag() {
  XTDB_ASSIGN_OR_RETURN(const std::optional<std::string_view> name, ReadTag(columns_[kColumnTag]));
  if (name) {
    if (IsNull(columns_[kColumnTagId])) [[likely]]
      return session_.FindOrDefineTag(*name);
    XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session_.FindTag(*name));
    return CheckTagId(tag, *name);
  }
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> id, ReadTagId(columns_[kColumnTagId]));
  if (!id) {
    return Status::NotNull("NOT NULL constraint failed: " + table_.name() +
                           ".tag (give tag, or the tag_id of a tag that there is)");
  }
  XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session_.FindTag(static_cast<TagId>(*id)));
  if (tag != nullptr) return tag;
  return Status::InvalidArgument("no tag has tag_id " + std::to_string(*id) +
                                 "; give tag, its name");
}

Result<int64_t> RowUpdate::InsertedTs() {
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> time, ReadTime(table_, columns_[kColumnTime]));
  XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> ts, ReadTs(table_, columns_[kColumnTs]));
  if (!time && !ts) {
    return Status::NotNull("NOT NULL constraint failed: " + table_.name() +
                           ".time (give time, a text, or ts, microseconds)");
  }
  if (time && ts && *time != *ts) {
    return Status::InvalidArgument("time is " + ShowTime(*time) + " and ts is " + ShowTime(*ts) +
                                   "; leave one of them out");
  }
  return time ? *time : *ts;
}

Status RowUpdate::InsertPoint(sqlite3_int64* rowid) {
  XTDB_ASSIGN_OR_RETURN(const int64_t ts, InsertedTs());
  XTDB_ASSIGN_OR_RETURN(const Quality quality, ReadQuality(columns_[kColumnQuality]));
  XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, InsertedTag());
  const auto write = [&]() -> Status {
    StagedTag& staged = *tag->staged;
    if (Ignores()) {
      XTDB_ASSIGN_OR_RETURN(const bool exists, session_.Exists(*tag, ts));
      if (exists) return Status::AlreadyExists("a point of that tag and time exists");
    }
    XTDB_ASSIGN_OR_RETURN(const Value value, ReadValue(columns_[kColumnValue], staged.type(),
                                                       staged.definition().name));
    // Before the write, after which nothing may fail.
    XTDB_ASSIGN_OR_RETURN(
        *rowid, table_.connection().handles().HandleOf({staged.id(), ts}, tag->handle_hint));
    return session_.transaction()->Write(staged, ts, value, quality);
  };
  Status status = write();
  if (!status.ok()) [[unlikely]]
    session_.UndoDefinition();
  return status;
}

// Not filled before it is copied into, as a vector would be.
template <typename T>
struct Array {
  std::unique_ptr<T[]> items;
  size_t size = 0;
  std::span<const T> span() const { return {items.get(), size}; }
};

// BLOBs come unaligned.
template <typename T>
Result<Array<T>> ReadArray(sqlite3_value* value, int column) {
  if (sqlite3_value_type(value) != SQLITE_BLOB) {
    return Status::TypeMismatch(std::string(ColumnName(column)) + " is " + ShowValue(value) +
                                "; it takes a BLOB of little-endian " +
                                (sizeof(T) == 1            ? "bytes"
                                 : column == kColumnTsBlob ? "int64"
                                                           : "float64"));
  }
  const std::string_view bytes = BlobOf(value);
  if (bytes.size() % sizeof(T) != 0) {
    return Status::TypeMismatch(std::string(ColumnName(column)) + " has " +
                                std::to_string(bytes.size()) + " bytes, which is no multiple of " +
                                std::to_string(sizeof(T)));
  }
  Array<T> array{nullptr, bytes.size() / sizeof(T)};
  if (array.size == 0) return array;
  array.items = std::make_unique_for_overwrite<T[]>(array.size);
  std::memcpy(array.items.get(), bytes.data(), bytes.size());
  return array;
}

Status RowUpdate::InsertBatch(sqlite3_int64* rowid) {
  for (const int column : {kColumnTime, kColumnValue, kColumnQuality, kColumnTs}) {
    XTDB_RETURN_IF_ERROR(RefuseColumns(column, column, "must not be given with ts_blob"));
  }
  XTDB_ASSIGN_OR_RETURN(const Array<int64_t> ts_array,
                        ReadArray<int64_t>(columns_[kColumnTsBlob], kColumnTsBlob));
  XTDB_ASSIGN_OR_RETURN(const Array<double> value_array,
                        ReadArray<double>(columns_[kColumnValueBlob], kColumnValueBlob));
  const std::span<const int64_t> ts = ts_array.span();
  const std::span<const double> values = value_array.span();
  Array<Quality> quality;
  if (!IsNull(columns_[kColumnQualityBlob])) {
    XTDB_ASSIGN_OR_RETURN(quality,
                          ReadArray<Quality>(columns_[kColumnQualityBlob], kColumnQualityBlob));
    if (quality.size != ts.size()) {
      return Status::TypeMismatch("ts_blob has " + std::to_string(ts.size()) +
                                  " points, quality_blob " + std::to_string(quality.size));
    }
  }
  if (values.size() != ts.size()) {
    return Status::TypeMismatch("ts_blob has " + std::to_string(ts.size()) +
                                " points, value_blob " + std::to_string(values.size()));
  }
  XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, InsertedTag());
  const Status status = WriteBatch(*tag, ts, values, quality.span());
  if (!status.ok()) {
    session_.UndoDefinition();
    return status;
  }
  if (ts.empty()) return {};
  XTDB_ASSIGN_OR_RETURN(*rowid,
                        table_.connection().handles().HandleOf({tag->staged->id(), ts.back()}));
  return {};
}

Status RowUpdate::WriteBatch(WriteTag& tag, std::span<const int64_t> ts,
                             std::span<const double> values, std::span<const Quality> quality) {
  Transaction& transaction = *session_.transaction();
  const ColumnBatch batch{ts, values, quality, {}};
  if (!Ignores()) return transaction.WriteColumn(*tag.staged, batch);
  const Mark before = transaction.TakeMark();
  const MarkHold hold = transaction.Hold(before);
  for (size_t i = 0; i < ts.size(); ++i) {
    XTDB_ASSIGN_OR_RETURN(const bool exists, session_.Exists(tag, ts[i]));
    if (exists) continue;
    const Status status = transaction.WriteColumn(*tag.staged, batch.Rows(i, 1));
    if (!status.ok()) {
      transaction.RollbackTo(before);
      return status;
    }
  }
  return {};
}

// Of tag and tag_id, of time and ts, that one counts that the statement has set to something else.
Result<TagId> RowUpdate::UpdatedTag(TagId old) {
  std::optional<TagId> by_name;
  std::optional<TagId> by_id;
  if (Changes(kColumnTag)) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<std::string_view> name,
                          ReadTag(columns_[kColumnTag]));
    if (!name) return Status::NotNull("NOT NULL constraint failed: " + table_.name() + ".tag");
    XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session_.FindOrDefineTag(*name));
    if (tag->staged->id() != old) by_name = tag->staged->id();
  }
  if (Changes(kColumnTagId)) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<int64_t> id, ReadTagId(columns_[kColumnTagId]));
    if (!id) return Status::NotNull("NOT NULL constraint failed: " + table_.name() + ".tag_id");
    if (*id != int64_t{old}) by_id = static_cast<TagId>(*id);
  }
  if (by_name && by_id && *by_name != *by_id) {
    return Status::InvalidArgument("the UPDATE sets tag to the one of tag_id " +
                                   std::to_string(*by_name) + " and tag_id to " +
                                   std::to_string(*by_id) + "; set one of them");
  }
  if (by_id && !by_name) {
    XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session_.FindTag(*by_id));
    if (tag == nullptr) {
      return Status::InvalidArgument("no tag has tag_id " + std::to_string(*by_id) +
                                     "; set tag to a name instead");
    }
  }
  return by_name ? *by_name : by_id.value_or(old);
}

Result<int64_t> RowUpdate::UpdatedTs(int64_t old) {
  std::optional<int64_t> time = old;
  std::optional<int64_t> ts = old;
  if (Changes(kColumnTime)) {
    XTDB_ASSIGN_OR_RETURN(time, ReadTime(table_, columns_[kColumnTime]));
    if (!time) return Status::NotNull("NOT NULL constraint failed: " + table_.name() + ".time");
  }
  if (Changes(kColumnTs)) {
    XTDB_ASSIGN_OR_RETURN(ts, ReadTs(table_, columns_[kColumnTs]));
    if (!ts) return Status::NotNull("NOT NULL constraint failed: " + table_.name() + ".ts");
  }
  if (*time != old && *ts != old && *time != *ts) {
    return Status::InvalidArgument("the UPDATE sets time to " + ShowTime(*time) + " and ts to " +
                                   ShowTime(*ts) + "; set one of them");
  }
  return *time != old ? *time : *ts;
}

Result<Value> RowUpdate::UpdatedValue(const PointKey& old, const StagedTag& target) {
  if (Changes(kColumnValue)) {
    return ReadValue(columns_[kColumnValue], target.type(), target.definition().name);
  }
  // Only what no SQL value can carry comes as "no change": NULL, or a NaN, which stays as it is.
  const std::shared_ptr<StatementView> statement = table_.connection().snapshots().Current();
  XTDB_ASSIGN_OR_RETURN(const ReadView view, statement->ViewOf(session_.shared_from_this()));
  const TagPtr tag = view.FindTag(old.tag);
  if (tag == nullptr) return Value::Null();
  XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> found, FindPoint(view, tag, old.ts_us));
  if (!found || (found->point.flags & kPointNull) != 0) return Value::Null();
  if (found->type == ValueType::kFloat32)
    return Value::Real(static_cast<double>(AsFloat(found->point.bits)));
  return Value::Real(AsDouble(found->point.bits));
}

Status RowUpdate::Update() {
  const std::optional<PointKey> old =
      table_.connection().handles().Find(sqlite3_value_int64(old_rowid_));
  if (!old) return {};
  if (sqlite3_value_int64(new_rowid_) != sqlite3_value_int64(old_rowid_)) {
    return Status::InvalidArgument("rowid is given by xtdb; it cannot be set");
  }
  for (int column = kColumnTsBlob; column <= kColumnCommand; ++column) {
    if (Changes(column)) {
      XTDB_RETURN_IF_ERROR(RefuseColumns(column, column, "is for INSERT only"));
    }
  }
  XTDB_RETURN_IF_ERROR(session_.Write().status());
  const uint64_t statement = table_.connection().snapshots().last_serial();
  const auto update = [&]() -> Status {
    PointMove move{*old, *old, {}, kQualityGood};
    XTDB_ASSIGN_OR_RETURN(move.to.ts_us, UpdatedTs(old->ts_us));
    XTDB_ASSIGN_OR_RETURN(move.quality, ReadQuality(columns_[kColumnQuality]));
    XTDB_ASSIGN_OR_RETURN(move.to.tag, UpdatedTag(old->tag));
    StagedTag* const target = session_.transaction()->FindTag(move.to.tag);
    if (target == nullptr) return Status::FailedPrecondition("the tag of the row is gone");
    XTDB_ASSIGN_OR_RETURN(move.value, UpdatedValue(*old, *target));
    if (move.to != *old && Ignores()) {
      return session_.mover().MoveUnlessOccupied(session_, statement, move);
    }
    return session_.mover().Move(session_, statement, move);
  };
  Status status = update();
  if (!status.ok()) [[unlikely]]
    session_.UndoDefinition();
  return status;
}

Status DeleteRow(Table& table, ContainerSession& session, sqlite3_value* rowid) {
  const std::optional<PointKey> key = table.connection().handles().Find(sqlite3_value_int64(rowid));
  if (!key) return {};
  XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session.FindTag(key->tag));
  return tag == nullptr ? Status() : session.transaction()->Delete(*tag->staged, key->ts_us);
}

// The row that programs insert by the million: a tag that the transaction knows, ts as an integer,
// a number, a quality or none. False: nothing is done, and the general way says what is the matter.
bool InsertPlainPoint(Table& table, std::span<sqlite3_value*> arguments, sqlite3_int64* rowid) {
  ContainerSession* const session = table.open_session().get();
  if (session == nullptr || session->transaction() == nullptr || session->mover().has_pending() ||
      !table.is_writing() || session->engine().forked() || !IsNull(arguments[0]) ||
      !IsNull(arguments[1])) {
    return false;
  }
  const std::span<sqlite3_value*> columns = arguments.subspan(2);
  for (const int column : {kColumnTime, kColumnTagId, kColumnTsBlob, kColumnValueBlob,
                           kColumnQualityBlob, kColumnCommand}) {
    if (!IsNull(columns[column])) return false;
  }
  if (sqlite3_value_type(columns[kColumnTag]) != SQLITE_TEXT ||
      sqlite3_value_type(columns[kColumnTs]) != SQLITE_INTEGER) {
    return false;
  }
  Value value;
  switch (sqlite3_value_type(columns[kColumnValue])) {
    case SQLITE_FLOAT:
      value = Value::Real(sqlite3_value_double(columns[kColumnValue]));
      break;
    case SQLITE_INTEGER:
      value = Value::Integer(sqlite3_value_int64(columns[kColumnValue]));
      break;
    default:
      return false;
  }
  int64_t quality = kQualityGood;
  if (!IsNull(columns[kColumnQuality])) {
    if (sqlite3_value_type(columns[kColumnQuality]) != SQLITE_INTEGER) return false;
    quality = sqlite3_value_int64(columns[kColumnQuality]);
    if (quality < 0 || quality > 255) return false;
  }
  if (sqlite3_vtab_on_conflict(table.connection().db()) == SQLITE_IGNORE) return false;
  WriteTag* const tag = session->GuessTag(TextOf(columns[kColumnTag]));
  if (tag == nullptr) return false;
  StagedTag& staged = *tag->staged;
  const int64_t ts_us = sqlite3_value_int64(columns[kColumnTs]);
  if (ts_us < kTsMin || ts_us > kTsMax) return false;
  const Result<int64_t> handle =
      table.connection().handles().HandleOf({staged.id(), ts_us}, tag->handle_hint);
  if (!handle.ok()) return false;
  if (!session->transaction()->Write(staged, ts_us, value, static_cast<Quality>(quality)).ok()) {
    return false;
  }
  *rowid = handle.value();
  return true;
}

}  // namespace

Status UpdateRow(Table& table, std::span<sqlite3_value*> arguments, sqlite3_int64* rowid) {
  if (arguments.size() > 1 && InsertPlainPoint(table, arguments, rowid)) [[likely]]
    return {};
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, table.Session());
  XTDB_RETURN_IF_ERROR(session->CheckUsable());
  XTDB_RETURN_IF_ERROR(table.BeginWriting(*session));
  if (arguments.size() == 1) return DeleteRow(table, *session, arguments[0]);
  RowUpdate row(table, *session, arguments);
  return IsNull(arguments[0]) ? row.Insert(rowid) : row.Update();
}

}  // namespace xtdb
