#include "shell/commands/tag_table.h"

#include <fmt/format.h>

#include <cmath>

#include "shell/terminal/human_text.h"
#include "shell/terminal/text_table.h"
#include "vtab/text/one_line.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

constexpr size_t kValueCharactersMax = 32;

std::string RealJson(double value) {
  if (std::isnan(value)) return std::signbit(value) ? "\"-NaN\"" : "\"NaN\"";
  if (std::isinf(value)) return value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  return fmt::format("{}", value);
}

std::string ValueJson(const FoundPoint& found) {
  if ((found.point.flags & kPointNull) != 0) return "null";
  switch (found.type) {
    case ValueType::kNone:
      return "null";
    case ValueType::kBool:
      return AsInt64(found.point.bits) != 0 ? "true" : "false";
    case ValueType::kFloat32:
      return RealJson(AsFloat(found.point.bits));
    case ValueType::kFloat64:
      return RealJson(AsDouble(found.point.bits));
    case ValueType::kText:
      return JsonText(found.point.text);
    default:
      return std::to_string(AsInt64(found.point.bits));
  }
}

std::string TypeJson(ValueType type) {
  return type == ValueType::kNone ? "null" : JsonText(ValueTypeName(type));
}

const char* StepJson(Interpolation interpolation) {
  if (interpolation == Interpolation::kUnset) return "null";
  return interpolation == Interpolation::kStepped ? "true" : "false";
}

}  // namespace

std::string TagTableText(const std::vector<TagReport>& tags) {
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{"tag"},
                   {"type"},
                   {"unit"},
                   {"points", kRight},
                   {"first"},
                   {"last"},
                   {"last value", kRight},
                   {"bytes/point", kRight}});
  for (const TagReport& tag : tags) {
    const TagSummary& summary = tag.summary;
    const bool empty = summary.points == 0;
    table.AddRow({tag.tag->name, std::string(ValueTypeName(tag.tag->type)), tag.tag->unit,
                  CountText(summary.points), empty ? "-" : FormatTime(summary.first_ts_us),
                  empty ? "-" : FormatTime(summary.last_ts_us),
                  OneLine(ValueText(summary.last), kValueCharactersMax),
                  RatioText(summary.block_bytes, summary.points)});
  }
  return table.ToString();
}

std::string TagJson(const TagReport& report) {
  const TagDefinition& tag = *report.tag;
  const TagSummary& summary = report.summary;
  std::string json = fmt::format(
      "{{\"tag\": {}, \"tag_id\": {}, \"type\": {}, \"unit\": {}, \"description\": {}, \"step\": "
      "{}, \"points\": {}, \"bytes\": {}",
      JsonText(tag.name), tag.id, TypeJson(tag.type), JsonText(tag.unit), JsonText(tag.description),
      StepJson(tag.interpolation), summary.points, summary.block_bytes);
  if (summary.points > 0 && summary.last) {
    json +=
        fmt::format(", \"first_ts\": {}, \"last_ts\": {}, \"last_value\": {}, \"last_quality\": {}",
                    summary.first_ts_us, summary.last_ts_us, ValueJson(*summary.last),
                    int{summary.last->point.quality});
  }
  return json + "}";
}

}  // namespace xtdb
