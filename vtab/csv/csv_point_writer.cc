#include "vtab/csv/csv_point_writer.h"

#include <algorithm>
#include <optional>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

// As a bool tag takes it: `t` and `f` are what PostgreSQL's COPY writes.
std::optional<bool> BoolOf(std::string_view word) {
  if (EqualsIgnoreCase(word, "true") || EqualsIgnoreCase(word, "t")) return true;
  if (EqualsIgnoreCase(word, "false") || EqualsIgnoreCase(word, "f")) return false;
  return std::nullopt;
}

Value ValueFor(const CsvBatch& batch, const CsvBatchPoint& point, ValueType tag_type) {
  const std::string_view text = batch.text(point);
  const std::string_view word = TrimBlanks(text);
  if (point.type == ValueType::kNone) {
    const bool is_word = tag_type == ValueType::kText && !word.empty();  // NULL, as it stands
    return is_word ? Value::Text(text) : Value::Null();
  }
  if (tag_type == ValueType::kBool && point.type == ValueType::kText) {
    if (const std::optional<bool> is_set = BoolOf(word)) return Value::Integer(*is_set ? 1 : 0);
  }
  // A text tag takes what stands in the file, such as 007.
  if (point.type == ValueType::kText || tag_type == ValueType::kText) {
    return Value::Text(text);
  }
  if (point.type == ValueType::kInt64) return Value::Integer(AsInt64(point.bits));
  return Value::Real(AsDouble(point.bits));
}

bool HasOnly(const CsvTagGroup& group, uint8_t allowed) {
  return (group.has & ~(allowed | kHasQuality)) == 0;
}

// What a tag of a type takes as a column of doubles. An integer that a double holds exactly comes
// out of one as it was.
bool FitsAsDoubles(const CsvTagGroup& group, ValueType type) {
  if (type == ValueType::kFloat64) return HasOnly(group, kHasInteger | kHasReal);
  return type == ValueType::kInt64 && HasOnly(group, kHasInteger);
}

bool IsBadRecord(const Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kTypeMismatch:
    case StatusCode::kNotNull:
    case StatusCode::kTooBig:
      return true;
    default:
      return false;
  }
}

}  // namespace

Status CsvPointWriter::Begin() {
  XTDB_ASSIGN_OR_RETURN(transaction_, transactions_.Begin());
  ++era_;
  rows_ = 0;
  return Status();
}

void CsvPointWriter::RollbackTo(Mark mark) {
  transaction_->RollbackTo(mark);
  ++era_;
}

// nullptr: there is no such tag yet.
StagedTag* CsvPointWriter::FindStaged(uint32_t number) {
  Tag& tag = tags_[number];
  if (tag.era != era_) {
    tag.staged = transaction_->FindTag(tag.name);
    tag.era = era_;
  }
  return tag.staged;
}

Result<StagedTag*> CsvPointWriter::FindTag(uint32_t number) {
  if (StagedTag* const staged = FindStaged(number)) return staged;
  Tag& tag = tags_[number];
  XTDB_ASSIGN_OR_RETURN(tag.staged, transaction_->FindOrDefineTag(tag.name));
  return tag.staged;
}

// Whether writing could fail half-way, or leave a tag without points. A mark costs memory in each
// tag that is touched behind it, so that not every batch gets one.
bool CsvPointWriter::MayFail(const CsvTagGroup& group) {
  const StagedTag* const tag = FindStaged(group.tag);
  if (tag == nullptr || (group.has & kHasLongText) != 0) return true;
  switch (tag->type()) {
    case ValueType::kNone:
      return (group.has & kHasText) != 0 || !HasOnly(group, kHasReal | kHasNull);
    case ValueType::kInt64:
      return !HasOnly(group, kHasInteger | kHasWideInteger | kHasNull);
    case ValueType::kFloat64:
      return !HasOnly(group, kHasInteger | kHasReal | kHasNull);
    case ValueType::kText:
      return false;
    default:
      return true;
  }
}

