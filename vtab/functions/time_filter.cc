#include "vtab/functions/time_filter.h"

#include <algorithm>
#include <utility>

#include "vtab/functions/value_list.h"

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

Result<TimeFilter> TimeFilter::Make(sqlite3* db, const TimeTerm& term, sqlite3_value* value,
                                    int64_t now_us) {
  TimeFilter filter(term);
  const auto take = [&](sqlite3_value* one) -> Status {
    XTDB_ASSIGN_OR_RETURN(Comparand comparand,
                          term.is_ts ? TsComparand(one, now_us) : TimeComparand(one, now_us));
    if (comparand.kind != Comparand::Kind::kNull)
      filter.comparands_.push_back(std::move(comparand));
    return {};
  };
  XTDB_RETURN_IF_ERROR(term.is_list ? ForEachInList(db, value, take) : take(value));
  return filter;
}

bool TimeFilter::Matches(int64_t ts_us) const {
  return std::any_of(comparands_.begin(), comparands_.end(), [&](const Comparand& comparand) {
    return Holds(term_.op, CompareInteger(ts_us, comparand));
  });
}

TimeFilter::Range TimeFilter::range() const {
  const Range all;
  if (comparands_.empty()) return {kTsMax, kTsMin};
  const bool has_min =
      term_.op == CompareOp::kEq || term_.op == CompareOp::kGe || term_.op == CompareOp::kGt;
  const bool has_max =
      term_.op == CompareOp::kEq || term_.op == CompareOp::kLe || term_.op == CompareOp::kLt;
  int64_t least_us = kTsMax, greatest_us = kTsMin;
  for (const Comparand& comparand : comparands_) {
    if (comparand.kind != Comparand::Kind::kInteger) return all;
    least_us = std::min(least_us, comparand.integer);
    greatest_us = std::max(greatest_us, comparand.integer);
  }
  return {has_min ? least_us : all.min_us, has_max ? greatest_us : all.max_us};
}

}  // namespace xtdb
