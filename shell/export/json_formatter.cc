#include "shell/export/json_formatter.h"

#include <cmath>

#include "shell/export/visit_value.h"
#include "shell/terminal/human_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

struct JsonValue {
  TextBuffer& out;

  void Null() const { out.Put("null"); }
  void Text(std::string_view text) const { out.Put(JsonText(text)); }
  void Bool(bool value) const { out.Put(value ? "true" : "false"); }
  void Integer(int64_t value) const { out.PutInteger(value); }
  void Real(double value) const {
    if (std::isfinite(value)) {
      out.PutReal(value);
    } else if (std::isnan(value)) {
      out.Put(std::signbit(value) ? "\"-NaN\"" : "\"NaN\"");
    } else {
      out.Put(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    }
  }
};

void PutMember(std::string_view name, std::string_view text, TextBuffer& out) {
  if (text.empty()) return;
  out.Put(",\"");
  out.Put(name);
  out.Put("\":");
  out.Put(JsonText(text));
}

void PutDefinition(const TagDefinition& tag, TextBuffer& out) {
  out.Put("{\"tag\":");
  out.Put(JsonText(tag.name));
  out.Put(",\"type\":");
  out.Put(tag.type == ValueType::kNone ? "null" : JsonText(ValueTypeName(tag.type)));
  PutMember("unit", tag.unit, out);
  PutMember("description", tag.description, out);
  if (tag.interpolation != Interpolation::kUnset) {
    out.Put(tag.interpolation == Interpolation::kStepped ? ",\"step\":true" : ",\"step\":false");
  }
  out.Put("}\n");
}

}  // namespace

Status JsonFormatter::Begin(const std::vector<TagPtr>& tags, TextBuffer& out) {
  if (!definitions_) return {};
  for (const TagPtr& tag : tags) PutDefinition(*tag, out);
  return {};
}

void JsonFormatter::BeginTag(const TagDefinition& tag) {
  prefix_ = "{\"tag\":" + JsonText(tag.name) + ",\"time\":\"";
}

uint64_t JsonFormatter::Append(const PointColumns& columns, size_t begin, size_t end,
                               TextBuffer& out) {
  constexpr size_t kDateBytes = 10;
  for (size_t row = begin; row < end; ++row) {
    out.Put(prefix_);
    char* const time = out.Room(kTimeTextBytesMax);
    out.Advance(FormatTime(columns.ts_us[row], time));
    time[kDateBytes] = 'T';
    out.Put("Z\",\"value\":");
    VisitValue(columns, row, JsonValue{out});
    out.Put(",\"quality\":");
    out.PutInteger(columns.quality[row]);
    out.Put("}\n");
  }
  return 0;
}

}  // namespace xtdb
