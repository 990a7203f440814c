#pragma once

#include "bench/compare/contest.h"

namespace xtdb::bench {

// Each adds its rows to the contest's table.
struct Work {
  const char* name;  // of --only
  void (*run)(Contest& contest);
};

void RunInsertWork(Contest& contest);      // G100, one transaction
void RunCommitsWork(Contest& contest);     // G100, commits of 10,000
void RunManyTagsWork(Contest& contest);    // G100K, one transaction
void RunBulkWork(Contest& contest);        // batches, one transaction
void RunWritePointWork(Contest& contest);  // point by point from C++
void RunLatencyWork(Contest& contest);     // single-row durable commits
void RunCsvWork(Contest& contest);         // import of a file
void RunSizesWork(Contest& contest);       // bytes a point
void RunReadsWork(Contest& contest);       // queries

}  // namespace xtdb::bench
