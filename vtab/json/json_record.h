#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

enum class JsonKind : uint8_t {
  kNull,
  kBool,
  kNumber,
  kText,
  kNested,  // an object or an array
};

struct JsonField {
  std::string_view key;
  std::string_view text;  // unescaped; of a number as it stands, `true` or `false`, else empty
  JsonKind kind = JsonKind::kNull;
};

// One object of a file of JSON lines (RFC 8259), of which the fields that are nested are passed
// over. Bytes that are no UTF-8 are taken as they are.
//
// Threads: one at a time.
class JsonRecord {
 public:
  // kInvalidArgument: it is no object, and what JSON would have there.
  Status Parse(std::string_view line);

  // In their order, valid until the next call of Parse; kCsvSlackBytes may be read behind a text.
  const std::vector<JsonField>& fields() const { return fields_; }

 private:
  friend class JsonRecordBuilder;
  struct Place {
    size_t begin = 0;  // in texts_
    size_t size = 0;
  };
  struct RawField {
    Place key;
    Place text;
    JsonKind kind;
  };
  Place Keep(std::string_view text);

  std::string texts_;
  std::vector<RawField> raw_fields_;
  std::vector<JsonField> fields_;
};

}  // namespace xtdb
