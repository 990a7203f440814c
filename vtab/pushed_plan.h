#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "planner/request.h"

namespace xtdb {

enum class TermOp : uint8_t {
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kIs,
  kIsNot,
  kIsNull,
  kIsNotNull,
  kIn,
  kLike,
  kLikePrefix,  // SQLite's own LIKE, of which it knows how a name begins
  kGlob,
};

// A comparison of a column with the next argument of xFilter.
struct PushedTerm {
  int column = 0;  // enum Column
  TermOp op = TermOp::kEq;
  friend bool operator==(const PushedTerm&, const PushedTerm&) = default;
};

// What xBestIndex has taken over, for xFilter. Arguments of xFilter: one for each term in order,
// then the limit, then the offset.
struct PushedPlan {
  std::vector<PushedTerm> terms;
  RowOrder order = RowOrder::kNone;
  bool tag_descending = false;
  bool ts_descending = false;
  bool limit = false;
  bool offset = false;
  bool one_per_tag = false;
  friend bool operator==(const PushedPlan&, const PushedPlan&) = default;

  // In words, for EXPLAIN QUERY PLAN and as the message to xFilter:
  //   tag = ? and time >= ? and value is not null; order by tag, ts desc; limit ?; offset ?
  //   all points; order by tag, ts; one row of each tag
  std::string ToText() const;
  // The reverse; nothing for a text that ToText does not write.
  static std::optional<PushedPlan> Parse(std::string_view text);
};

}  // namespace xtdb
