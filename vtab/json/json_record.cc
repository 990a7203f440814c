#include "vtab/json/json_record.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "vtab/csv/structural_index.h"

namespace xtdb {

// Takes what the parser finds, as RapidJSON's "Handler" has it; false ends the parse.
class JsonRecordBuilder
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonRecordBuilder> {
 public:
  explicit JsonRecordBuilder(JsonRecord& record) : record_(record) {}

  bool Default() { return Add(JsonKind::kNull, {}); }
  bool Bool(bool value) { return Add(JsonKind::kBool, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Add(JsonKind::kNumber, {text, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return Add(JsonKind::kText, {text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) key_ = record_.Keep({text, size});
    return true;
  }
  bool StartObject() { return depth_ == 0 ? Open() : OpenNested(); }
  bool StartArray() { return OpenNested(); }
  bool EndObject(rapidjson::SizeType) { return Close(); }
  bool EndArray(rapidjson::SizeType) { return Close(); }

 private:
  bool Open() {
    ++depth_;
    return true;
  }
  bool OpenNested() { return Add(JsonKind::kNested, {}) && Open(); }
  bool Close() {
    --depth_;
    return true;
  }
  bool Add(JsonKind kind, std::string_view text) {
    if (depth_ == 1) record_.raw_fields_.push_back({key_, record_.Keep(text), kind});
    return depth_ > 0;
  }

  JsonRecord& record_;
  JsonRecord::Place key_;
  size_t depth_ = 0;
};

namespace {

Status NotAnObject(std::string_view line) {
  if (line.find_first_not_of(" \t") != line.npos && line[line.find_first_not_of(" \t")] == '[') {
    return Status::InvalidArgument(
        "an array; JSON is read as an object a line, which jq -c '.[]' makes of one");
  }
  return Status::InvalidArgument("not an object; JSON is read as an object a line");
}

}  // namespace

JsonRecord::Place JsonRecord::Keep(std::string_view text) {
  const Place place{texts_.size(), text.size()};
  texts_.append(text).append(kCsvSlackBytes, '\0');
  return place;
}

Status JsonRecord::Parse(std::string_view line) {
  texts_.clear();
  raw_fields_.clear();
  fields_.clear();
  // Numbers keep their digits, and nesting takes no stack.
  constexpr unsigned kFlags =
      rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  JsonRecordBuilder builder(*this);
  rapidjson::MemoryStream stream(line.data(), line.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.Code() == rapidjson::kParseErrorTermination) return NotAnObject(line);
  if (result.IsError()) {
    std::string why = rapidjson::GetParseError_En(result.Code());
    why.pop_back();  // a full stop
    return Status::InvalidArgument("not JSON at character " + std::to_string(result.Offset() + 1) +
                                   ": " + why + " (an object stands in one line)");
  }
  // A NUL ends the stream for the parser.
  if (stream.Tell() != line.size()) return Status::InvalidArgument("not JSON: a character NUL");
  const auto view = [this](Place place) {
    return std::string_view(texts_).substr(place.begin, place.size);
  };
  for (const RawField& field : raw_fields_) {
    fields_.push_back({view(field.key), view(field.text), field.kind});
  }
  return {};
}

}  // namespace xtdb
