#include "vtab/functions/time_filter.h"

#include <utility>
#include <vector>

#include "vtab/functions/value_list.h"
#include "vtab/time_unit.h"

namespace xtdb {
namespace {

struct Operator {
  int constraint_op;
  CompareOp op;
  std::string_view text;
};
constexpr Operator kOperators[] = {{SQLITE_INDEX_CONSTRAINT_EQ, CompareOp::kEq, "="},
                                   {SQLITE_INDEX_CONSTRAINT_NE, CompareOp::kNe, "<>"},
                                   {SQLITE_INDEX_CONSTRAINT_LT, CompareOp::kLt, "<"},
                                   {SQLITE_INDEX_CONSTRAINT_LE, CompareOp::kLe, "<="},
                                   {SQLITE_INDEX_CONSTRAINT_GT, CompareOp::kGt, ">"},
                                   {SQLITE_INDEX_CONSTRAINT_GE, CompareOp::kGe, ">="}};
constexpr std::string_view kIn = "in";

}  // namespace

std::optional<CompareOp> TimeOperator(int constraint_op) {
  for (const Operator& known : kOperators) {
    if (known.constraint_op == constraint_op) return known.op;
  }
  return std::nullopt;
}

std::string TimeTerm::ToText(std::string_view column_name) const {
  std::string_view name = kIn;
  for (const Operator& known : kOperators) {
    if (!is_list && known.op == op) name = known.text;
  }
  return std::string(column_name) + " " + std::string(name) + " ?";
}

std::optional<TimeTerm> ParseTimeTerm(std::string_view text, std::string_view column_name) {
  if (!text.starts_with(column_name) || !text.ends_with(" ?")) return std::nullopt;
  text.remove_prefix(column_name.size());
  text.remove_suffix(2);
  if (!text.starts_with(' ')) return std::nullopt;
  text.remove_prefix(1);
  TimeTerm term;
  term.is_list = text == kIn;
  if (term.is_list) return term;
  for (const Operator& known : kOperators) {
    if (known.text != text) continue;
    term.op = known.op;
    return term;
  }
  return std::nullopt;
}

Result<TimeSet> TimesOf(sqlite3* db, const TimeTerm& term, sqlite3_value* value, int64_t now_us,
                        const ReadView* view) {
  const auto times_of = [&](sqlite3_value* one) -> Result<TimeSet> {
    XTDB_ASSIGN_OR_RETURN(const Comparand comparand,
                          term.is_ts ? TsComparand(one, now_us) : TimeComparand(one, now_us));
    if (term.is_ts && view != nullptr) {
      XTDB_RETURN_IF_ERROR(CheckTimeUnit(*view, now_us, "ts", comparand));
    }
    return TimeSet::Where(term.op, comparand);
  };
  if (!term.is_list) return times_of(value);
  std::vector<TimeSet::Interval> intervals;
  XTDB_RETURN_IF_ERROR(ForEachInList(db, value, [&](sqlite3_value* one) -> Status {
    XTDB_ASSIGN_OR_RETURN(const TimeSet times, times_of(one));
    intervals.insert(intervals.end(), times.intervals().begin(), times.intervals().end());
    return {};
  }));
  return TimeSet::Union(std::move(intervals));
}

}  // namespace xtdb
