#include "vtab/wide/wide_plan.h"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

#include "vtab/time_collation.h"

namespace xtdb {
namespace {

constexpr std::string_view kAllRows = "all rows";
constexpr std::string_view kAnd = " and ";
constexpr std::string_view kNextPart = "; ";
constexpr std::string_view kDescending = "by time desc";
constexpr std::string_view kAscending = "by time";
constexpr std::string_view kColumns = "columns ";
constexpr std::string_view kNoColumns = "no columns";
constexpr std::string_view kComma = ", ";

std::string_view TakePart(std::string_view& text, std::string_view separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + separator.size());
  return part;
}

// "1-3, 7" of the columns that are read, counted from 1.
std::string Ranges(const std::vector<bool>& is_read) {
  std::string text;
  for (size_t i = 0; i < is_read.size(); ++i) {
    if (!is_read[i]) continue;
    size_t last = i;
    while (last + 1 < is_read.size() && is_read[last + 1]) ++last;
    text += (text.empty() ? "" : std::string(kComma)) + std::to_string(i + 1);
    if (last > i) text += "-" + std::to_string(last + 1);
    i = last;
  }
  return text;
}

std::optional<size_t> ParseNumber(std::string_view text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool ParseRanges(std::string_view text, std::vector<bool>& is_read) {
  while (!text.empty()) {
    std::string_view range = TakePart(text, kComma);
    const std::optional<size_t> first = ParseNumber(TakePart(range, "-"));
    const std::optional<size_t> last = range.empty() ? first : ParseNumber(range);
    if (!first || !last || *first < 1 || *first > *last || *last > is_read.size()) return false;
    std::fill(is_read.begin() + static_cast<std::ptrdiff_t>(*first - 1),
              is_read.begin() + static_cast<std::ptrdiff_t>(*last), true);
  }
  return true;
}

std::optional<TimeTerm> ParseTerm(std::string_view text, size_t columns) {
  std::optional<TimeTerm> term = ParseTimeTerm(text, "time");
  if (term) return term;
  term = ParseTimeTerm(text, "ts");
  if (term) {
    term->is_ts = true;
    term->column = columns + 1;
  }
  return term;
}

class WideIndexChooser {
 public:
  WideIndexChooser(size_t columns, sqlite3_index_info* info) : columns_(columns), info_(info) {}

  Status Choose() {
    for (int i = 0; i < info_->nConstraint; ++i) TakeTime(i);
    TakeOrder();
    plan_.is_read.resize(columns_);
    for (size_t i = 0; i < columns_; ++i) {
      // The last bit stands for all columns from there on.
      plan_.is_read[i] = (info_->colUsed >> std::min<size_t>(i + 1, 63) & 1) != 0;
    }
    info_->estimatedCost = rows_;
    info_->estimatedRows = static_cast<sqlite3_int64>(rows_);
    info_->idxStr = sqlite3_mprintf("%s", plan_.ToText().c_str());
    if (info_->idxStr == nullptr) throw std::bad_alloc();
    info_->needToFreeIdxStr = 1;
    return {};
  }

 private:
  // rowid is ts, too.
  bool IsTs(int column) const { return column == -1 || column == static_cast<int>(columns_) + 1; }
  bool IsTime(int column) const { return column == 0 || IsTs(column); }

  // SQLite derives >= and < from a pattern, whose beginning is no time.
  bool HasPattern(int column) const {
    for (int i = 0; i < info_->nConstraint; ++i) {
      const auto& constraint = info_->aConstraint[i];
      const bool is_pattern = constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE ||
                              constraint.op == SQLITE_INDEX_CONSTRAINT_GLOB;
      if (is_pattern && constraint.iColumn == column) return true;
    }
    return false;
  }

  void TakeTime(int i) {
    const auto& constraint = info_->aConstraint[i];
    const std::optional<CompareOp> op = TimeOperator(constraint.op);
    if (!op || constraint.usable == 0 || !IsTime(constraint.iColumn)) return;
    if (!ComparesTimes(info_, i)) return;
    if (op != CompareOp::kEq && HasPattern(constraint.iColumn)) return;
    const bool is_ts = IsTs(constraint.iColumn);
    TimeTerm term{.column = is_ts ? columns_ + 1 : 0, .is_ts = is_ts, .op = *op};
    term.is_list = sqlite3_vtab_in(info_, i, 1) != 0;
    plan_.times.push_back(term);
    info_->aConstraintUsage[i].argvIndex = static_cast<int>(plan_.times.size());
    info_->aConstraintUsage[i].omit = 1;
    const bool is_one = op == CompareOp::kEq && !term.is_list;
    if (is_one) info_->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    rows_ = is_one ? 1 : std::max(10.0, rows_ / 10);
  }

  void TakeOrder() {
    if (info_->nOrderBy == 0 || !IsTime(info_->aOrderBy[0].iColumn)) return;
    plan_.descending = info_->aOrderBy[0].desc != 0;
    // A time comes once, so that what stands behind it in the list orders nothing.
    info_->orderByConsumed = 1;
  }

  const size_t columns_;
  sqlite3_index_info* const info_;
  WidePlan plan_;
  double rows_ = 1e6;
};

}  // namespace

std::string WidePlan::ToText() const {
  std::string text;
  for (const TimeTerm& term : times) {
    if (!text.empty()) text += kAnd;
    text += term.ToText(term.is_ts ? "ts" : "time");
  }
  if (times.empty()) text = kAllRows;
  text += std::string(kNextPart) + std::string(descending ? kDescending : kAscending);
  const std::string ranges = Ranges(is_read);
  text += kNextPart;
  return text + (ranges.empty() ? std::string(kNoColumns) : std::string(kColumns) + ranges);
}

std::optional<WidePlan> WidePlan::Parse(std::string_view text, size_t columns) {
  WidePlan plan;
  plan.is_read.resize(columns);
  std::string_view terms = TakePart(text, kNextPart);
  if (terms == kAllRows) terms = {};
  while (!terms.empty()) {
    const std::optional<TimeTerm> term = ParseTerm(TakePart(terms, kAnd), columns);
    if (!term) return std::nullopt;
    plan.times.push_back(*term);
  }
  const std::string_view order = TakePart(text, kNextPart);
  plan.descending = order == kDescending;
  if (!plan.descending && order != kAscending) return std::nullopt;
  if (text == kNoColumns) return plan;
  if (!text.starts_with(kColumns)) return std::nullopt;
  if (!ParseRanges(text.substr(kColumns.size()), plan.is_read)) return std::nullopt;
  return plan;
}

Status ChooseWideIndex(size_t columns, sqlite3_index_info* info) {
  return WideIndexChooser(columns, info).Choose();
}

}  // namespace xtdb
