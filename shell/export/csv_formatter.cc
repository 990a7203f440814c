#include "shell/export/csv_formatter.h"

#include <cmath>
#include <string_view>

#include "shell/export/visit_value.h"
#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// What an import would not read as it stands.
bool NeedsQuotes(std::string_view text) {
  return text.empty() || text.find_first_of(std::string_view(",\"\n\r", 4)) != text.npos ||
         IsBlank(text.front()) || IsBlank(text.back());
}

void PutField(std::string_view text, TextBuffer& out) {
  if (!NeedsQuotes(text)) {
    out.Put(text);
    return;
  }
  out.Put('"');
  for (const char c : text) {
    if (c == '"') out.Put('"');
    out.Put(c);
  }
  out.Put('"');
}

struct CsvValue {
  TextBuffer& out;

  void Null() const {}
  void Text(std::string_view text) const { PutField(text, out); }
  void Bool(bool value) const { out.PutInteger(value ? 1 : 0); }
  void Integer(int64_t value) const { out.PutInteger(value); }
  // A float32, too, as a double: import takes nothing for a float32 that is none exactly.
  void Real(double value) const {
    if (std::isfinite(value)) {
      out.PutReal(value);
    } else if (std::isnan(value)) {
      out.Put(std::signbit(value) ? "-NaN" : "NaN");
    } else {
      out.Put(value < 0 ? "-Infinity" : "Infinity");
    }
  }
};

void PutOptional(std::string_view text, TextBuffer& out) {
  out.Put(',');
  if (!text.empty()) PutField(text, out);
}

void PutDefinition(const TagDefinition& tag, TextBuffer& out) {
  out.Put("#tag,");
  PutField(tag.name, out);
  PutOptional(tag.type == ValueType::kNone ? "" : ValueTypeName(tag.type), out);
  PutOptional(tag.unit, out);
  PutOptional(tag.description, out);
  PutOptional(tag.interpolation == Interpolation::kUnset     ? ""
              : tag.interpolation == Interpolation::kStepped ? "1"
                                                             : "0",
              out);
  out.Put('\n');
}

}  // namespace

Status CsvFormatter::Begin(const std::vector<TagPtr>& tags, TextBuffer& out) {
  if (definitions_) {
    for (const TagPtr& tag : tags) PutDefinition(*tag, out);
  }
  out.Put("tag,time,value,quality\n");
  return {};
}

void CsvFormatter::BeginTag(const TagDefinition& tag) {
  TextBuffer field;
  PutField(tag.name, field);
  prefix_ = field.text();
  prefix_ += ',';
}

uint64_t CsvFormatter::Append(const PointColumns& columns, size_t begin, size_t end,
                              TextBuffer& out) {
  for (size_t row = begin; row < end; ++row) {
    out.Put(prefix_);
    out.Advance(FormatTime(columns.ts_us[row], out.Room(kTimeTextBytesMax)));
    out.Put(',');
    VisitValue(columns, row, CsvValue{out});
    out.Put(',');
    out.PutInteger(columns.quality[row]);
    out.Put('\n');
  }
  return 0;
}

}  // namespace xtdb
