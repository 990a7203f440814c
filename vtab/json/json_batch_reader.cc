#include "vtab/json/json_batch_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "vtab/csv/csv_definitions.h"
#include "vtab/csv/fast_fields.h"
#include "vtab/csv/point_parser.h"
#include "vtab/text/number_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr size_t kSampleTimes = 200;

CsvNumber NumberOf(std::string_view text) {
  CsvNumber number;
  if (!ReadPlainNumber(text.data(), text.size(), '.', number)) {
    const Number general = ParseWholeNumber(text).value_or(Number());
    const bool is_integer = general.is_integer && text.find_first_of(".eE") == text.npos;
    number.type = is_integer ? ValueType::kInt64 : ValueType::kFloat64;
    number.bits = is_integer ? FromInt64(general.integer) : FromDouble(general.AsReal());
  }
  // An integer has no sign of zero.
  const bool is_zero =
      number.type == ValueType::kInt64 ? number.bits == 0 : AsDouble(number.bits) == 0;
  if (is_zero && text[0] == '-') return {ValueType::kFloat64, FromDouble(-0.0)};
  return number;
}

// What JSON has no numbers for, as `xtdb export` writes it.
std::optional<double> NumberOfWord(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  if (text == "NaN") return kNaN;
  if (text == "-NaN") return -kNaN;
  if (text == "Infinity") return kInfinity;
  if (text == "-Infinity") return -kInfinity;
  return std::nullopt;
}

Status NoScalar(const JsonField& field, std::string_view forms) {
  const std::string_view what = field.kind == JsonKind::kNested ? "an object or an array"
                                : field.kind == JsonKind::kNull ? "null"
                                                                : field.text;
  return Status::InvalidArgument("field " + QuoteForMessage(field.key) + " is " +
                                 std::string(what) + "; write " + std::string(forms));
}

bool IsNumberOrText(const JsonField& field) {
  return field.kind == JsonKind::kNumber || field.kind == JsonKind::kText;
}

bool IsUnit(CsvTimeFormat format) {
  return format != CsvTimeFormat::kIso && format != CsvTimeFormat::kDayFirst &&
         format != CsvTimeFormat::kMonthFirst;
}

// What is stated counts for times of its kind: a unit for numbers, other formats for dates.
CsvTimeFormat FormatOf(const std::vector<std::string>& times,
                       const std::optional<CsvTimeFormat>& stated, CsvTimeFormat usual) {
  const std::vector<std::string_view> texts(times.begin(), times.end());
  const Result<CsvTimeFormat> told = DetectCsvTimeFormat(texts);
  const CsvTimeFormat format = told.ok() ? told.value() : usual;
  return stated && IsUnit(*stated) == IsUnit(format) ? *stated : format;
}

Status NoTime() {
  return Status::InvalidArgument(
      "the object has no time, or its field has another name: state it as the time column");
}

Status NoValue() {
  return Status::InvalidArgument(
      "the object has no value, or its field has another name: state it as the value column");
}

Status CheckIsValue(const JsonField& field) {
  if (field.kind != JsonKind::kNested) return {};
  return NoScalar(field, "a number, a text, true, false or null");
}

}  // namespace

bool LooksLikeJson(std::string_view sample) {
  const size_t at = sample.find_first_not_of(" \t\r\n");
  return at != sample.npos && (sample[at] == '{' || sample[at] == '[');
}

JsonTimeFormats DetectJsonTimeFormats(std::string_view sample, const CsvOptions& options) {
  JsonRecord record;
  JsonColumns columns(options);
  std::vector<std::string> texts, numbers;
  while (!sample.empty() && texts.size() + numbers.size() < kSampleTimes) {
    const size_t end = std::min(sample.find('\n'), sample.size());
    // The sample's last line may be cut.
    const bool is_object = record.Parse(WithoutReturn(sample.substr(0, end))).ok();
    sample.remove_prefix(std::min(end + 1, sample.size()));
    if (!is_object) continue;
    columns.Find(record.fields());
    if (!columns.time_column()) continue;
    const JsonField& time = record.fields()[*columns.time_column()];
    if (time.kind == JsonKind::kText) texts.emplace_back(time.text);
    if (time.kind == JsonKind::kNumber) numbers.emplace_back(time.text);
  }
  JsonTimeFormats formats;
  formats.texts = FormatOf(texts, options.time_format, formats.texts);
  formats.numbers = FormatOf(numbers, options.time_format, formats.numbers);
  return formats;
}

JsonBatchReader::JsonBatchReader(CsvReader& reader, CsvTagTable& tags, JsonOptions json,
                                 const CsvBatchOptions& options)
    : TextBatchReader(reader, tags, options),
      json_(std::move(json)),
      text_times_(json_.times.texts, options.now_us, json_.columns.time_zone.get()),
      number_times_(json_.times.numbers, options.now_us),
      columns_(json_.columns) {}

bool JsonBatchReader::IsSkipped(std::string_view line) const { return TrimBlanks(line).empty(); }

Status JsonBatchReader::TakeLine(std::string_view line, CsvBatch& batch) {
  XTDB_RETURN_IF_ERROR(record_.Parse(line));
  columns_.Find(record_.fields());
  if (!columns_.time_column() && columns_.tag_column()) return TakeDefinition(batch);
  CsvBatchPoint point;
  XTDB_ASSIGN_OR_RETURN(point.ts_us, ParseTime());
  XTDB_ASSIGN_OR_RETURN(point.quality, ParseQuality());
  return columns_.value_column() ? TakePoint(point, batch) : TakeWide(point, batch);
}

