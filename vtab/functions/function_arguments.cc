#include "vtab/functions/function_arguments.h"

#include <algorithm>
#include <functional>
#include <new>

#include "vtab/comparand.h"
#include "vtab/connection.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

Status Wrong(std::string_view name, sqlite3_value* value, std::string_view forms) {
  return Status::InvalidArgument(std::string(name) + " is " + ShowValue(value) + "; write " +
                                 std::string(forms));
}

}  // namespace

void FunctionArguments::Set(size_t argument, sqlite3_value* value) {
  values_[argument].reset(sqlite3_value_dup(value));
  if (values_[argument] == nullptr) throw std::bad_alloc();
}

Status FunctionArguments::SetText(sqlite3* db, std::string_view name, const std::string& text) {
  // Values are made by SQLite alone.
  XTDB_ASSIGN_OR_RETURN(SqlStatement select, SqlStatement::Prepare(db, "SELECT ?1"));
  const Connection::Nested nested(Connection::Of(db), select.get());
  XTDB_RETURN_IF_ERROR(select.Bind(1, text));
  XTDB_RETURN_IF_ERROR(select.Step().status());
  const auto found = std::find(names_.begin(), names_.end(), name);
  Set(static_cast<size_t>(found - names_.begin()), sqlite3_column_value(select.get(), 0));
  return {};
}

sqlite3_value* FunctionArguments::value(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? nullptr : value(static_cast<size_t>(found - names_.begin()));
}

bool FunctionArguments::Has(std::string_view name) const {
  sqlite3_value* const given = value(name);
  return given != nullptr && sqlite3_value_type(given) != SQLITE_NULL;
}

uint64_t FunctionArguments::Hash() const {
  std::string all;
  for (size_t i = 0; i < values_.size(); ++i) {
    sqlite3_value* const given = values_[i].get();
    if (given == nullptr) continue;
    // The text of a BLOB or a number would change the value.
    const int type = sqlite3_value_type(given);
    all += std::to_string(i) + ' ' + std::to_string(type) + ' ';
    all += type == SQLITE_TEXT   ? std::string(TextOf(given))
           : type == SQLITE_BLOB ? std::string(BlobOf(given))
                                 : ShowValue(given);
    all += '\0';
  }
  return std::hash<std::string>()(all);
}

Result<std::optional<int64_t>> FunctionArguments::Time(std::string_view name,
                                                       int64_t now_us) const {
  if (!Has(name)) return std::optional<int64_t>();
  Result<Comparand> time = TsComparand(value(name), now_us);
  if (!time.ok()) return time.status().WithContext(name);
  if (time.value().kind != Comparand::Kind::kInteger) {
    return Wrong(name, value(name), "a time such as '2026-01-02 03:04', or microseconds");
  }
  return std::optional<int64_t>(std::clamp(time.value().integer, kTsMin, kTsMax + 1));
}

Result<std::optional<Interval>> FunctionArguments::Span(std::string_view name) const {
  if (!Has(name)) return std::optional<Interval>();
  sqlite3_value* const given = value(name);
  const std::string_view text = TextOf(given);
  if (sqlite3_value_type(given) != SQLITE_TEXT || ParseWholeNumber(text)) {
    // Seconds, as PostgreSQL has it? Microseconds, as in ts? Nobody should have to guess.
    return Wrong(name, given, "its unit, too: '" + std::string(TrimBlanks(text)) + " s'");
  }
  Result<Interval> interval = ParseInterval(text);
  if (!interval.ok()) return interval.status().WithContext(name);
  return std::optional<Interval>(interval.value());
}

Result<std::optional<int64_t>> FunctionArguments::Integer(std::string_view name) const {
  if (!Has(name)) return std::optional<int64_t>();
  const Comparand number = NumericComparand(value(name));
  if (number.kind != Comparand::Kind::kInteger) return Wrong(name, value(name), "an integer");
  return std::optional<int64_t>(number.integer);
}

Result<size_t> FunctionArguments::Word(std::string_view name,
                                       std::span<const std::string_view> words,
                                       size_t otherwise) const {
  if (!Has(name)) return otherwise;
  const std::string_view text = TextOf(value(name));
  for (size_t i = 0; i < words.size(); ++i) {
    if (EqualsIgnoreCase(text, words[i])) return i;
  }
  std::string forms;
  for (size_t i = 0; i < words.size(); ++i) {
    forms += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    forms += words[i];
  }
  return Wrong(name, value(name), forms);
}

Result<std::optional<std::string>> FunctionArguments::Text(std::string_view name) const {
  if (!Has(name)) return std::optional<std::string>();
  return std::optional<std::string>(TextOf(value(name)));
}

}  // namespace xtdb
