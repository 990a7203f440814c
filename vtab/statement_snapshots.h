#pragma once

#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "engine/base/status.h"
#include "engine/read_view.h"
#include "vtab/sqlite_api.h"

namespace xtdb {

class ContainerSession;

// What one execution of one statement sees of every container it reads, and what must live as long
// as it. Threads: one connection's.
class StatementView {
 public:
  StatementView(uint64_t serial, int64_t now_us) : serial_(serial), now_us_(now_us) {}

  // The snapshot of that container, taken at the first call.
  Result<ReadView> ViewOf(const std::shared_ptr<ContainerSession>& session);
  // What ViewOf has given before; null if it has not. Valid until the next ViewOf.
  const ReadView* Known(const ContainerSession& session) const;
  // Larger is later.
  uint64_t serial() const { return serial_; }
  // The one value of `now`.
  int64_t now_us() const { return now_us_; }
  // Keeps a tag's name alive for the statement: SQLite holds pointers to it beyond the row.
  void Pin(const TagPtr& tag) { pinned_.insert(tag); }

 private:
  friend class StatementSnapshots;
  struct Taken {
    std::shared_ptr<ContainerSession> session;
    ReadView view;
  };
  const uint64_t serial_;
  const int64_t now_us_;
  std::vector<Taken> taken_;
  std::unordered_set<TagPtr> pinned_;
};

// Which statement runs, as far as SQLite lets us know: it announces neither begin nor end. A
// binding of a statement to its view holds while the statement is busy and surely the same
// execution: it has an open cursor of ours, or its count of runs is the same and nothing was
// prepared since its last cursor closed (a new statement may have the address of a finalized one).
// With several busy statements and none unbound that one counts whose cursor was used last: a
// statement that waits between two rows uses none, and one that goes on uses one first.
//
// Threads: one connection's.
class StatementSnapshots {
 private:
  struct Binding;

 public:
  explicit StatementSnapshots(sqlite3* db) : db_(db) {}

  // A cursor's share in its statement.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&&) = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { Release(); }
    StatementView& view() const { return *view_; }
    const std::shared_ptr<StatementView>& shared_view() const { return view_; }
    // For xFilter and xNext: the cursor's statement is the one that runs.
    void NoteRunning() const { *running_serial_ = serial_; }

   private:
    friend class StatementSnapshots;
    void Release();
    std::shared_ptr<StatementView> view_;
    uint64_t serial_ = 0;  // of the view
    uint64_t* running_serial_ = nullptr;
    std::shared_ptr<Binding> counted_;  // null: it is not certain which statement opened the cursor
  };

  // For xOpen: a cursor opens now.
  Lease OpenCursor();
  // The view of the statement that runs now.
  std::shared_ptr<StatementView> Current() { return Resolve().view; }
  // For xBestIndex: a statement is being prepared.
  void NotePrepare() { ++prepare_epoch_; }
  // The last view that was made; changes exactly when a statement begins to read.
  uint64_t last_serial() const { return last_serial_; }

  // The session's transaction is over: its views can no longer look into staging. Those that saw a
  // part of what was committed see all of it from now on.
  void TransactionEnded(const ContainerSession& session, bool committed) noexcept;
  // The session's container goes away: no view holds it open any longer.
  void Forget(const ContainerSession& session);
  // Lets go of the views of statements that run no longer.
  void Sweep() noexcept;
  void Clear();

  // Statements that we run ourselves inside another one do not count as running.
  void Ignore(sqlite3_stmt* statement) { ignored_.insert(statement); }
  void Unignore(sqlite3_stmt* statement) { ignored_.erase(statement); }

 private:
  struct Binding {
    sqlite3_stmt* statement = nullptr;
    int runs = 0;
    std::shared_ptr<StatementView> view;
    int open_cursors = 0;
    uint64_t closed_epoch = 0;
    const uint64_t* prepare_epoch = nullptr;  // of the connection
  };
  struct Resolved {
    std::shared_ptr<StatementView> view;
    std::shared_ptr<Binding> binding;  // null: uncertain
  };
  Resolved Resolve();
  std::vector<sqlite3_stmt*> BusyStatements() const;
  void DropInvalid(const std::vector<sqlite3_stmt*>& busy);
  std::shared_ptr<StatementView> MakeView();

  sqlite3* const db_;
  std::vector<std::shared_ptr<Binding>> bindings_;
  std::vector<std::weak_ptr<StatementView>> views_;
  std::unordered_set<sqlite3_stmt*> ignored_;
  uint64_t prepare_epoch_ = 0;
  uint64_t last_serial_ = 0;
  uint64_t running_serial_ = 0;  // the view of the cursor that was used last
};

}  // namespace xtdb
