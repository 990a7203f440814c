#include "vtab/integrity.h"

#include <cstddef>
#include <memory>
#include <string>

#include "engine/storage_engine.h"
#include "vtab/container_session.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"

namespace xtdb {
namespace {

constexpr int kFirstVersionWithIntegrity = 3'044'000;
constexpr int kQuickCheck = 1;

using IntegrityFn = int (*)(sqlite3_vtab*, const char*, const char*, int, char**);

#if SQLITE_VERSION_NUMBER >= 3044000
using ModuleVersion4 = sqlite3_module;
#else
// sqlite3_module as SQLite has it from 3.44 on.
struct ModuleVersion4 : sqlite3_module {
  IntegrityFn xIntegrity;
};
static_assert(sizeof(ModuleVersion4) == sizeof(sqlite3_module) + sizeof(IntegrityFn));
#endif

Result<std::string> Problems(Table& table, int flags) {
  XTDB_ASSIGN_OR_RETURN(const std::shared_ptr<ContainerSession> session, table.Session());
  XTDB_RETURN_IF_ERROR(session->CheckUsable());
  std::string text;
  if ((flags & kQuickCheck) != 0) return text;
  XTDB_ASSIGN_OR_RETURN(const StorageEngine::CheckReport report, session->engine().Check());
  for (const std::string& problem : report.problems) {
    text += (text.empty() ? "" : "\n") + table.container_path() + ": " + problem;
  }
  return text;
}

}  // namespace

int CheckIntegrity(sqlite3_vtab* vtab, const char* /*schema*/, const char* /*table*/, int flags,
                   char** error) {
  char* failure = nullptr;
  const int code = CallFromSqlite(&failure, [&]() -> Status {
    const Result<std::string> problems = Problems(*static_cast<Table*>(vtab), flags);
    const std::string text =
        problems.ok() ? problems.value() : std::string(problems.status().message());
    if (!text.empty()) SetMessage(error, text);
    return {};
  });
  sqlite3_free(failure);
  return code;
}

const sqlite3_module* WithIntegrity(const sqlite3_module& module, int host_version) {
  if (host_version < kFirstVersionWithIntegrity) return &module;
  static const ModuleVersion4* const extended = [&module] {
    auto* const made = new ModuleVersion4{};
    static_cast<sqlite3_module&>(*made) = module;
    made->iVersion = 4;
    made->xIntegrity = CheckIntegrity;
    return made;
  }();
  return extended;
}

}  // namespace xtdb