Status JsonBatchReader::TakeDefinition(CsvBatch& batch) {
  DefinitionTexts texts;
  XTDB_ASSIGN_OR_RETURN(texts.name, ParseTag());
  bool says = false;
  for (const JsonField& field : record_.fields()) {
    std::string_view* const text = field.key == "type"          ? &texts.type
                                   : field.key == "unit"        ? &texts.unit
                                   : field.key == "description" ? &texts.description
                                   : field.key == "step"        ? &texts.step
                                                                : nullptr;
    if (text == nullptr) continue;
    XTDB_RETURN_IF_ERROR(CheckIsValue(field));
    *text = field.text;
    says = true;
  }
  if (!says) return NoTime();
  XTDB_ASSIGN_OR_RETURN(CsvTagDefinition definition, ParseTagDefinition(texts));
  definition.line = line_number();
  batch.definitions.push_back(std::move(definition));
  return {};
}

Result<int64_t> JsonBatchReader::ParseTime() {
  if (!columns_.time_column()) return NoTime();
  const JsonField& time = field(*columns_.time_column());
  if (!IsNumberOrText(time)) return NoScalar(time, "a time");
  const bool is_number = time.kind == JsonKind::kNumber;
  const std::optional<CsvTimeFormat> unit = is_number ? columns_.time_unit() : std::nullopt;
  int64_t ts_us = 0;
  if (!unit && (is_number ? number_times_ : text_times_).Parse(time.text, ts_us)) return ts_us;
  const CsvTimeFormat format = unit ? *unit : is_number ? json_.times.numbers : json_.times.texts;
  return ParseCsvTime(time.text, format, options().now_us, json_.columns.time_zone.get());
}

Result<Quality> JsonBatchReader::ParseQuality() const {
  if (!columns_.quality_column()) return options().quality;
  const JsonField& quality = field(*columns_.quality_column());
  if (quality.kind == JsonKind::kNull) return options().quality;
  if (!IsNumberOrText(quality)) return NoScalar(quality, "0 to 255, good, uncertain or bad");
  return ParseCsvQuality(quality.text);
}

Result<std::string_view> JsonBatchReader::ParseTag() const {
  const JsonField& tag = field(*columns_.tag_column());
  if (!IsNumberOrText(tag)) return NoScalar(tag, "the name of a tag");
  if (tag.text.empty()) return Status::InvalidArgument("the tag is empty");
  return tag.text;
}

Status JsonBatchReader::TakePoint(CsvBatchPoint point, CsvBatch& batch) {
  const JsonField& value = field(*columns_.value_column());
  XTDB_RETURN_IF_ERROR(CheckIsValue(value));
  std::string_view tag = json_.columns.tag;
  if (columns_.tag_column()) {
    XTDB_ASSIGN_OR_RETURN(tag, ParseTag());
  } else if (tag.empty()) {
    tag = json_.file_tag.empty() ? value.key : std::string_view(json_.file_tag);
  }
  point.tag = tags().Number(tag);
  AddPoint(point, value, batch);
  return {};
}

Status JsonBatchReader::TakeWide(CsvBatchPoint point, CsvBatch& batch) {
  for (const size_t column : columns_.wide_columns()) {
    XTDB_RETURN_IF_ERROR(CheckIsValue(field(column)));
    if (field(column).key.empty()) return Status::InvalidArgument("a field has no name");
  }
  std::string_view series;
  if (columns_.tag_column()) {
    XTDB_ASSIGN_OR_RETURN(series, ParseTag());
  }
  if (columns_.wide_columns().empty()) return NoValue();
  for (const size_t column : columns_.wide_columns()) {
    const JsonField& value = field(column);
    if (value.kind == JsonKind::kNull) continue;
    name_ = series;
    if (!series.empty()) name_ += '.';
    name_ += value.key;
    point.tag = tags().Number(name_);
    AddPoint(point, value, batch);
  }
  return {};
}

void JsonBatchReader::AddPoint(CsvBatchPoint point, const JsonField& value, CsvBatch& batch) {
  switch (value.kind) {
    case JsonKind::kNull:
    case JsonKind::kNested:
      point.type = ValueType::kNone;
      break;
    case JsonKind::kBool:
      DefineBool(point.tag, batch);
      point.type = ValueType::kInt64;
      point.bits = FromInt64(value.text == "true" ? 1 : 0);
      break;
    case JsonKind::kNumber: {
      const CsvNumber number = NumberOf(value.text);
      point.type = number.type;
      point.bits = number.bits;
      break;
    }
    case JsonKind::kText: {
      const std::optional<double> number = NumberOfWord(value.text);
      point.type = number ? ValueType::kFloat64 : ValueType::kText;
      if (number) point.bits = FromDouble(*number);
      break;
    }
  }
  batch.AddPoint(point, value.text);
}

// What is new and comes as a bool, is one.
void JsonBatchReader::DefineBool(uint32_t tag, CsvBatch& batch) {
  is_bool_.resize(std::max<size_t>(is_bool_.size(), tag + 1));
  if (is_bool_[tag]) return;
  is_bool_[tag] = true;
  CsvTagDefinition definition;
  definition.line = line_number();
  definition.only_if_new = true;
  definition.name = tags().name(tag);
  definition.type = ValueType::kBool;
  batch.definitions.push_back(std::move(definition));
}

}  // namespace xtdb
