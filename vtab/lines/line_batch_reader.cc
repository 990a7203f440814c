#include "vtab/lines/line_batch_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "vtab/csv/fast_fields.h"
#include "vtab/csv/point_parser.h"
#include "vtab/csv/structural_index.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr std::string_view kPlainField = "value";

// The statement is what influx_inspect's export has in front of the points.
bool IsNoRecord(std::string_view line) {
  const std::string_view text = TrimBlanks(line);
  return text.empty() || text[0] == '#' || text.starts_with("CREATE DATABASE ");
}

// Hands out the whole lines of a sample that are records.
bool TakeSampleLine(std::string_view& sample, std::string_view& line) {
  while (!sample.empty()) {
    const size_t end = std::min(FindLineEnd(sample), sample.size());
    line = WithoutReturn(sample.substr(0, end));
    sample.remove_prefix(std::min(end + 1, sample.size()));
    if (!IsNoRecord(line)) return true;
  }
  return false;
}

Status NotAValue(std::string_view value) {
  return Status::InvalidArgument("not a value: " + QuoteForMessage(value) +
                                 "; write 1.5, 42i, true, or a text in \"quotes\"");
}

bool IsTrue(std::string_view value) {
  return value == "t" || value == "T" || value == "true" || value == "True" || value == "TRUE";
}

bool IsFalse(std::string_view value) {
  return value == "f" || value == "F" || value == "false" || value == "False" || value == "FALSE";
}

}  // namespace

bool LooksLikeLines(std::string_view sample) {
  std::string_view line;
  LineRecord record;
  if (!TakeSampleLine(sample, line) || !CutLine(line, record).ok()) return false;
  return SeriesName(record.series).ok();
}

CsvTimeFormat DetectLineUnit(std::string_view sample) {
  std::vector<std::string_view> times;
  std::string_view line;
  LineRecord record;
  while (TakeSampleLine(sample, line)) {
    // The sample's last line may be cut.
    if (!sample.empty() || times.empty()) {
      if (CutLine(line, record).ok() && !record.time.empty()) times.push_back(record.time);
    }
  }
  const Result<CsvTimeFormat> unit = DetectCsvTimeFormat(times);
  const bool is_number = unit.ok() && unit.value() != CsvTimeFormat::kIso &&
                         unit.value() != CsvTimeFormat::kDayFirst &&
                         unit.value() != CsvTimeFormat::kMonthFirst;
  return is_number ? unit.value() : CsvTimeFormat::kNanoseconds;
}

LineBatchReader::LineBatchReader(CsvReader& reader, CsvTagTable& tags, LineOptions lines,
                                 const CsvBatchOptions& options)
    : TextBatchReader(reader, tags, options),
      lines_(std::move(lines)),
      times_(lines_.unit, options.now_us) {}

bool LineBatchReader::IsSkipped(std::string_view line) const { return IsNoRecord(line); }

Result<LineBatchReader::Series*> LineBatchReader::FindSeries(std::string_view text) {
  if (last_series_ != nullptr && last_text_ == text) return last_series_;
  auto found = series_.find(text);
  if (found == series_.end()) {
    XTDB_ASSIGN_OR_RETURN(std::string name, SeriesName(text));
    found = series_.emplace(std::string(text), Series{std::move(name), {}, 0}).first;
  }
  last_text_ = found->first;
  last_series_ = &found->second;
  return last_series_;
}

LineBatchReader::Field& LineBatchReader::FindField(Series& series, std::string_view key) {
  for (size_t i = 0; i < series.fields.size(); ++i) {
    const size_t at = (series.next + i) % series.fields.size();
    if (series.fields[at].key != key) continue;
    series.next = at + 1;
    return series.fields[at];
  }
  const std::string name = UnescapeName(key);
  const std::string tag = name == kPlainField ? series.name : series.name + '.' + name;
  series.fields.push_back({std::string(key), tags().Number(tag), false});
  series.next = 0;
  return series.fields.back();
}

