#include "vtab/functions/function_index.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>
#include <utility>

#include "vtab/text/quote_text.h"
#include "vtab/time_collation.h"

namespace xtdb {
namespace {

// Far apart, so that SQLite gives each branch of an OR its own arguments rather than compare them
// itself.
constexpr double kCostWithoutTable = 1e15;
constexpr double kCostOfAllTags = 1e6;
constexpr double kCostOfSomeTags = 1e4;
constexpr double kCostOfNames = 1e2;

double CostOf(bool has_table, bool has_tags, bool has_names) {
  if (!has_table) return kCostWithoutTable;
  if (has_names) return kCostOfNames;
  return has_tags ? kCostOfSomeTags : kCostOfAllTags;
}

constexpr std::string_view OperatorName(int op) {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_GT:
      return ">";
    case SQLITE_INDEX_CONSTRAINT_GE:
      return ">=";
    case SQLITE_INDEX_CONSTRAINT_LT:
      return "<";
    case SQLITE_INDEX_CONSTRAINT_LE:
      return "<=";
    case SQLITE_INDEX_CONSTRAINT_NE:
      return "<>";
    case SQLITE_INDEX_CONSTRAINT_LIKE:
      return "LIKE";
    case SQLITE_INDEX_CONSTRAINT_GLOB:
      return "GLOB";
    case SQLITE_INDEX_CONSTRAINT_IS:
      return "IS";
    case SQLITE_INDEX_CONSTRAINT_ISNOT:
      return "IS NOT";
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
      return "IS NULL";
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
      return "IS NOT NULL";
    default:
      return "this operator";
  }
}

Status WrongOperator(const TableFunction& function, size_t argument, int op) {
  const std::string name = function.arguments[argument];
  std::string message = std::string(function.name) + ": " + name + " is an argument, set by " +
                        name + " = or " + name + " IN; for " + std::string(OperatorName(op));
  if (name == "tags") {
    message += " use the column tag";
  } else if ((name == "start" || name == "stop") && !function.by_time.empty()) {
    message += " use the column time";
  } else {
    message += " there is no column to compare; write " + std::string(function.example);
  }
  return Status::InvalidArgument(std::move(message));
}

// LIKE or GLOB on that column, to which SQLite adds a >= and a < of its own; 0 if there is none.
int PatternOperator(const sqlite3_index_info* info, int column) {
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    if (constraint.iColumn == column && (constraint.op == SQLITE_INDEX_CONSTRAINT_LIKE ||
                                         constraint.op == SQLITE_INDEX_CONSTRAINT_GLOB)) {
      return constraint.op;
    }
  }
  return 0;
}

bool IsBinary(sqlite3_index_info* info, int constraint) {
  return EqualsIgnoreCase(sqlite3_vtab_collation(info, constraint), "BINARY");
}

// A comparison with that column, if it has times.
std::optional<TimeTerm> TimeTermOf(const TableFunction& function, int column) {
  if (column < 0) return std::nullopt;
  const auto at = static_cast<size_t>(column);
  const std::string_view name = function.columns[at].name, type = function.columns[at].type;
  const bool is_ts = name == "ts" && type == "BIGINT";
  if (!is_ts && type != "TIMESTAMP") return std::nullopt;
  return TimeTerm{.column = at, .is_ts = is_ts};
}

// Which constraint sets each argument, and which one gives names; -1: none.
struct Chosen {
  std::array<int, kFunctionArgumentsMax> arguments;
  int names = -1;
  std::vector<std::pair<int, TimeTerm>> times;
  bool possible = true;
};

Result<Chosen> Choose(const TableFunction& function, sqlite3_index_info* info) {
  Chosen chosen;
  chosen.arguments.fill(-1);
  std::array<bool, kFunctionArgumentsMax> unusable{};
  const auto first_argument = static_cast<int>(function.columns.size());
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    const bool is_equal = constraint.op == SQLITE_INDEX_CONSTRAINT_EQ;
    if (constraint.op == SQLITE_INDEX_CONSTRAINT_LIMIT ||
        constraint.op == SQLITE_INDEX_CONSTRAINT_OFFSET) {
      continue;
    }
    if (constraint.iColumn >= first_argument) {
      const auto argument = static_cast<size_t>(constraint.iColumn - first_argument);
      if (!is_equal) {
        const int pattern = PatternOperator(info, constraint.iColumn);
        return WrongOperator(function, argument, pattern != 0 ? pattern : constraint.op);
      }
      if (!constraint.usable) {
        unusable[argument] = true;
      } else if (chosen.arguments[argument] < 0) {
        chosen.arguments[argument] = i;
      }
    } else if (function.has_tag_column && constraint.iColumn == 0 && is_equal &&
               constraint.usable && chosen.names < 0 && IsBinary(info, i)) {
      chosen.names = i;
    } else if (constraint.usable && ComparesTimes(info, i)) {
      std::optional<TimeTerm> term = TimeTermOf(function, constraint.iColumn);
      const std::optional<CompareOp> op = TimeOperator(constraint.op);
      const bool may_be_added = op == CompareOp::kGe || op == CompareOp::kLt;
      if (!term || !op) continue;
      if (may_be_added && PatternOperator(info, constraint.iColumn) != 0) continue;
      term->op = *op;
      chosen.times.emplace_back(i, *term);
    }
  }
  for (size_t i = 0; i < kFunctionArgumentsMax; ++i) {
    if (unusable[i] && chosen.arguments[i] < 0) chosen.possible = false;
  }
  return chosen;
}

