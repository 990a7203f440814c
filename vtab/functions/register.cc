#include "vtab/functions/register.h"

#include "vtab/functions/functions.h"

namespace xtdb {

int RegisterFunctions(sqlite3* db) {
  using Registration = int (*)(sqlite3*);
  constexpr Registration kAll[] = {
      RegisterTagFunctions,      RegisterStorageFunctions,     RegisterStatusFunctions,
      RegisterWritingFunctions,  RegisterMaintenanceFunctions, RegisterVersionFunction,
      RegisterAggregateFunction, RegisterVectorsFunction,      RegisterSampleFunctions,
      RegisterPlotFunction,      RegisterSeriesFunction};
  for (const Registration registration : kAll) {
    const int code = registration(db);
    if (code != SQLITE_OK) return code;
  }
  return SQLITE_OK;
}

}  // namespace xtdb
