#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "planner/plan.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

enum VectorsColumn : size_t { kTag, kType, kCount, kTs, kValue, kQuality, kNulls };
constexpr OutputColumn kColumns[] = {{"tag", "TEXT"},  {"type", "TEXT"},  {"count", "BIGINT"},
                                     {"ts", "BLOB"},   {"value", "BLOB"}, {"quality", "BLOB"},
                                     {"nulls", "BLOB"}};
constexpr const char* kArguments[] = {"tbl", "tags", "start", "stop"};

// Of a row: as many points as cost no more to make than SQLite takes for the row.
constexpr size_t kPointsPerRow = 8192;

template <typename T>
void AppendBytes(std::span<const T> values, std::string& out) {
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

// A NULL is a NaN, or 0 where values are integers; the bits of `nulls` tell it from data.
void AppendValues(const PointColumns& columns, ValueType type, size_t begin, size_t end,
                  std::string& out) {
  if (columns.type == ValueType::kFloat64 ||
      (columns.type == ValueType::kInt64 && !IsFloat(type))) {
    AppendBytes(std::span(columns.bits).subspan(begin, end - begin), out);
    return;
  }
  for (size_t row = begin; row < end; ++row) {
    ValueBits bits = columns.bits[row];
    if (columns.type == ValueType::kFloat32) bits = FromDouble(AsFloat(bits));
    if (IsInteger(columns.type) && IsFloat(type)) {
      bits = FromDouble(static_cast<double>(AsInt64(bits)));
    }
    AppendBytes(std::span<const ValueBits>(&bits, 1), out);
  }
}

class Vectors final : public RowSource {
 public:
  Vectors(std::shared_ptr<const FunctionCall> call, Request request)
      : call_(std::move(call)), request_(std::move(request)) {}
  ~Vectors() override {
    if (plan_ != nullptr) call_->AddToLastQuery(plan_->counters());
  }

  Result<bool> Next(FunctionRow& row) override {
    if (plan_ == nullptr) {
      XTDB_ASSIGN_OR_RETURN(plan_, Plan::Make(call_->View(), std::move(request_)));
      XTDB_ASSIGN_OR_RETURN(batch_, plan_->Next());
    }
    if (batch_ == nullptr) return false;
    const TagPtr tag = batch_->tag;
    if (tag->type == ValueType::kText) {
      return Status::TypeMismatch("tag '" + tag->name +
                                  "' is text, which no array holds; read it from the table");
    }
    row.key = RowKey(tag->id, batch_->columns->ts_us[batch_->begin]);
    count_ = 0;
    for (std::string& bytes : bytes_) bytes.clear();
    while (batch_ != nullptr && batch_->tag == tag && count_ < kPointsPerRow) {
      XTDB_RETURN_IF_ERROR(Take(*tag));
    }
    row.cells[kTag] = tag->name;
    row.cells[kType] = std::string(IsInteger(tag->type) ? "int64" : "float64");
    row.cells[kCount] = Count(count_);
    row.cells[kTs] = BlobCell{bytes_[kTs]};
    row.cells[kValue] = BlobCell{bytes_[kValue]};
    row.cells[kQuality] = BlobCell{bytes_[kQuality]};
    if (!bytes_[kNulls].empty()) {
      bytes_[kNulls].resize((count_ + 7) / 8);
      row.cells[kNulls] = BlobCell{bytes_[kNulls]};
    }
    return true;
  }

 private:
  bool Reads(size_t column) const { return (call_->columns_used >> column & 1) != 0; }

  Status Take(const TagDefinition& tag) {
    const PointColumns& columns = *batch_->columns;
    const size_t begin = batch_->begin, end = batch_->end;
    if (Reads(kTs)) AppendBytes(std::span(columns.ts_us).subspan(begin, end - begin), bytes_[kTs]);
    if (Reads(kQuality)) {
      AppendBytes(std::span(columns.quality).subspan(begin, end - begin), bytes_[kQuality]);
    }
    if (Reads(kValue)) {
      AppendValues(columns, tag.type, begin, end, bytes_[kValue]);
      MarkNulls(columns, tag.type, begin, end);
    } else if (Reads(kNulls)) {
      MarkNulls(columns, tag.type, begin, end);
    }
    count_ += end - begin;
    XTDB_ASSIGN_OR_RETURN(batch_, plan_->Next());
    return {};
  }

  void MarkNulls(const PointColumns& columns, ValueType type, size_t begin, size_t end) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (size_t row = begin; row < end; ++row) {
      if ((columns.flags[row] & kPointNull) == 0) continue;
      const size_t at = count_ + row - begin;
      std::string& nulls = bytes_[kNulls];
      if (nulls.size() <= at / 8) nulls.resize(at / 8 + 1);
      nulls[at / 8] = static_cast<char>(nulls[at / 8] | 1 << at % 8);
      if (Reads(kValue) && !IsInteger(type)) {
        std::memcpy(bytes_[kValue].data() + at * sizeof(nan), &nan, sizeof(nan));
      }
    }
  }

  const std::shared_ptr<const FunctionCall> call_;
  Request request_;
  std::unique_ptr<Plan> plan_;
  const Batch* batch_ = nullptr;
  size_t count_ = 0;
  std::array<std::string, kNulls + 1> bytes_;  // by column
};

Result<std::unique_ptr<RowSource>> Open(std::shared_ptr<const FunctionCall> call) {
  Request request;
  const FunctionArguments& arguments = *call->arguments;
  XTDB_ASSIGN_OR_RETURN(const auto start, arguments.Time("start", call->now_us()));
  XTDB_ASSIGN_OR_RETURN(const auto stop, arguments.Time("stop", call->now_us()));
  request.tags = SelectTags(call->View(), call->tags);
  request.ts_from_us = start.value_or(kTsMin);
  request.ts_to_us = stop.value_or(kTsMax + 1) - 1;
  request.order = RowOrder::kTagTs;
  return std::unique_ptr<RowSource>(std::make_unique<Vectors>(std::move(call), std::move(request)));
}

constexpr TableFunction kVectors = {.name = "xtdb_vectors",
                                    .columns = kColumns,
                                    .arguments = kArguments,
                                    .has_tag_column = true,
                                    .by_tag = true,
                                    .example = "xtdb_vectors('plant', tags, start, stop)",
                                    .open = Open};

}  // namespace

int RegisterVectorsFunction(sqlite3* db) { return RegisterTableFunction(db, kVectors); }

}  // namespace xtdb
