#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/format/container_format.h"
#include "engine/transaction/value.h"
#include "vtab/table_options.h"
#include "vtab/text/option_text.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

void CheckMessage(const Status& status) {
  if (!status.ok() && (status.message().empty() || status.message().size() > 1024)) {
    __builtin_trap();
  }
}

void CheckOptions(const TableOptions& options) {
  const RequestedStorage& storage = options.storage;
  const EngineOptions engine = options.ToEngineOptions();
  if (storage.chunk_size_bytes && !IsChunkSize(*storage.chunk_size_bytes)) __builtin_trap();
  if (storage.retention_us.value_or(0) < 0 || engine.buffer_bytes < kMiB) __builtin_trap();
  if (options.path && options.path->empty()) __builtin_trap();
}

// For a message: short, and of nothing but printable ASCII and UTF-8.
void CheckQuoted(std::string_view text) {
  const std::string quoted = QuoteForMessage(text);
  if (quoted.size() > 4 * kQuotedBytesMax + 64 || quoted.front() != '"') __builtin_trap();
  for (const char c : quoted) {
    if (static_cast<unsigned char>(c) < ' ' || c == 127) __builtin_trap();
  }
}

}  // namespace
}  // namespace xtdb

// The lines of the input are what SQLite has cut at the commas of CREATE VIRTUAL TABLE ... USING
// xtdb(...). They are options within their limits, or an error of bounded size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace xtdb;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> arguments;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    arguments.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const Result<TableOptions> options = ParseTableOptions(arguments);
  CheckMessage(options.status());
  if (options.ok()) CheckOptions(options.value());
  CheckQuoted(text);
  const std::string_view trimmed = TrimBlanks(text);
  if (!trimmed.empty() && (IsBlank(trimmed.front()) || IsBlank(trimmed.back()))) __builtin_trap();
  CheckMessage(ParseBool(text).status());
  CheckMessage(ParseValueType(text).status());
  const Result<uint64_t> bytes = ParseSize(text);
  CheckMessage(bytes.status());
  if (bytes.ok() && bytes.value() > static_cast<uint64_t>(INT64_MAX)) __builtin_trap();
  return 0;
}
