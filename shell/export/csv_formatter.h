#pragma once

#include <string>

#include "shell/export/point_formatter.h"

namespace xtdb {

// `tag,time,value,quality`, and in front of that, if wanted, a line `#tag,name,type,unit,
// description,step` for each tag. A number of a float tag always has a point or an exponent, text
// that could be taken for something else stands in quotes, and an empty value is NULL; so that
// import finds every type again, but the payload of a NaN.
class CsvFormatter final : public PointFormatter {
 public:
  explicit CsvFormatter(bool definitions) : definitions_(definitions) {}
  Status Begin(const std::vector<TagPtr>& tags, TextBuffer& out) override;
  void BeginTag(const TagDefinition& tag) override;
  uint64_t Append(const PointColumns& columns, size_t begin, size_t end, TextBuffer& out) override;

 private:
  const bool definitions_;
  std::string prefix_;  // of the tag's lines
};

}  // namespace xtdb
