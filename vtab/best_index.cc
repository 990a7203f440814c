#include "vtab/best_index.h"

#include <algorithm>
#include <optional>
#include <string>

#include "vtab/comparand.h"
#include "vtab/pushed_plan.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/quote_text.h"
#include "vtab/time_collation.h"

namespace xtdb {
namespace {

std::optional<TermOp> ComparisonOf(unsigned char op) {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
      return TermOp::kEq;
    case SQLITE_INDEX_CONSTRAINT_NE:
      return TermOp::kNe;
    case SQLITE_INDEX_CONSTRAINT_LT:
      return TermOp::kLt;
    case SQLITE_INDEX_CONSTRAINT_LE:
      return TermOp::kLe;
    case SQLITE_INDEX_CONSTRAINT_GT:
      return TermOp::kGt;
    case SQLITE_INDEX_CONSTRAINT_GE:
      return TermOp::kGe;
    case SQLITE_INDEX_CONSTRAINT_IS:
      return TermOp::kIs;
    case SQLITE_INDEX_CONSTRAINT_ISNOT:
      return TermOp::kIsNot;
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
      return TermOp::kIsNull;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
      return TermOp::kIsNotNull;
    default:
      return std::nullopt;
  }
}

// In the unit of a row that is read one after the other: a tag's place has to be found first.
constexpr double kCostOfTag = 20;
constexpr double kScansForLookUps = 1e7;
// What a list is taken to have: its length is not known.
constexpr double kTagsOfList = 10;
constexpr double kTimesOfList = 10;

class IndexChooser {
 public:
  IndexChooser(const TableStatistics& statistics, sqlite3_index_info* info)
      : statistics_(statistics), info_(info) {
    for (int i = 0; i < info_->nConstraint; ++i) {
      const unsigned char op = info_->aConstraint[i].op;
      if (info_->aConstraint[i].iColumn == kColumnTag && op == SQLITE_INDEX_CONSTRAINT_GE &&
          HasCollation(i, "NOCASE")) {
        has_like_range_ = true;
      }
      if (info_->aConstraint[i].iColumn == kColumnTime &&
          (op == SQLITE_INDEX_CONSTRAINT_GLOB || op == SQLITE_INDEX_CONSTRAINT_LIKE)) {
        pattern_on_time_ = true;
      }
    }
  }

  Status Choose() {
    for (int i = 0; i < info_->nConstraint; ++i) {
      if (IsLimit(i) || IsOffset(i)) continue;
      row_values_ |= MayBeRowValue(i);
      const std::optional<TermOp> op = Takes(i);
      if (op) {
        Take(i, *op);
      } else {
        everything_taken_ = false;
      }
    }
    info_->orderByConsumed = TakeOrder() ? 1 : 0;
    plan_.one_per_tag = WantsTagsAlone();
    if (everything_taken_ && !row_values_ && !excludes_times_ && !listed_times_ &&
        (info_->nOrderBy == 0 || info_->orderByConsumed != 0)) {
      TakeLimit();
    }
    Estimate();
    return Publish();
  }

 private:
  // Whether constraint `i` may stand for a comparison of row values: (tag, ts) > (?, ?) comes as
  // tag >= ? and SQLite tests it again, but 3.40 offers a LIMIT beside it all the same. A row value
  // has no constant that could be asked for, and neither has a parameter.
  bool MayBeRowValue(int i) const {
    const unsigned char op = info_->aConstraint[i].op;
    if (op != SQLITE_INDEX_CONSTRAINT_GE && op != SQLITE_INDEX_CONSTRAINT_LE) return false;
    sqlite3_value* value = nullptr;
    return sqlite3_vtab_rhs_value(info_, i, &value) != SQLITE_OK || value == nullptr;
  }

  bool IsLimit(int i) const { return info_->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIMIT; }
  bool IsOffset(int i) const { return info_->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_OFFSET; }
  bool HasCollation(int i, const char* name) const {
    return EqualsIgnoreCase(sqlite3_vtab_collation(info_, i), name);
  }
  bool IsBinary(int i) const { return HasCollation(i, "BINARY"); }