// A record of its own: the first value gives an untyped tag its type and cannot fail.
bool CsvPointWriter::MayFail(const CsvBatch& batch, std::span<const CsvBatchPoint> points) {
  return std::any_of(points.begin(), points.end(), [&](const CsvBatchPoint& point) {
    const StagedTag* const tag = FindStaged(point.tag);
    if (tag == nullptr || point.text_size > kTextBytesMaxInSmallChunks) return true;
    const ValueType type = tag->type();
    if (type == ValueType::kNone || point.type == ValueType::kNone) return false;
    return !ConvertValue(ValueFor(batch, point, type), type).ok();
  });
}

void CsvPointWriter::NoteWritten(uint32_t tag) {
  tag_count_ += tags_[tag].has_points ? 0 : 1;
  tags_[tag].has_points = true;
}

// Rows from `begin` on, which FitsAsDoubles allows.
Status CsvPointWriter::WriteColumns(const CsvBatch& batch, const CsvTagGroup& group, uint32_t begin,
                                    StagedTag& tag) {
  const size_t size = group.end - begin;
  values_.resize(std::max(values_.size(), size));
  const std::span<const ValueBits> bits = std::span(batch.bits()).subspan(begin, size);
  if (HasOnly(group, kHasReal)) {
    std::transform(bits.begin(), bits.end(), values_.begin(), AsDouble);
  } else if (HasOnly(group, kHasInteger)) {
    std::transform(bits.begin(), bits.end(), values_.begin(),
                   [](ValueBits from) { return static_cast<double>(AsInt64(from)); });
  } else {
    for (size_t i = 0; i < size; ++i) {
      const CsvBatchPoint& point = batch.points()[batch.point_index()[begin + i]];
      values_[i] = point.type == ValueType::kFloat64 ? AsDouble(point.bits)
                                                     : static_cast<double>(AsInt64(point.bits));
    }
  }
  const std::span<const Quality> quality = (group.has & kHasQuality) == 0
                                               ? std::span<const Quality>()
                                               : std::span(batch.quality()).subspan(begin, size);
  return transaction_->WriteColumn(tag, {std::span(batch.ts_us()).subspan(begin, size),
                                         std::span<const double>(values_).first(size),
                                         quality,
                                         {}});
}

Status CsvPointWriter::WriteGroup(const CsvBatch& batch, const CsvTagGroup& group) {
  XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, FindTag(group.tag));
  for (uint32_t row = group.begin; row < group.end; ++row) {
    // The first value may give the tag its type, or a later one widen it.
    if (FitsAsDoubles(group, tag->type())) return WriteColumns(batch, group, row, *tag);
    const CsvBatchPoint& point = batch.points()[batch.point_index()[row]];
    XTDB_RETURN_IF_ERROR(
        transaction_->Write(*tag, point.ts_us, ValueFor(batch, point, tag->type()), point.quality));
  }
  return Status();
}

// False: a record does not fit, and nothing is written.
Result<bool> CsvPointWriter::WriteGroups(const CsvBatch& batch) {
  const bool may_fail = std::any_of(batch.groups().begin(), batch.groups().end(),
                                    [this](const CsvTagGroup& group) { return MayFail(group); });
  const std::optional<Mark> mark =
      may_fail ? std::optional(transaction_->TakeMark()) : std::nullopt;
  for (const CsvTagGroup& group : batch.groups()) {
    const Status written = WriteGroup(batch, group);
    if (written.ok()) continue;
    if (!mark || !IsBadRecord(written)) return written;
    RollbackTo(*mark);
    return false;
  }
  for (const CsvTagGroup& group : batch.groups()) NoteWritten(group.tag);
  return true;
}

Status CsvPointWriter::WritePoints(const CsvBatch& batch, std::span<const CsvBatchPoint> points) {
  for (const CsvBatchPoint& point : points) {
    XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, FindTag(point.tag));
    XTDB_RETURN_IF_ERROR(
        transaction_->Write(*tag, point.ts_us, ValueFor(batch, point, tag->type()), point.quality));
  }
  return Status();
}

