#include "shell/export/json_formatter.h"

#include <cmath>

#include "shell/terminal/human_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

void PutReal(double value, TextBuffer& out) {
  if (std::isfinite(value)) {
    out.PutReal(value);
  } else if (std::isnan(value)) {
    out.Put("\"NaN\"");
  } else {
    out.Put(value < 0 ? "\"-Infinity\"" : "\"Infinity\"");
  }
}

void PutValue(const PointColumns& columns, size_t row, TextBuffer& out) {
  if ((columns.flags[row] & kPointNull) != 0 || columns.type == ValueType::kNone) {
    out.Put("null");
    return;
  }
  switch (columns.type) {
    case ValueType::kText:
      out.Put(JsonText(columns.TextAt(row)));
      return;
    case ValueType::kBool:
      out.Put(AsInt64(columns.bits[row]) != 0 ? "true" : "false");
      return;
    case ValueType::kFloat32:
      PutReal(AsFloat(columns.bits[row]), out);
      return;
    case ValueType::kFloat64:
      PutReal(AsDouble(columns.bits[row]), out);
      return;
    default:
      out.PutInteger(AsInt64(columns.bits[row]));
  }
}

}  // namespace

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
    PutValue(columns, row, out);
    out.Put(",\"quality\":");
    out.PutInteger(columns.quality[row]);
    out.Put("}\n");
  }
  return 0;
}

}  // namespace xtdb
