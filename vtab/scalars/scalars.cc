#include "vtab/scalars/scalars.h"

#include <algorithm>
#include <set>
#include <utility>

#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr int kAnyCount = -1;

// Names in small letters, and how many arguments they take.
using Signatures = std::set<std::pair<std::string, int>>;

Result<Signatures> HostFunctions(sqlite3* db) {
  XTDB_ASSIGN_OR_RETURN(
      SqlStatement statement,
      SqlStatement::Prepare(db, "SELECT name, narg FROM pragma_function_list WHERE type <> 'w'"));
  Signatures signatures;
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return signatures;
    signatures.emplace(ToLower(statement.Text(0)), static_cast<int>(statement.Integer(1)));
  }
}

}  // namespace

int RegisterScalars(sqlite3* db, std::vector<std::string>& left_to_host) {
  // A host that cannot list its functions is taken to have none of these.
  const Result<Signatures> host = HostFunctions(db);
  const auto has_already = [&](const Scalar& scalar) {
    return host.ok() && (host.value().contains({scalar.name, scalar.argument_count}) ||
                         host.value().contains({scalar.name, kAnyCount}));
  };
  for (const auto& scalars :
       {BucketScalars(), TimeScalars(), IntervalScalars(), FormatScalars(), QualityScalars()}) {
    for (const Scalar& scalar : scalars) {
      if (has_already(scalar)) {
        left_to_host.push_back(std::string(scalar.name) + "/" +
                               std::to_string(scalar.argument_count));
        continue;
      }
      const int flags =
          SQLITE_UTF8 | SQLITE_INNOCUOUS | (scalar.is_deterministic ? SQLITE_DETERMINISTIC : 0);
      const int code =
          sqlite3_create_function_v2(db, scalar.name, scalar.argument_count, flags, nullptr,
                                     scalar.function, nullptr, nullptr, nullptr);
      if (code != SQLITE_OK) return code;
    }
  }
  return SQLITE_OK;
}

}  // namespace xtdb
