#pragma once

#include <string>

#include "shell/export/point_formatter.h"

namespace xtdb {

// An object a line: {"tag":"t","time":"2026-01-01T00:00:00.000Z","value":1.5,"quality":192}. JSON
// has no NaN and no infinities: they are the texts "NaN", "-NaN", "Infinity", "-Infinity". Objects
// in front say what the tags are: {"tag":"t","type":"float64","unit":"degC","step":false}.
class JsonFormatter final : public PointFormatter {
 public:
  // definitions: to write those objects
  explicit JsonFormatter(bool definitions) : definitions_(definitions) {}

  Status Begin(const std::vector<TagPtr>& tags, TextBuffer& out) override;
  void BeginTag(const TagDefinition& tag) override;
  uint64_t Append(const PointColumns& columns, size_t begin, size_t end, TextBuffer& out) override;

 private:
  const bool definitions_;
  std::string prefix_;  // of the tag's lines
};

}  // namespace xtdb
