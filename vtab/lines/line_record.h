#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

struct LineField {
  std::string_view key;    // as it stands
  std::string_view value;  // as it stands; with its quotes, if it is a text
};

// One line of InfluxDB's line protocol, cut but not unescaped:
//   measurement[,tag=value...] field=value[,field=value...] [time]
// See "Line protocol" in InfluxDB's reference.
struct LineRecord {
  std::string_view series;  // measurement and tags
  std::vector<LineField> fields;
  std::string_view time;  // empty: it has none
};

// Where the line that begins `text` ends: at a \n that stands in no text of a field; npos: not in
// `text`. A text that is not closed runs through all of `text`.
size_t FindLineEnd(std::string_view text);

// Cuts a line, which has neither its \n nor a \r before it. The record refers to it.
// kInvalidArgument: what is missing.
Status CutLine(std::string_view line, LineRecord& record);

// The name of the tag that a series' fields begin with: the measurement and, by their keys, the
// values of its tags, with dots between. kInvalidArgument: no key or no value.
Result<std::string> SeriesName(std::string_view series);

// Of a measurement, key or value: without the backslashes before commas, blanks and equals signs.
std::string UnescapeName(std::string_view text);
// Of a field's text, without its quotes and the backslashes before quotes and backslashes.
void UnescapeText(std::string_view quoted, std::string& out);

}  // namespace xtdb
