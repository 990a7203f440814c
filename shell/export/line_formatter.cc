#include "shell/export/line_formatter.h"

#include <cmath>
#include <string_view>

#include "shell/export/visit_value.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

struct LineName {
  std::string_view measurement;
  std::string_view field;
};

LineName Split(std::string_view name) {
  constexpr std::string_view kValue = "value";
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return {name, kValue};
  const std::string_view field = name.substr(dot + 1);
  return field == kValue ? LineName{name, kValue} : LineName{name.substr(0, dot), field};
}

std::string Escaped(std::string_view name, std::string_view special) {
  std::string out;
  for (const char c : name) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool CanBeSaid(const LineName& name) {
  for (const std::string_view part : {name.measurement, name.field}) {
    if (part.find_first_of("\n\r") != part.npos || part.ends_with('\\')) return false;
    for (const std::string_view pair : {"\\,", "\\ ", "\\="}) {
      if (part.find(pair) != part.npos) return false;
    }
  }
  return !name.measurement.starts_with('#');
}

// Each says whether line protocol has such a value; if not, nothing is written.
struct LineValue {
  TextBuffer& out;

  bool Null() const { return false; }
  bool Text(std::string_view text) const {
    out.Put('"');
    for (const char c : text) {
      if (c == '"' || c == '\\') out.Put('\\');
      out.Put(c);
    }
    out.Put('"');
    return true;
  }
  bool Bool(bool value) const {
    out.Put(value ? "true" : "false");
    return true;
  }
  bool Integer(int64_t value) const {
    out.PutInteger(value);
    out.Put('i');
    return true;
  }
  bool Real(double value) const {
    if (!std::isfinite(value)) return false;
    out.PutReal(value);
    return true;
  }
};

// As text, since nanoseconds of far years do not fit in 64 bits.
void PutNanoseconds(int64_t ts_us, TextBuffer& out) {
  out.PutInteger(ts_us);
  if (ts_us != 0) out.Put("000");
}

}  // namespace

Status LineFormatter::Begin(const std::vector<TagPtr>& tags, TextBuffer&) {
  for (const TagPtr& tag : tags) {
    if (CanBeSaid(Split(tag->name))) continue;
    return Status::Unsupported("line protocol has no way to write the tag " +
                               QuoteForMessage(tag->name) + "; choose csv or json, or other tags");
  }
  return {};
}

void LineFormatter::BeginTag(const TagDefinition& tag) {
  const LineName name = Split(tag.name);
  prefix_ = Escaped(name.measurement, ", ") + ' ' + Escaped(name.field, ",= ") + '=';
}

uint64_t LineFormatter::Append(const PointColumns& columns, size_t begin, size_t end,
                               TextBuffer& out) {
  uint64_t left_out = 0;
  for (size_t row = begin; row < end; ++row) {
    const size_t line_begin = out.size();
    out.Put(prefix_);
    if (!VisitValue(columns, row, LineValue{out})) {
      out.CutTo(line_begin);
      ++left_out;
      continue;
    }
    if (columns.quality[row] != kQualityGood) {
      out.Put(",quality=");
      out.PutInteger(columns.quality[row]);
      out.Put('i');
    }
    out.Put(' ');
    PutNanoseconds(columns.ts_us[row], out);
    out.Put('\n');
  }
  return left_out;
}

}  // namespace xtdb