  // The comparison that the plan does for constraint `i`; nothing: it is SQLite's.
  std::optional<TermOp> Takes(int i) {
    const auto& constraint = info_->aConstraint[i];
    if (constraint.usable == 0) return std::nullopt;
    const std::optional<TermOp> op = ComparisonOf(constraint.op);
    switch (constraint.iColumn) {
      case kColumnRowid:
        return op == TermOp::kEq ? op : std::nullopt;
      case kColumnTag:
        if (constraint.op == SQLITE_INDEX_CONSTRAINT_GLOB) return TermOp::kGlob;
        if (constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE) {
          // It derives a range from its own operator only, not from one that replaces it.
          return has_like_range_ ? TermOp::kLikePrefix : TermOp::kLike;
        }
        return TakesTag(i, op);
      case kColumnTime:
        // SQLite derives >= and < from a GLOB pattern, and the pattern's beginning is no time text.
        if (pattern_on_time_ && op != TermOp::kEq) return std::nullopt;
        if (!op || !ComparesTimes(info_, i)) return std::nullopt;
        return TakesIn(i) ? TermOp::kIn : op;
      case kColumnTs:
      case kColumnTagId:
      case kColumnQuality:
        return TakesIn(i) ? TermOp::kIn : op;
      case kColumnValue:
        // NULL is not x as well, but satisfies no predicate of a plan.
        if (!op || op == TermOp::kIsNot || !IsBinary(i)) return std::nullopt;
        return TakesIn(i) ? TermOp::kIn : op;
      default:
        return std::nullopt;
    }
  }

  std::optional<TermOp> TakesTag(int i, std::optional<TermOp> op) {
    // LIKE brings a >= and a < under NOCASE.
    if (!op || !IsBinary(i)) return std::nullopt;
    return TakesIn(i) ? TermOp::kIn : op;
  }

  bool TakesIn(int i) {
    return info_->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ &&
           sqlite3_vtab_in(info_, i, 1) != 0;
  }

  void Take(int i, TermOp op) {
    const int column = info_->aConstraint[i].iColumn;
    plan_.terms.push_back({column, op});
    Use(i);
    // SQLite tests a LIKE from which it derives a range again if it is omitted, but in a LEFT JOIN
    // only after the row of NULLs is made, which then is lost.
    if (op == TermOp::kLikePrefix) info_->aConstraintUsage[i].omit = 0;
    const bool equal = op == TermOp::kEq || op == TermOp::kIs;
    const bool range =
        op == TermOp::kLt || op == TermOp::kLe || op == TermOp::kGt || op == TermOp::kGe;
    if (column == kColumnRowid) {
      one_rowid_ = true;
      bits_ |= kIndexRowid;
    } else if (column == kColumnTag || column == kColumnTagId) {
      bits_ |= kIndexTag;
      one_tag_ |= equal;
      some_tags_ |= op == TermOp::kIn;
      matched_tags_ |=
          op == TermOp::kGlob || op == TermOp::kLike || op == TermOp::kLikePrefix || range;
    } else if (column == kColumnTime || column == kColumnTs) {
      bits_ |= kIndexTime;
      one_time_ |= equal;
      listed_times_ |= op == TermOp::kIn;
      if (range) NoteTimeBound(i, op);
      excludes_times_ |= op == TermOp::kNe || op == TermOp::kIsNot;
    } else {
      bits_ |= kIndexValue;
    }
  }

  void Use(int i) {
    info_->aConstraintUsage[i].argvIndex = ++argument_count_;
    info_->aConstraintUsage[i].omit = 1;
  }

  bool TakeOrder() {
    if (one_rowid_) return true;
    const bool tag_fixed = one_tag_;
    const bool ts_fixed = one_time_;
    // What is left of the list without constants, and behind (tag, ts), which is unique.
    struct Key {
      bool is_tag;
      bool descending;
    };
    std::vector<Key> keys;
    bool has_tag = tag_fixed;
    bool has_ts = ts_fixed;
    for (int i = 0; i < info_->nOrderBy && !(has_tag && has_ts); ++i) {
      const int column = info_->aOrderBy[i].iColumn;
      const bool descending = info_->aOrderBy[i].desc != 0;
      const bool is_tag = column == kColumnTag || (column == kColumnTagId && tag_fixed);
      const bool is_ts = column == kColumnTs || column == kColumnTime;
      if (!is_tag && !is_ts) return false;
      bool& has = is_tag ? has_tag : has_ts;
      if (!has) keys.push_back({is_tag, descending});
      has = true;
    }
    return TakeKeys(keys);
  }

  template <typename Keys>
  bool TakeKeys(const Keys& keys) {
    if (keys.empty()) return true;
    if (keys[0].is_tag) {
      if (listed_times_) return false;  // the cursor goes from time to time
      plan_.order = RowOrder::kTagTs;
      plan_.tag_descending = keys[0].descending;
      plan_.ts_descending = keys.size() > 1 && keys[1].descending;
      return true;
    }
    if (keys.size() > 1 && keys[0].descending != keys[1].descending) return false;
    plan_.order = RowOrder::kTs;
    plan_.ts_descending = keys[0].descending;
    return true;
  }

