#include "shell/commands/point_writer.h"

#include <algorithm>
#include <utility>

#include "shell/commands/command.h"

namespace xtdb {
namespace {

Value ValueFor(const CsvPoint& point, ValueType tag_type) {
  if (point.type == ValueType::kNone) return Value::Null();
  // A text tag takes what stands in the file, such as 007.
  if (point.type == ValueType::kText || tag_type == ValueType::kText) {
    return Value::Text(point.point.text);
  }
  if (point.type == ValueType::kInt64) return Value::Integer(AsInt64(point.point.bits));
  return Value::Real(AsDouble(point.point.bits));
}

}  // namespace

Status PointWriter::Begin() {
  XTDB_ASSIGN_OR_RETURN(transaction_, engine_.Begin(kWriterTimeoutUs));
  tags_.clear();
  rows_ = 0;
  return Status();
}

Result<StagedTag*> PointWriter::FindTag(std::string_view name) {
  const auto found = tags_.find(name);
  if (found != tags_.end()) return found->second;
  XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, transaction_->FindOrDefineTag(name));
  tags_.emplace(name, tag);
  return tag;
}

Status PointWriter::WriteAll(std::span<const CsvPoint> points) {
  for (const CsvPoint& point : points) {
    XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, FindTag(point.tag));
    XTDB_RETURN_IF_ERROR(transaction_->Write(*tag, point.point.ts_us, ValueFor(point, tag->type()),
                                             point.point.quality));
  }
  return Status();
}

// Whether the record could fail half-way, or leave a tag without points. A mark costs memory in
// each tag it touches, so that not every record gets one.
bool PointWriter::MayFail(std::span<const CsvPoint> points) {
  return std::any_of(points.begin(), points.end(), [this](const CsvPoint& point) {
    const auto found = tags_.find(point.tag);
    if (found == tags_.end()) return true;
    if (point.point.text.size() > kTextBytesMaxInSmallChunks) return true;
    const ValueType type = found->second->type();
    // The first value gives an untyped tag its type and cannot fail; NULL fits every tag.
    if (type == ValueType::kNone || point.type == ValueType::kNone) return false;
    return !ConvertValue(ValueFor(point, type), type).ok();
  });
}

Status PointWriter::Write(std::span<const CsvPoint> points) {
  if (!transaction_) XTDB_RETURN_IF_ERROR(Begin());
  if (MayFail(points)) {
    const Mark mark = transaction_->TakeMark();
    const Status written = WriteAll(points);
    if (!written.ok()) {
      transaction_->RollbackTo(mark);
      tags_.clear();
      return written;
    }
  } else {
    XTDB_RETURN_IF_ERROR(WriteAll(points));
  }
  for (const CsvPoint& point : points) {
    if (!tag_names_.contains(point.tag)) tag_names_.emplace(point.tag);
  }
  ++rows_;
  return rows_ == rows_per_commit_ ? Finish() : Status();
}

Status PointWriter::Finish() {
  if (!transaction_) return Status();
  XTDB_RETURN_IF_ERROR(transaction_->Prepare());
  std::exchange(transaction_, nullptr)->Commit();
  rows_committed_ += rows_;
  rows_ = 0;
  return Status();
}

}  // namespace xtdb
