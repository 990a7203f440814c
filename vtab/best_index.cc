#include "vtab/best_index.h"

#include <algorithm>
#include <optional>
#include <string>

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

class IndexChooser {
 public:
  explicit IndexChooser(sqlite3_index_info* info) : info_(info) {
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
        if (constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE) return TermOp::kLike;
        return TakesTag(i, op);
      case kColumnTime:
        // SQLite derives >= and < from a GLOB pattern, and the pattern's beginning is no time text.
        if (pattern_on_time_ && op != TermOp::kEq) return std::nullopt;
        if (!op || !(IsBinary(i) || HasCollation(i, kTimeCollation))) return std::nullopt;
        return TakesIn(i) ? TermOp::kIn : op;
      case kColumnTs:
      case kColumnTagId:
      case kColumnQuality:
        if (constraint.iColumn != kColumnQuality && TakesIn(i)) return TermOp::kIn;
        return op;
      case kColumnValue:
        // NULL is not x as well, but satisfies no predicate of a plan.
        return op && op != TermOp::kIsNot && IsBinary(i) ? op : std::nullopt;
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
    if (op == TermOp::kLike && has_like_range_) info_->aConstraintUsage[i].omit = 0;
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
      matched_tags_ |= op == TermOp::kGlob || op == TermOp::kLike || range;
    } else if (column == kColumnTime || column == kColumnTs) {
      bits_ |= kIndexTime;
      one_time_ |= equal;
      listed_times_ |= op == TermOp::kIn;
      time_ranges_ += range ? 1 : 0;
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

  // Only ratios count: a full scan is so dear that joins look up tags instead.
  void Estimate() {
    double cost = 1e12;
    double rows = 1e9;
    if (one_rowid_ || (one_tag_ && one_time_)) {
      cost = 2;
      rows = 1;
      info_->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    } else {
      if (one_tag_) {
        cost = 100;
        rows = 10'000;
      } else if (some_tags_) {
        cost = 2'500;
        rows = 100'000;
      } else if (matched_tags_) {
        cost = 1e7;
        rows = 1e6;
      }
      if (one_time_) {
        cost = std::max(10.0, cost / 1e6);
        rows = std::max(1.0, rows / 1e6);
      } else if (listed_times_) {
        cost = std::max(20.0, cost / 1e5);
        rows = std::max(10.0, rows / 1e5);
      }
      for (int i = 0; i < std::min(time_ranges_, 2); ++i) {
        cost = std::max(5.0, cost / 10);
        rows = std::max(10.0, rows / 10);
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

  sqlite3_index_info* const info_;
  PushedPlan plan_;
  int argument_count_ = 0;
  int bits_ = 0;
  int time_ranges_ = 0;
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

Status ChooseIndex(sqlite3_index_info* info) { return IndexChooser(info).Choose(); }

}  // namespace xtdb
