#include "vtab/json/json_columns.h"

#include <algorithm>
#include <array>

#include "vtab/csv/csv_column_names.h"

namespace xtdb {
namespace {

// Names as `status` are texts of another meaning in many a log.
constexpr std::array<std::string_view, 1> kJsonQualityNames = {"quality"};

}  // namespace

bool JsonColumns::AreTheSame(const std::vector<JsonField>& fields) const {
  return std::equal(
      fields.begin(), fields.end(), keys_.begin(), keys_.end(),
      [](const JsonField& field, const std::string& key) { return field.key == key; });
}

bool JsonColumns::IsTaken(size_t column) const {
  return time_ == column || tag_ == column || value_ == column || quality_ == column;
}

JsonColumns::Column JsonColumns::Named(const std::string& stated,
                                       std::span<const std::string_view> usual) const {
  Column best;
  size_t best_rank = usual.size();
  for (size_t column = 0; column < keys_.size(); ++column) {
    if (!stated.empty() && keys_[column] == stated) return column;
    const size_t rank =
        stated.empty() ? Rank(usual, SplitColumnName(keys_[column]).name) : usual.size();
    if (rank >= best_rank || IsTaken(column)) continue;
    best = column;
    best_rank = rank;
  }
  return best;
}

// As DetectCsvSchema has it: beside other fields `value` is one tag of several, unless there is
// something that says whose value it is.
bool JsonColumns::IsWide() const {
  if (options_.layout) return *options_.layout == CsvLayout::kWide;
  if (!value_) return true;
  if (tag_ || !options_.tag.empty() || !options_.value_column.empty()) return false;
  for (size_t column = 0; column < keys_.size(); ++column) {
    if (!IsTaken(column)) return true;
  }
  return false;
}

void JsonColumns::FindAnew(const std::vector<JsonField>& fields) {
  keys_.clear();
  for (const JsonField& field : fields) keys_.emplace_back(field.key);
  time_ = tag_ = value_ = quality_ = std::nullopt;
  wide_.clear();
  time_ = Named(options_.time_column, kTimeNames);
  time_unit_ = time_ ? SplitColumnName(keys_[*time_]).unit : std::nullopt;
  tag_ = Named(options_.tag_column,
               options_.tag.empty() ? std::span(kTagNames) : std::span<const std::string_view>());
  value_ = Named(options_.value_column, kValueNames);
  quality_ = Named(options_.quality_column, kJsonQualityNames);
  if (!IsWide()) return;
  value_.reset();
  if (options_.quality_column.empty() && !tag_) quality_.reset();
  for (size_t column = 0; column < keys_.size(); ++column) {
    if (!IsTaken(column)) wide_.push_back(column);
  }
}

}  // namespace xtdb
