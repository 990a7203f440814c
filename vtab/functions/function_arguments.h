#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "vtab/sqlite_api.h"
#include "vtab/text/interval_text.h"

namespace xtdb {

inline constexpr size_t kFunctionArgumentsMax = 12;

struct FreeValue {
  void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
};
using OwnedValue = std::unique_ptr<sqlite3_value, FreeValue>;

// What a call of a table-valued function was given: `tbl`, `tags`, `start` ... NULL stands for what
// was left out, but in `tbl` and `tags`, which then name nothing.
//
// Threads: one connection's.
class FunctionArguments {
 public:
  // names: of the function, they live for ever
  explicit FunctionArguments(std::span<const char* const> names) : names_(names) {}

  void Set(size_t argument, sqlite3_value* value);  // copied
  // The same, of a text.
  Status SetText(sqlite3* db, std::string_view name, const std::string& text);
  // Null if it was not given.
  sqlite3_value* value(size_t argument) const { return values_[argument].get(); }
  sqlite3_value* value(std::string_view name) const;
  bool Has(std::string_view name) const;  // given, and not NULL
  // Makes rowids of different calls differ: SQLite merges the branches of an OR by rowid.
  uint64_t Hash() const;

  // Nothing if it was not given. kInvalidArgument names the argument and shows its forms.
  // A time text, or microseconds as an integer; those outside of what can be stored are its ends.
  Result<std::optional<int64_t>> Time(std::string_view name, int64_t now_us) const;
  Result<std::optional<Interval>> Span(std::string_view name) const;
  Result<std::optional<int64_t>> Integer(std::string_view name) const;
  // The place in `words` of the one that is given; `otherwise` if none is.
  Result<size_t> Word(std::string_view name, std::span<const std::string_view> words,
                      size_t otherwise) const;
  Result<std::optional<std::string>> Text(std::string_view name) const;

 private:
  const std::span<const char* const> names_;
  std::array<OwnedValue, kFunctionArgumentsMax> values_;
};

}  // namespace xtdb
