#include "vtab/scalars/scalars.h"

#include <initializer_list>
#include <set>
#include <utility>

#include "vtab/aggregates/aggregates.h"
#include "vtab/sqlite_glue.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

constexpr int kAnyCount = -1;

// Names in small letters, and how many arguments they take.
using Signatures = std::set<std::pair<std::string, int>>;

// By the pragma, since a SELECT of pragma_function_list would read the database's schema: it would
// wait for whoever writes, and Python, say, holds its global lock while an extension is loaded.
Result<Signatures> HostFunctions(sqlite3* db) {
  XTDB_ASSIGN_OR_RETURN(SqlStatement statement, SqlStatement::Prepare(db, "PRAGMA function_list"));
  constexpr int kName = 0;
  constexpr int kArgumentCount = 4;
  Signatures signatures;
  while (true) {
    XTDB_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return signatures;
    signatures.emplace(ToLower(statement.Text(kName)),
                       static_cast<int>(statement.Integer(kArgumentCount)));
  }
}

// Registers what the host lacks.
class Registration {
 public:
  Registration(sqlite3* db, std::vector<std::string>& left_to_host)
      : db_(db), host_(HostFunctions(db)), left_to_host_(left_to_host) {}

  int Add(const Scalar& scalar) {
    if (HostHas(scalar.name, scalar.argument_count)) return SQLITE_OK;
    const int flags =
        SQLITE_UTF8 | SQLITE_INNOCUOUS | (scalar.is_deterministic ? SQLITE_DETERMINISTIC : 0);
    return sqlite3_create_function_v2(db_, scalar.name, scalar.argument_count, flags, nullptr,
                                      scalar.function, nullptr, nullptr, nullptr);
  }

  int Add(const AggregateFunction& aggregate) {
    if (HostHas(aggregate.name, aggregate.argument_count)) return SQLITE_OK;
    constexpr int kFlags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC;
    // Its name is its user data: for messages.
    return sqlite3_create_window_function(
        db_, aggregate.name, aggregate.argument_count, kFlags, const_cast<char*>(aggregate.name),
        aggregate.step, aggregate.final, aggregate.value, aggregate.inverse, nullptr);
  }

 private:
  bool HostHas(const char* name, int argument_count) {
    // A host that cannot list its functions is taken to have none of these.
    const bool has = host_.ok() && (host_.value().contains({name, argument_count}) ||
                                    host_.value().contains({name, kAnyCount}));
    if (has) left_to_host_.push_back(std::string(name) + "/" + std::to_string(argument_count));
    return has;
  }

  sqlite3* const db_;
  const Result<Signatures> host_;
  std::vector<std::string>& left_to_host_;
};

template <typename Function>
int AddAll(std::initializer_list<std::span<const Function>> all, Registration& registration) {
  for (const std::span<const Function>& functions : all) {
    for (const Function& function : functions) {
      const int code = registration.Add(function);
      if (code != SQLITE_OK) return code;
    }
  }
  return SQLITE_OK;
}

}  // namespace

int RegisterSqlFunctions(sqlite3* db, std::vector<std::string>& left_to_host) {
  Registration registration(db, left_to_host);
  const int code = AddAll<Scalar>({BucketScalars(), TimeScalars(), IntervalScalars(),
                                   FormatScalars(), QualityScalars(), SketchScalars()},
                                  registration);
  if (code != SQLITE_OK) return code;
  return AddAll<AggregateFunction>(
      {StatisticsAggregates(), BookendAggregates(), OrderAggregates(), HistogramAggregates(),
       SketchAggregates(), TimedAggregates(), ChartAggregates()},
      registration);
}

}  // namespace xtdb