void Describe(std::string& text, std::string_view term) {
  text += text.empty() ? "" : " and ";
  text += term;
}

// Rows come by (tag, time), of one tag by time.
bool ComesInOrder(const TableFunction& function, bool is_one_tag, const sqlite3_index_info* info) {
  const auto is_time = [&](int column) {
    return std::find(function.by_time.begin(), function.by_time.end(), column) !=
           function.by_time.end();
  };
  bool tag_is_fixed = is_one_tag;
  for (int i = 0; i < info->nOrderBy; ++i) {
    const auto& term = info->aOrderBy[i];
    if (term.desc != 0) return false;
    if (term.iColumn == 0 && function.by_tag && i == 0) {
      tag_is_fixed = true;
    } else if (!is_time(term.iColumn) || !tag_is_fixed || i > 1) {
      return false;
    }
  }
  return true;
}

int ColumnBits(const TableFunction& function, const sqlite3_index_info* info) {
  const uint64_t mask = (uint64_t{1} << function.columns.size()) - 1;
  return static_cast<int>((info->colUsed & mask) << kFunctionIndexColumns);
}

}  // namespace

Result<bool> ChooseFunctionIndex(const TableFunction& function, sqlite3_index_info* info) {
  XTDB_ASSIGN_OR_RETURN(const Chosen chosen, Choose(function, info));
  if (!chosen.possible) return false;
  int used = 0;
  std::string text;
  const auto take = [&](int constraint) {
    info->aConstraintUsage[constraint].argvIndex = ++used;
    info->aConstraintUsage[constraint].omit = 1;
  };
  info->idxNum = 0;
  for (size_t i = 0; i < function.arguments.size(); ++i) {
    if (chosen.arguments[i] < 0) continue;
    take(chosen.arguments[i]);
    info->idxNum |= 1 << i;
    Describe(text, std::string(function.arguments[i]) + " = ?");
  }
  if (chosen.names >= 0) {
    take(chosen.names);
    const bool is_list = sqlite3_vtab_in(info, chosen.names, 1) != 0;
    info->idxNum |= kFunctionIndexNames | (is_list ? kFunctionIndexNameList : 0);
    Describe(text, is_list ? "tag in ?" : "tag = ?");
  }
  for (auto [constraint, term] : chosen.times) {
    take(constraint);
    term.is_list = sqlite3_vtab_in(info, constraint, 1) != 0;
    Describe(text, term.ToText(function.columns[term.column].name));
  }
  const bool has_names = chosen.names >= 0;
  const bool has_tags = function.arguments.size() > 1 && chosen.arguments[1] >= 0;
  const bool has_table = function.arguments.empty() || chosen.arguments[0] >= 0;
  info->estimatedCost = CostOf(has_table, has_tags, has_names);
  info->estimatedRows = has_names ? 10 : has_tags ? 100 : 1000;
  info->idxNum |= ColumnBits(function, info);
  const bool is_one_tag = has_names && (info->idxNum & kFunctionIndexNameList) == 0;
  if (info->nOrderBy > 0 && ComesInOrder(function, is_one_tag, info)) {
    info->orderByConsumed = 1;
    text += info->nOrderBy > 1               ? "; by tag, time"
            : info->aOrderBy[0].iColumn == 0 ? "; by tag"
                                             : "; by time";
  }
  if (text.empty()) text = "all rows";
  info->idxStr = sqlite3_mprintf("%s", text.c_str());
  if (info->idxStr == nullptr) throw std::bad_alloc();
  info->needToFreeIdxStr = 1;
  return true;
}

std::vector<TimeTerm> TimeTermsOf(const TableFunction& function, std::string_view text) {
  constexpr std::string_view kAnd = " and ";
  std::vector<TimeTerm> terms;
  text = text.substr(0, text.find(';'));
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(kAnd));
    for (size_t i = 0; i < function.columns.size(); ++i) {
      const std::optional<TimeTerm> column = TimeTermOf(function, static_cast<int>(i));
      if (!column) continue;
      if (std::optional<TimeTerm> term = ParseTimeTerm(part, function.columns[i].name)) {
        term->column = i;
        term->is_ts = column->is_ts;
        terms.push_back(*term);
      }
    }
    text.remove_prefix(std::min(text.size(), part.size() + kAnd.size()));
  }
  return terms;
}

}  // namespace xtdb
