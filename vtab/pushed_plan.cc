#include "vtab/pushed_plan.h"

#include "vtab/table.h"

namespace xtdb {
namespace {

constexpr std::string_view kEverything = "all points";
constexpr std::string_view kAnd = " and ";
constexpr std::string_view kNextPart = "; ";
constexpr std::string_view kLimit = "limit ?";
constexpr std::string_view kOffset = "offset ?";
constexpr std::string_view kOnePerTag = "one row of each tag";
constexpr std::string_view kOpWords[] = {"= ?",
                                         "<> ?",
                                         "< ?",
                                         "<= ?",
                                         "> ?",
                                         ">= ?",
                                         "is ?",
                                         "is not ?",
                                         "is null",
                                         "is not null",
                                         "in (?)",
                                         "like ?",
                                         "like ? by prefix",
                                         "glob ?"};

struct OrderWords {
  std::string_view words;
  RowOrder order;
  bool tag_descending;
  bool ts_descending;
};
constexpr OrderWords kOrders[] = {
    {"order by tag, ts", RowOrder::kTagTs, false, false},
    {"order by tag, ts desc", RowOrder::kTagTs, false, true},
    {"order by tag desc, ts", RowOrder::kTagTs, true, false},
    {"order by tag desc, ts desc", RowOrder::kTagTs, true, true},
    {"order by ts", RowOrder::kTs, false, false},
    {"order by ts desc", RowOrder::kTs, false, true},
};

std::string_view TakePart(std::string_view& text, std::string_view separator) {
  const size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + separator.size());
  return part;
}

std::optional<PushedTerm> ParseTerm(std::string_view text) {
  const std::string_view name = TakePart(text, " ");
  for (int column = kColumnRowid; column < kColumnTsBlob; ++column) {
    if (name != ColumnName(column)) continue;
    for (size_t op = 0; op < std::size(kOpWords); ++op) {
      if (text == kOpWords[op]) return PushedTerm{column, static_cast<TermOp>(op)};
    }
  }
  return std::nullopt;
}

bool ParseOrder(std::string_view text, PushedPlan& plan) {
  for (const OrderWords& order : kOrders) {
    if (text != order.words) continue;
    plan.order = order.order;
    plan.tag_descending = order.tag_descending;
    plan.ts_descending = order.ts_descending;
    return true;
  }
  return false;
}

}  // namespace

std::string PushedPlan::ToText() const {
  std::string text;
  for (const PushedTerm& term : terms) {
    if (!text.empty()) text += kAnd;
    text += std::string(ColumnName(term.column)) + " ";
    text += kOpWords[static_cast<size_t>(term.op)];
  }
  if (terms.empty()) text = kEverything;
  for (const OrderWords& words : kOrders) {
    if (words.order == order && words.tag_descending == tag_descending &&
        words.ts_descending == ts_descending) {
      text += std::string(kNextPart) + std::string(words.words);
    }
  }
  if (limit) text += std::string(kNextPart) + std::string(kLimit);
  if (offset) text += std::string(kNextPart) + std::string(kOffset);
  if (one_per_tag) text += std::string(kNextPart) + std::string(kOnePerTag);
  return text;
}

std::optional<PushedPlan> PushedPlan::Parse(std::string_view text) {
  PushedPlan plan;
  std::string_view terms = TakePart(text, kNextPart);
  if (terms == kEverything) terms = {};
  while (!terms.empty()) {
    const std::optional<PushedTerm> term = ParseTerm(TakePart(terms, kAnd));
    if (!term) return std::nullopt;
    plan.terms.push_back(*term);
  }
  while (!text.empty()) {
    const std::string_view part = TakePart(text, kNextPart);
    if (part == kLimit) {
      plan.limit = true;
    } else if (part == kOffset) {
      plan.offset = true;
    } else if (part == kOnePerTag) {
      plan.one_per_tag = true;
    } else if (!ParseOrder(part, plan)) {
      return std::nullopt;
    }
  }
  return plan;
}

}  // namespace xtdb
