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

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kPlainField = "value";

std::string_view WithoutReturn(std::string_view line) {
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

bool IsNoRecord(std::string_view line) {
  const std::string_view text = TrimBlanks(line);
  return text.empty() || text[0] == '#';
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
    : reader_(reader),
      tags_(tags),
      lines_(std::move(lines)),
      options_(options),
      times_(lines_.unit, options.now_us),
      tags_told_(tags.size()),
      records_to_boundary_(options.records_to_boundary) {}

Result<bool> LineBatchReader::Next(CsvBatch& batch) {
  batch.Clear();
  if (!ended_) {
    failure_ = Fill(batch);
    ended_ = ended_ || !failure_.ok();
    for (; tags_told_ < tags_.size(); ++tags_told_) {
      batch.new_tags.emplace_back(tags_.name(tags_told_));
    }
    batch.bytes_consumed = reader_.bytes_consumed();
    batch.Group(tags_.size());
    if (options_.records_per_boundary != 0) {
      records_to_boundary_ -= batch.records().size();
      if (records_to_boundary_ == 0) records_to_boundary_ = options_.records_per_boundary;
    }
  }
  if (!batch.empty()) return true;
  if (!failure_.ok()) return failure_;
  return false;
}

bool LineBatchReader::IsFull(const CsvBatch& batch) const {
  return batch.IsLarge() ||
         (options_.records_per_boundary != 0 && batch.records().size() == records_to_boundary_);
}

// The next line, with how many bytes it takes; false: more has to be read, or nothing is left.
Result<bool> LineBatchReader::FindLine(std::string_view& line, size_t& bytes) {
  const CsvReader::Ahead ahead = reader_.ahead();
  size_t end = FindLineEnd(ahead.text);
  if (end == kNone && !ahead.whole) {
    if (ahead.text.size() <= CsvReader::kRecordBytesMax) return false;
    return Status::TooBig("line " + std::to_string(ahead.line) + " is longer than " +
                          std::to_string(CsvReader::kRecordBytesMax) + " bytes");
  }
  // Of a text that is not closed only the first line is bad.
  if (end == kNone) end = std::min(ahead.text.find('\n'), ahead.text.size());
  if (ahead.text.empty()) return false;
  line = WithoutReturn(ahead.text.substr(0, end));
  bytes = std::min(end + 1, ahead.text.size());
  return true;
}

Status LineBatchReader::Fill(CsvBatch& batch) {
  while (!ended_ && !IsFull(batch)) {
    std::string_view line;
    size_t bytes = 0;
    XTDB_ASSIGN_OR_RETURN(const bool found, FindLine(line, bytes));
    if (!found) {
      if (reader_.ahead().whole) {
        ended_ = true;
      } else if (!batch.empty()) {
        return {};
      } else {
        last_series_ = nullptr;  // its text moves
        XTDB_RETURN_IF_ERROR(reader_.ReadOn());
      }
      continue;
    }
    const uint64_t number = reader_.ahead().line;
    if (!IsNoRecord(line)) {
      const Status taken = TakeLine(line, batch).WithContext("line " + std::to_string(number));
      if (taken.ok()) {
        batch.EndRecord(number);
      } else {
        batch.AddBadRecord(taken);
        ended_ = options_.ends_at_bad_record;
      }
    }
    reader_.Consume(bytes, 1 + static_cast<uint64_t>(std::count(line.begin(), line.end(), '\n')));
  }
  return {};
}

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
  series.fields.push_back({std::string(key), tags_.Number(tag), false});
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
  if (!has_one) return options_.quality;
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
    XTDB_ASSIGN_OR_RETURN(ts_us, ParseCsvTime(record_.time, lines_.unit, options_.now_us));
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
      definition.line = reader_.ahead().line;
      definition.only_if_new = true;
      definition.name = tags_.name(known.tag);
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
