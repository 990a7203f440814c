#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/transaction/value.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

class Table;

// The columns of a new row as SQLite hands them to xUpdate, read by their names' rules. Everything
// that does not fit is kTypeMismatch, which OR IGNORE does not swallow, with the offending value.

// Nothing for NULL; a number is its text.
Result<std::optional<std::string_view>> ReadTag(sqlite3_value* value);
Result<std::optional<int64_t>> ReadTagId(sqlite3_value* value);  // 1 .. 2^32 - 1
// A time text; `now` is the statement's.
Result<std::optional<int64_t>> ReadTime(Table& table, sqlite3_value* value);
// Microseconds, also as text, or a time text.
Result<std::optional<int64_t>> ReadTs(Table& table, sqlite3_value* value);
// NULL and '' are good.
Result<Quality> ReadQuality(sqlite3_value* value);
// A text that is wholly a number is that number unless the tag is text. The text of the result
// points into `value`. What the tag's type cannot hold is said when it is written.
Result<Value> ReadValue(sqlite3_value* value, ValueType type, std::string_view tag);

}  // namespace xtdb
