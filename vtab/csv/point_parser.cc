#include "vtab/csv/point_parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr size_t kNumberBytesMax = 64;  // of a number with a decimal comma

Status AtLine(const CsvRecord& record, const Status& status) {
  return status.WithContext("line " + std::to_string(record.line));
}

// NaN, Inf, Infinity, as programs print them; with a sign or not.
std::optional<double> NumberOfWord(std::string_view text) {
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  double number = 0;
  if (EqualsIgnoreCase(text, "nan")) {
    number = std::numeric_limits<double>::quiet_NaN();
  } else if (EqualsIgnoreCase(text, "inf") || EqualsIgnoreCase(text, "infinity")) {
    number = std::numeric_limits<double>::infinity();
  } else {
    return std::nullopt;
  }
  return negative ? -number : number;
}

}  // namespace

Result<Quality> ParseCsvQuality(std::string_view field) {
  const std::string_view text = TrimBlanks(field);
  if (text.empty() || EqualsIgnoreCase(text, "good")) return kQualityGood;
  if (EqualsIgnoreCase(text, "uncertain")) return kQualityUncertain;
  if (EqualsIgnoreCase(text, "bad")) return kQualityBad;
  const std::optional<Number> number = ParseWholeNumber(text);
  if (number && number->is_integer && number->integer >= 0 && number->integer <= 255) {
    return static_cast<Quality>(number->integer);
  }
  return Status::InvalidArgument("not a quality: " + QuoteForMessage(field) +
                                 "; write 0 to 255, good, uncertain or bad");
}

PointParser::PointParser(CsvSchema schema, int64_t now_us)
    : schema_(std::move(schema)), now_us_(now_us) {}

Status PointParser::Parse(const CsvRecord& record, std::vector<CsvPoint>& points) {
  points.clear();
  const Status status = ParseFields(record, points);
  if (status.ok()) return status;
  points.clear();
  return AtLine(record, status);
}

Status PointParser::ParseFields(const CsvRecord& record, std::vector<CsvPoint>& points) {
  const size_t count = record.fields.size();
  // Spreadsheets leave separators at the end of a line.
  const bool surplus =
      count > schema_.column_count &&
      std::any_of(record.fields.begin() + static_cast<std::ptrdiff_t>(schema_.column_count),
                  record.fields.end(), [](std::string_view field) { return !field.empty(); });
  if (count < schema_.column_count || surplus) {
    return Status::InvalidArgument(std::to_string(schema_.column_count) + " fields expected, " +
                                   std::to_string(count) + " found");
  }
  CsvPoint point;
  XTDB_ASSIGN_OR_RETURN(point.point.ts_us,
                        ParseCsvTime(record.fields[schema_.time_column], schema_.time_format,
                                     now_us_, schema_.time_zone.get()));
  if (schema_.layout == CsvLayout::kWide) {
    for (const CsvTagColumn& column : schema_.tag_columns) {
      const std::string_view field = record.fields[column.column];
      if (TrimBlanks(field).empty()) continue;
      point.tag = column.tag;
      ParseValue(field, record.quoted[column.column] != 0, point);
      points.push_back(point);
    }
    return Status();
  }
  point.tag = schema_.tag;
  if (schema_.tag_column) {
    const std::string_view tag = record.fields[*schema_.tag_column];
    point.tag = record.quoted[*schema_.tag_column] != 0 ? tag : TrimBlanks(tag);
    if (point.tag.empty()) return Status::InvalidArgument("the tag is empty");
  }
  if (schema_.quality_column) {
    XTDB_ASSIGN_OR_RETURN(point.point.quality,
                          ParseCsvQuality(record.fields[*schema_.quality_column]));
  }
  ParseValue(record.fields[schema_.value_column], record.quoted[schema_.value_column] != 0, point);
  points.push_back(point);
  return Status();
}

void PointParser::ParseValue(std::string_view field, bool quoted, CsvPoint& point) const {
  point.point.text = field;
  point.point.flags = 0;
  point.point.bits = 0;
  const std::string_view trimmed = TrimBlanks(field);
  if (trimmed.empty() && !quoted) {
    point.type = ValueType::kNone;
    point.point.flags = kPointNull;
    return;
  }
  std::string_view text = trimmed;
  std::array<char, kNumberBytesMax> with_point;
  if (schema_.decimal_comma && text.size() <= with_point.size()) {
    const size_t comma = text.find(',');
    if (comma != std::string_view::npos && text.find('.') == std::string_view::npos) {
      std::copy(text.begin(), text.end(), with_point.begin());
      with_point[comma] = '.';
      text = std::string_view(with_point.data(), text.size());
    }
  }
  const std::optional<Number> number = ParseWholeNumber(text);
  if (!number && !quoted && EqualsIgnoreCase(text, "null")) {
    point.type = ValueType::kNone;
    point.point.flags = kPointNull;
  } else if (!number) {
    const std::optional<double> word = quoted || text.empty() ? std::nullopt : NumberOfWord(text);
    point.type = word ? ValueType::kFloat64 : ValueType::kText;
    if (word) point.point.bits = FromDouble(*word);
  } else if (number->is_integer && text.find_first_of(".eE") == std::string_view::npos) {
    point.type = ValueType::kInt64;
    point.point.bits = FromInt64(number->integer);
  } else {
    // -0.0 is the integer 0 to SQL and another bit pattern to the store.
    const bool negative_zero = number->is_integer && number->integer == 0 && text[0] == '-';
    point.type = ValueType::kFloat64;
    point.point.bits = FromDouble(negative_zero ? -0.0 : number->AsReal());
  }
}

}  // namespace xtdb