// text: what a text tag takes; valid until the next call.
Result<CsvBatchPoint> LineBatchReader::ParseValue(std::string_view value, std::string_view& text) {
  CsvBatchPoint point;
  text = value;
  if (value[0] == '"') {
    UnescapeText(value, text_);
    const size_t size = text_.size();
    text_.resize(size + kCsvSlackBytes);
    text = std::string_view(text_).substr(0, size);
    point.type = ValueType::kText;
    return point;
  }
  if (IsTrue(value) || IsFalse(value)) {
    point.type = ValueType::kInt64;
    point.bits = FromInt64(IsTrue(value) ? 1 : 0);
    return point;
  }
  if (value.ends_with('i') || value.ends_with('u')) {
    int64_t integer = 0;
    const char* const end = value.data() + value.size() - 1;
    const auto [next, error] = std::from_chars(value.data(), end, integer);
    if (error != std::errc() || next != end) return NotAValue(value);
    text.remove_suffix(1);
    point.type = ValueType::kInt64;
    point.bits = FromInt64(integer);
    return point;
  }
  CsvNumber number;
  point.type = ValueType::kFloat64;
  if (ReadPlainNumber(value.data(), value.size(), '.', number)) {
    point.bits = number.type == ValueType::kInt64
                     ? FromDouble(static_cast<double>(AsInt64(number.bits)))
                     : number.bits;
    // An integer has no sign of zero.
    if (point.bits == 0 && value[0] == '-') point.bits = FromDouble(-0.0);
    return point;
  }
  double real = 0;
  const char* const end = value.data() + value.size();
  const auto [next, error] = std::from_chars(value.data() + (value[0] == '+' ? 1 : 0), end, real);
  if (error != std::errc() || next != end) return NotAValue(value);
  point.bits = FromDouble(real);
  return point;
}

// Takes the field of the quality from the record, if it is the last of several.
Result<Quality> LineBatchReader::TakeQuality() {
  const bool has_one = record_.fields.size() > 1 && !lines_.quality_field.empty() &&
                       UnescapeName(record_.fields.back().key) == lines_.quality_field;
  if (!has_one) return options().quality;
  std::string_view value = record_.fields.back().value;
  if (value.ends_with('i') || value.ends_with('u')) value.remove_suffix(1);
  record_.fields.pop_back();
  return ParseCsvQuality(value);
}

// All of the line or, on an error, nothing.
Status LineBatchReader::TakeLine(std::string_view line, CsvBatch& batch) {
  XTDB_RETURN_IF_ERROR(CutLine(line, record_));
  if (record_.time.empty()) {
    return Status::InvalidArgument("the line has no time; write one behind its fields");
  }
  int64_t ts_us = 0;
  if (!times_.Parse(record_.time, ts_us)) {
    XTDB_ASSIGN_OR_RETURN(ts_us, ParseCsvTime(record_.time, lines_.unit, options().now_us));
  }
  XTDB_ASSIGN_OR_RETURN(const Quality quality, TakeQuality());
  XTDB_ASSIGN_OR_RETURN(Series* const series, FindSeries(record_.series));
  // First all values, then all points.
  std::string_view text;
  for (const LineField& field : record_.fields) {
    XTDB_RETURN_IF_ERROR(ParseValue(field.value, text).status());
  }
  for (const LineField& field : record_.fields) {
    XTDB_ASSIGN_OR_RETURN(CsvBatchPoint point, ParseValue(field.value, text));
    Field& known = FindField(*series, field.key);
    if (!known.is_bool && (IsTrue(field.value) || IsFalse(field.value))) {
      known.is_bool = true;
      CsvTagDefinition definition;
      definition.line = line_number();
      definition.only_if_new = true;
      definition.name = tags().name(known.tag);
      definition.type = ValueType::kBool;
      batch.definitions.push_back(std::move(definition));
    }
    point.ts_us = ts_us;
    point.tag = known.tag;
    point.quality = quality;
    batch.AddPoint(point, text);
  }
  return {};
}

}  // namespace xtdb
