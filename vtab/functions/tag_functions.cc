#include <utility>

#include "engine/transaction/value.h"
#include "planner/tag_summary.h"
#include "vtab/functions/functions.h"
#include "vtab/functions/table_function.h"

namespace xtdb {
namespace {

// Rows of one tag each, by name.
class TagRows : public RowSource {
 public:
  explicit TagRows(std::shared_ptr<const FunctionCall> call)
      : call_(std::move(call)), tags_(SelectTags(call_->View(), call_->tags)) {}
  ~TagRows() override { call_->AddToLastQuery(counters_); }

 protected:
  // nullptr at the end.
  TagPtr NextTag() {
    if (next_ < tags_.size()) return tags_[next_++];
    return nullptr;
  }
  const FunctionCall& call() const { return *call_; }
  PlanCounters& counters() { return counters_; }

 private:
  const std::shared_ptr<const FunctionCall> call_;
  const std::vector<TagPtr> tags_;
  size_t next_ = 0;
  PlanCounters counters_;
};

enum TagColumn : size_t {
  kTag,
  kTagId,
  kType,
  kUnit,
  kDescription,
  kPoints,
  kFirstTime,
  kLastTime,
  kFirstTs,
  kLastTs,
  kLastValue,
  kLastQuality,
  kBytes,
  kBytesPerPoint,
  kStep
};
constexpr OutputColumn kTagColumns[] = {{"tag", "TEXT"},
                                        {"tag_id", "BIGINT"},
                                        {"type", "TEXT"},
                                        {"unit", "TEXT"},
                                        {"description", "TEXT"},
                                        {"points", "BIGINT"},
                                        {"first_time", "TIMESTAMP"},
                                        {"last_time", "TIMESTAMP"},
                                        {"first_ts", "BIGINT"},
                                        {"last_ts", "BIGINT"},
                                        {"last_value", "NUMERIC"},
                                        {"last_quality", "BIGINT"},
                                        {"bytes", "BIGINT"},
                                        {"bytes_per_point", "DOUBLE PRECISION"},
                                        {"step", "BIGINT"}};

Cell TextOrNull(const std::string& text) {
  if (text.empty()) return std::monostate();
  return text;
}

class TagList final : public TagRows {
 public:
  using TagRows::TagRows;

  Result<bool> Next(FunctionRow& row) override {
    tag_ = NextTag();
    if (tag_ == nullptr) return false;
    row.key = tag_->id;
    row.cells[kTag] = tag_->name;
    row.cells[kTagId] = Count(tag_->id);
    if (tag_->type != ValueType::kNone) row.cells[kType] = std::string(ValueTypeName(tag_->type));
    row.cells[kUnit] = TextOrNull(tag_->unit);
    row.cells[kDescription] = TextOrNull(tag_->description);
    if (tag_->interpolation != Interpolation::kUnset) {
      row.cells[kStep] = Count(tag_->interpolation == Interpolation::kStepped ? 1 : 0);
    } else {
      row.cells[kStep] = std::monostate();
    }
    // A list of names needs no statistics, nor do the tags that a filter on the name drops.
    for (size_t i = kPoints; i <= kBytesPerPoint; ++i) row.cells[i] = LateCell();
    return true;
  }

  Status Complete(FunctionRow& row) override {
    XTDB_ASSIGN_OR_RETURN(const TagSummary summary, SummarizeTag(call().View(), tag_, &counters()));
    for (size_t i = kPoints; i <= kBytesPerPoint; ++i) row.cells[i] = std::monostate();
    row.cells[kPoints] = Count(summary.points);
    row.cells[kBytes] = Count(summary.block_bytes);
    if (summary.points == 0) return {};
    if (summary.block_bytes != 0) {
      row.cells[kBytesPerPoint] =
          static_cast<double>(summary.block_bytes) / static_cast<double>(summary.points);
    }
    row.cells[kFirstTime] = TimeCell{summary.first_ts_us};
    row.cells[kLastTime] = TimeCell{summary.last_ts_us};
    row.cells[kFirstTs] = summary.first_ts_us;
    row.cells[kLastTs] = summary.last_ts_us;
    if (summary.last) {
      row.cells[kLastValue] = ValueCell(*summary.last, tag_->type);
      row.cells[kLastQuality] = Count(summary.last->point.quality);
    }
    return {};
  }

 private:
  TagPtr tag_;
};

constexpr OutputColumn kLastColumns[] = {{"tag", "TEXT"},
                                         {"time", "TIMESTAMP"},
                                         {"value", "NUMERIC"},
                                         {"quality", "BIGINT"},
                                         {"ts", "BIGINT"}};

// The newest point of each tag that has one.
class LastPoints final : public TagRows {
 public:
  using TagRows::TagRows;

  Result<bool> Next(FunctionRow& row) override {
    while (const TagPtr tag = NextTag()) {
      XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> found,
                            FindLastPoint(call().View(), tag, kTsMax, &counters()));
      if (!found) continue;
      ++counters().rows;
      row.key = tag->id;
      row.cells = MakeCells(tag->name, TimeCell{found->point.ts_us}, ValueCell(*found, tag->type),
                            Count(found->point.quality), found->point.ts_us);
      return true;
    }
    return false;
  }
};

template <typename Source>
Result<std::unique_ptr<RowSource>> Open(std::shared_ptr<const FunctionCall> call) {
  return std::unique_ptr<RowSource>(std::make_unique<Source>(std::move(call)));
}

constexpr TableFunction kTags = {.name = "xtdb_tags",
                                 .columns = kTagColumns,
                                 .arguments = kTagsArguments,
                                 .has_tag_column = true,
                                 .by_tag = true,
                                 .example = "xtdb_tags('plant')",
                                 .open = Open<TagList>};
constexpr TableFunction kLast = {.name = "xtdb_last",
                                 .columns = kLastColumns,
                                 .arguments = kTagsArguments,
                                 .has_tag_column = true,
                                 .by_tag = true,
                                 .example = "xtdb_last('plant', tags)",
                                 .open = Open<LastPoints>};

}  // namespace

int RegisterTagFunctions(sqlite3* db) {
  const int code = RegisterTableFunction(db, kTags);
  return code != SQLITE_OK ? code : RegisterTableFunction(db, kLast);
}

}  // namespace xtdb
