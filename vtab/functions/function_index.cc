#include "vtab/functions/function_index.h"

#include <array>
#include <new>
#include <string>

#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr const char* kArgumentNames[kFunctionArgumentsMax] = {"tbl", "tags"};
constexpr double kCostWithoutTable = 1e15;
constexpr double kCostOfAllTags = 1e4;
constexpr double kCostOfNames = 1e2;

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
  const std::string name = kArgumentNames[argument];
  std::string message = std::string(function.name) + ": " + name + " is an argument, set by " +
                        name + " = or " + name + " IN; for " + std::string(OperatorName(op));
  if (argument == 1 && function.has_tag_column) {
    message += " use the column tag";
  } else {
    message += " there is no column to compare; write " + std::string(function.example);
  }
  return Status::InvalidArgument(std::move(message));
}

// SQLite adds >= and < to LIKE and GLOB: the one that the user wrote is named.
int WrittenOperator(const sqlite3_index_info* info, int constraint) {
  const auto& wrong = info->aConstraint[constraint];
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& other = info->aConstraint[i];
    if (other.iColumn == wrong.iColumn &&
        (other.op == SQLITE_INDEX_CONSTRAINT_LIKE || other.op == SQLITE_INDEX_CONSTRAINT_GLOB)) {
      return other.op;
    }
  }
  return wrong.op;
}

bool IsBinary(sqlite3_index_info* info, int constraint) {
  return EqualsIgnoreCase(sqlite3_vtab_collation(info, constraint), "BINARY");
}

// Which constraint sets each argument, and which one gives names; -1: none.
struct Chosen {
  std::array<int, kFunctionArgumentsMax> arguments{-1, -1};
  int names = -1;
  bool possible = true;
};

Result<Chosen> Choose(const TableFunction& function, sqlite3_index_info* info) {
  Chosen chosen;
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
      if (!is_equal) return WrongOperator(function, argument, WrittenOperator(info, i));
      if (!constraint.usable) {
        unusable[argument] = true;
      } else if (chosen.arguments[argument] < 0) {
        chosen.arguments[argument] = i;
      }
    } else if (function.has_tag_column && constraint.iColumn == 0 && is_equal &&
               constraint.usable && chosen.names < 0 && IsBinary(info, i)) {
      chosen.names = i;
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
  for (size_t i = 0; i < kFunctionArgumentsMax; ++i) {
    if (chosen.arguments[i] < 0) continue;
    take(chosen.arguments[i]);
    info->idxNum |= 1 << i;
    Describe(text, std::string(kArgumentNames[i]) + " = ?");
  }
  if (chosen.names >= 0) {
    take(chosen.names);
    const bool is_list = sqlite3_vtab_in(info, chosen.names, 1) != 0;
    info->idxNum |= kFunctionIndexNames | (is_list ? kFunctionIndexNameList : 0);
    Describe(text, is_list ? "tag in ?" : "tag = ?");
  }
  info->estimatedCost = chosen.arguments[0] < 0 ? kCostWithoutTable
                        : chosen.names >= 0     ? kCostOfNames
                                                : kCostOfAllTags;
  info->estimatedRows = chosen.names >= 0 ? 10 : 1000;
  if (function.by_tag && info->nOrderBy == 1 && info->aOrderBy[0].iColumn == 0 &&
      info->aOrderBy[0].desc == 0) {
    info->orderByConsumed = 1;
    text += "; by tag";
  }
  info->idxStr = sqlite3_mprintf("%s", text.c_str());
  if (info->idxStr == nullptr) throw std::bad_alloc();
  info->needToFreeIdxStr = 1;
  return true;
}

}  // namespace xtdb
