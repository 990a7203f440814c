#pragma once

#include <string>

#include "shell/export/point_formatter.h"

namespace xtdb {

// An object a line: {"tag":"t","time":"2026-01-01T00:00:00.000Z","value":1.5,"quality":192}. JSON
// has no NaN and no infinities: they are the texts "NaN", "Infinity", "-Infinity".
class JsonFormatter final : public PointFormatter {
 public:
  Status Begin(const std::vector<TagPtr>&, TextBuffer&) override { return {}; }
  void BeginTag(const TagDefinition& tag) override;
  uint64_t Append(const PointColumns& columns, size_t begin, size_t end, TextBuffer& out) override;

 private:
  std::string prefix_;  // of the tag's lines
};

}  // namespace xtdb
