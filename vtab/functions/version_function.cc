#include <string>
#include <string_view>
#include <vector>

#include "engine/codec/time_codec.h"
#include "engine/codec/value_codec.h"
#include "engine/format/container_format.h"
#include "vtab/connection.h"
#include "vtab/functions/functions.h"
#include "vtab/sqlite_glue.h"
#include "vtab/version.h"

namespace xtdb {
namespace {

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

template <typename Codecs>
std::string NamesOf(const Codecs& codecs) {
  std::string names;
  for (const auto& codec : codecs) names += (names.empty() ? "" : ",") + Quoted(codec.name);
  return "[" + names + "]";
}

std::string VersionText(const std::vector<std::string>& left_to_host) {
  std::string left;
  for (const std::string& name : left_to_host) left += (left.empty() ? "" : ",") + Quoted(name);
  return "{\"version\":" + Quoted(Version()) + ",\"sqlite\":" + Quoted(sqlite3_libversion()) +
         ",\"format\":" + std::to_string(kFormatVersion) +
         ",\"codecs\":{\"time\":" + NamesOf(TimeCodecs()) + ",\"value\":" + NamesOf(ValueCodecs()) +
         "},\"left_to_host\":[" + left + "]}";
}

void RunVersion(sqlite3_context* context, int /*argc*/, sqlite3_value** /*argv*/) {
  CallFromFunction(context, [&]() -> Status {
    const std::string text =
        VersionText(Connection::Of(sqlite3_context_db_handle(context)).left_to_host());
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return {};
  });
}

}  // namespace

int RegisterVersionFunction(sqlite3* db) {
  return sqlite3_create_function_v2(db, "xtdb_version", 0, kReadingFunction | SQLITE_DETERMINISTIC,
                                    nullptr, RunVersion, nullptr, nullptr, nullptr);
}

}  // namespace xtdb