  // SELECT DISTINCT tag: one row of each will do, if nothing but the tag is looked at, also by what
  // SQLite tests itself.
  bool WantsTagsAlone() const {
    constexpr uint64_t kTagColumns = 1U << kColumnTag | 1U << kColumnTagId;
    return sqlite3_vtab_distinct(info_) >= 2 && info_->nOrderBy == 1 &&
           info_->aOrderBy[0].iColumn == kColumnTag && (info_->colUsed & ~kTagColumns) == 0 &&
           !one_rowid_ && plan_.order == RowOrder::kTagTs;
  }

  // Both or none: SQLite's LIMIT does not count the rows that OFFSET skips.
  void TakeLimit() {
    int limit = -1;
    int offset = -1;
    for (int i = 0; i < info_->nConstraint; ++i) {
      if (!IsLimit(i) && !IsOffset(i)) continue;
      if (info_->aConstraint[i].usable == 0) return;
      (IsLimit(i) ? limit : offset) = i;
    }
    if (limit < 0) return;
    plan_.limit = true;
    Use(limit);
    if (offset < 0) return;
    plan_.offset = true;
    Use(offset);
  }

  // A bound of a time range, if it is written in the statement: a parameter is not known yet.
  void NoteTimeBound(int i, TermOp op) {
    sqlite3_value* value = nullptr;
    const bool is_known = sqlite3_vtab_rhs_value(info_, i, &value) == SQLITE_OK && value != nullptr;
    if (!is_known) {
      ++unknown_bounds_;
      return;
    }
    const bool is_ts = info_->aConstraint[i].iColumn == kColumnTs;
    const Result<Comparand> bound = is_ts ? TsComparand(value, 0) : TimeComparand(value, 0);
    if (!bound.ok() || bound.value().kind != Comparand::Kind::kInteger) {
      ++unknown_bounds_;
      return;
    }
    const int64_t ts_us = bound.value().integer;
    if (op == TermOp::kGt || op == TermOp::kGe) {
      ts_from_us_ = std::max(ts_from_us_, ts_us);
    } else {
      ts_to_us_ = std::min(ts_to_us_, ts_us);
    }
  }

  double TagsAsked() const {
    if (one_tag_) return 1;
    if (some_tags_) return std::min(statistics_.tags, kTagsOfList);
    return matched_tags_ ? std::max(1.0, statistics_.tags / 4) : statistics_.tags;
  }

  // Of all tags so many points, before a condition on the value.
  double RowsRead(double tags) const {
    if (one_time_) return tags;
    if (listed_times_) return tags * kTimesOfList;
    double points = statistics_.PointsOfTag(ts_from_us_, ts_to_us_);
    for (int i = 0; i < std::min(unknown_bounds_, 2); ++i) points /= 10;
    return std::max(1.0, tags * points);
  }

  // A scan of all tags is so dear that a join with a table of tags, which SQLite takes to have a
  // million rows unless ANALYZE has counted them, looks tags up instead.
  void Estimate() {
    double cost = kCostOfTag;
    double rows = 1;
    if (one_rowid_ || (one_tag_ && one_time_)) {
      info_->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    } else {
      const double tags = TagsAsked();
      rows = plan_.one_per_tag ? tags : RowsRead(tags);
      cost = kCostOfTag * tags + rows;
      if (!one_tag_ && !some_tags_ && !one_time_ && !listed_times_) {
        cost = matched_tags_ ? cost * 10 : kScansForLookUps * cost;
      }
      if ((bits_ & kIndexValue) != 0) rows = std::max(1.0, rows / 4);
    }
    info_->estimatedCost = cost;
    info_->estimatedRows = static_cast<sqlite3_int64>(rows);
  }

  Status Publish() {
    if (plan_.order != RowOrder::kNone) bits_ |= kIndexOrdered;
    if (plan_.limit) bits_ |= kIndexLimited;
    info_->idxNum = bits_;
    info_->idxStr = sqlite3_mprintf("%s", plan_.ToText().c_str());
    if (info_->idxStr == nullptr) throw std::bad_alloc();
    info_->needToFreeIdxStr = 1;
    return {};
  }

  const TableStatistics statistics_;
  sqlite3_index_info* const info_;
  PushedPlan plan_;
  int argument_count_ = 0;
  int bits_ = 0;
  int unknown_bounds_ = 0;
  int64_t ts_from_us_ = kTsMin;
  int64_t ts_to_us_ = kTsMax;
  bool pattern_on_time_ = false;
  bool has_like_range_ = false;
  bool everything_taken_ = true;
  bool row_values_ = false;
  bool one_rowid_ = false;
  bool one_tag_ = false;
  bool some_tags_ = false;
  bool matched_tags_ = false;
  bool one_time_ = false;
  bool listed_times_ = false;
  bool excludes_times_ = false;
};

}  // namespace

Status ChooseIndex(const TableStatistics& statistics, sqlite3_index_info* info) {
  return IndexChooser(statistics, info).Choose();
}

}  // namespace xtdb
