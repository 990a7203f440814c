#pragma once

#include <string>

#include "shell/export/point_formatter.h"

namespace xtdb {

// InfluxDB's line protocol, times in nanoseconds. The tag `boiler.temp` is the field `temp` of the
// measurement `boiler`; a name without a dot, or that ends with `.value`, is a measurement whose
// field is `value`. A quality that is not good (192) is a second field, `quality`. There is neither
// NULL nor NaN nor infinity: such points are left out.
// See "Line protocol" in InfluxDB's reference: escapes, and the i behind integers.
class LineFormatter final : public PointFormatter {
 public:
  // kUnsupported: a name with a line end, or with a backslash before a sign that has to be escaped.
  Status Begin(const std::vector<TagPtr>& tags, TextBuffer& out) override;
  void BeginTag(const TagDefinition& tag) override;
  uint64_t Append(const PointColumns& columns, size_t begin, size_t end, TextBuffer& out) override;

 private:
  std::string prefix_;  // of the tag's lines
};

}  // namespace xtdb