Status CsvPointWriter::WriteRecord(const CsvBatch& batch, std::span<const CsvBatchPoint> points) {
  if (transaction_ == nullptr) XTDB_RETURN_IF_ERROR(Begin());
  if (MayFail(batch, points)) {
    const Mark mark = transaction_->TakeMark();
    const Status written = WritePoints(batch, points);
    if (!written.ok()) {
      RollbackTo(mark);
      return written;
    }
  } else {
    XTDB_RETURN_IF_ERROR(WritePoints(batch, points));
  }
  for (const CsvBatchPoint& point : points) NoteWritten(point.tag);
  point_count_ += points.size();
  ++rows_;
  return rows_ == rows_per_commit_ ? Finish() : Status();
}

Status CsvPointWriter::WriteRecords(const CsvBatch& batch, const BadRecordFn& on_bad_record) {
  auto bad = batch.bad_records().begin();
  const auto tell_bad_before = [&](size_t records) -> Status {
    for (; bad != batch.bad_records().end() && bad->records_before <= records; ++bad) {
      XTDB_RETURN_IF_ERROR(on_bad_record(bad->reason));
    }
    return Status();
  };
  uint32_t begin = 0;
  for (size_t record = 0; record < batch.records().size(); ++record) {
    XTDB_RETURN_IF_ERROR(tell_bad_before(record));
    const uint32_t end = batch.records()[record].points_end;
    Status written = WriteRecord(batch, std::span(batch.points()).subspan(begin, end - begin));
    begin = end;
    if (written.ok()) continue;
    written = written.WithContext("line " + std::to_string(batch.line(record)));
    if (!IsBadRecord(written)) return written;
    XTDB_RETURN_IF_ERROR(on_bad_record(written));
  }
  return tell_bad_before(batch.records().size());
}

Status CsvPointWriter::Define(const CsvTagDefinition& definition) {
  if (definition.only_if_new && transaction_->FindTag(definition.name) != nullptr) return {};
  const Mark mark = transaction_->TakeMark();
  const Status defined = transaction_->DefineTag(definition.name, definition.type, definition.unit,
                                                 definition.description, definition.interpolation);
  if (!defined.ok()) RollbackTo(mark);
  return defined;
}

Status CsvPointWriter::DefineTags(const CsvBatch& batch, const BadRecordFn& on_bad_record) {
  if (batch.definitions.empty()) return {};
  if (transaction_ == nullptr) XTDB_RETURN_IF_ERROR(Begin());
  for (const CsvTagDefinition& definition : batch.definitions) {
    const Status defined =
        Define(definition).WithContext("line " + std::to_string(definition.line));
    if (defined.ok()) continue;
    if (!IsBadRecord(defined)) return defined;
    XTDB_RETURN_IF_ERROR(on_bad_record(defined));
  }
  return {};
}

Status CsvPointWriter::Write(const CsvBatch& batch, const BadRecordFn& on_bad_record) {
  for (const std::string& name : batch.new_tags) tags_.push_back({name});
  XTDB_RETURN_IF_ERROR(DefineTags(batch, on_bad_record));
  const size_t rows = batch.records().size();
  if (rows == 0) return WriteRecords(batch, on_bad_record);
  if (transaction_ == nullptr) XTDB_RETURN_IF_ERROR(Begin());
  if (rows_per_commit_ != 0 && rows > rows_to_commit()) return WriteRecords(batch, on_bad_record);
  XTDB_ASSIGN_OR_RETURN(const bool written, WriteGroups(batch));
  if (!written) return WriteRecords(batch, on_bad_record);
  rows_ += rows;
  point_count_ += batch.points().size();
  for (const CsvBadRecord& bad : batch.bad_records())
    XTDB_RETURN_IF_ERROR(on_bad_record(bad.reason));
  if (rows_ != rows_per_commit_) return Status();
  return Finish().WithContext("line " + std::to_string(batch.line(rows - 1)));
}

Status CsvPointWriter::Finish() {
  if (transaction_ == nullptr) return Status();
  transaction_ = nullptr;
  XTDB_RETURN_IF_ERROR(transactions_.Commit());
  rows_committed_ += rows_;
  rows_ = 0;
  return Status();
}

}  // namespace xtdb
