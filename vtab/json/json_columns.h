#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"
#include "vtab/csv/csv_schema.h"
#include "vtab/json/json_record.h"

namespace xtdb {

// What the fields of an object mean, by their place in it: as columns of CSV by the names that
// CsvOptions states or that are usual (csv_column_names.h), but the quality only as `quality`.
//
// Threads: one at a time.
class JsonColumns {
 public:
  // Of the options layout, the columns' names and tag count; they must outlive it.
  explicit JsonColumns(const CsvOptions& options) : options_(options) {}

  // Objects that follow each other have the same fields, as a rule: then it costs comparing names.
  void Find(const std::vector<JsonField>& fields) {
    if (!AreTheSame(fields)) FindAnew(fields);
  }

  std::optional<size_t> time_column() const { return time_; }
  std::optional<CsvTimeFormat> time_unit() const { return time_unit_; }  // that its name tells
  std::optional<size_t> tag_column() const { return tag_; }
  std::optional<size_t> value_column() const { return value_; }
  std::optional<size_t> quality_column() const { return quality_; }
  // Of a wide object: the fields that are points.
  const std::vector<size_t>& wide_columns() const { return wide_; }

 private:
  using Column = std::optional<size_t>;

  bool AreTheSame(const std::vector<JsonField>& fields) const;
  void FindAnew(const std::vector<JsonField>& fields);
  Column Named(const std::string& stated, std::span<const std::string_view> usual) const;
  bool IsTaken(size_t column) const;
  bool IsWide() const;

  const CsvOptions& options_;
  std::vector<std::string> keys_;  // that were found
  Column time_;
  std::optional<CsvTimeFormat> time_unit_;
  Column tag_;
  Column value_;
  Column quality_;
  std::vector<size_t> wide_;
};

}  // namespace xtdb
