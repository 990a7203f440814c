#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/base/status.h"
#include "engine/transaction/value.h"
#include "vtab/row_handles.h"

namespace xtdb {

class ContainerSession;

// A row that an UPDATE carries to another (tag, ts).
struct PointMove {
  PointKey from;
  PointKey to;
  Value value;  // `text` points into the caller's memory
  Quality quality = kQualityGood;
};

// Moves of one UPDATE: as if all its old points were removed first and then all new ones written,
// though SQLite hands them over one by one. Under OR IGNORE they wait for the statement's end,
// because only then it is known which old places have become free.
//
// Threads: one connection's.
class PointMover {
 public:
  // `statement` tells one UPDATE from the next. A point of another origin at the new place is
  // replaced.
  Status Move(ContainerSession& session, uint64_t statement, const PointMove& move);
  // The same, but a point of another origin is kept, and the moved one then stays where it was. The
  // values are checked now, so that Finish does not fail for them.
  Status MoveUnlessOccupied(ContainerSession& session, uint64_t statement, const PointMove& move);
  // Does what waits.
  Status Finish(ContainerSession& session);
  // Forgets everything: the statement is undone.
  void Clear();
  bool has_pending() const { return !pending_.empty(); }
  uint64_t statement() const { return statement_; }

 private:
  struct Pending {
    PointMove move;
    std::string text;
    bool stays = false;
  };
  Status DecideWhoStays(ContainerSession& session, std::vector<Pending>& moves);

  uint64_t statement_ = 0;
  std::unordered_set<PointKey, PointKeyHash> written_;
  std::vector<Pending> pending_;
};

}  // namespace xtdb
