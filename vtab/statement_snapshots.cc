#include "vtab/statement_snapshots.h"

#include <algorithm>

#include "engine/base/cleanup.h"
#include "engine/io/clock.h"
#include "vtab/container_session.h"

namespace xtdb {

const ReadView* StatementView::Known(const ContainerSession& session) const {
  for (const Taken& taken : taken_) {
    if (taken.session.get() == &session) return &taken.view;
  }
  return nullptr;
}

Result<ReadView> StatementView::ViewOf(const std::shared_ptr<ContainerSession>& session) {
  if (const ReadView* const known = Known(*session)) return *known;
  XTDB_ASSIGN_OR_RETURN(ReadView view, session->TakeView());
  taken_.push_back({session, view});
  return view;
}

StatementSnapshots::Lease& StatementSnapshots::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    Release();
    view_ = std::move(other.view_);
    serial_ = other.serial_;
    running_serial_ = other.running_serial_;
    counted_ = std::move(other.counted_);
  }
  return *this;
}

void StatementSnapshots::Lease::Release() {
  if (counted_ != nullptr && --counted_->open_cursors == 0) {
    counted_->closed_epoch = *counted_->prepare_epoch;
  }
  counted_.reset();
  view_.reset();
}

StatementSnapshots::Lease StatementSnapshots::OpenCursor() {
  Resolved resolved = Resolve();
  Lease lease;
  lease.view_ = std::move(resolved.view);
  lease.serial_ = lease.view_->serial();
  lease.running_serial_ = &running_serial_;
  lease.NoteRunning();
  lease.counted_ = std::move(resolved.binding);
  if (lease.counted_ != nullptr) ++lease.counted_->open_cursors;
  return lease;
}

std::vector<sqlite3_stmt*> StatementSnapshots::BusyStatements() const {
  std::vector<sqlite3_stmt*> busy;
  for (sqlite3_stmt* statement = sqlite3_next_stmt(db_, nullptr); statement != nullptr;
       statement = sqlite3_next_stmt(db_, statement)) {
    if (sqlite3_stmt_busy(statement) != 0 && !ignored_.contains(statement)) {
      busy.push_back(statement);
    }
  }
  return busy;
}

void StatementSnapshots::DropInvalid(const std::vector<sqlite3_stmt*>& busy) {
  std::erase_if(bindings_, [&](const std::shared_ptr<Binding>& binding) {
    if (std::find(busy.begin(), busy.end(), binding->statement) == busy.end()) return true;
    if (binding->open_cursors > 0) return false;  // a reset would have closed them
    const int runs = sqlite3_stmt_status(binding->statement, SQLITE_STMTSTATUS_RUN, 0);
    return runs != binding->runs || binding->closed_epoch != prepare_epoch_;
  });
}

std::shared_ptr<StatementView> StatementSnapshots::MakeView() {
  std::erase_if(views_, [](const std::weak_ptr<StatementView>& view) { return view.expired(); });
  auto view = std::make_shared<StatementView>(++last_serial_, SystemClock().NowUs());
  views_.push_back(view);
  return view;
}

StatementSnapshots::Resolved StatementSnapshots::Resolve() {
  const std::vector<sqlite3_stmt*> busy = BusyStatements();
  DropInvalid(busy);
  std::vector<sqlite3_stmt*> unbound;
  for (sqlite3_stmt* statement : busy) {
    const bool bound = std::any_of(
        bindings_.begin(), bindings_.end(),
        [&](const std::shared_ptr<Binding>& binding) { return binding->statement == statement; });
    if (!bound) unbound.push_back(statement);
  }
  if (!unbound.empty()) {
    const std::shared_ptr<StatementView> view = MakeView();
    for (sqlite3_stmt* statement : unbound) {
      auto binding = std::make_shared<Binding>();
      binding->statement = statement;
      binding->runs = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_RUN, 0);
      binding->view = view;
      binding->closed_epoch = prepare_epoch_;
      binding->prepare_epoch = &prepare_epoch_;
      bindings_.push_back(std::move(binding));
    }
    return {view, unbound.size() == 1 ? bindings_.back() : nullptr};
  }
  if (bindings_.empty()) return {MakeView(), nullptr};
  auto found = std::find_if(bindings_.begin(), bindings_.end(), [this](const auto& binding) {
    return binding->view->serial() == running_serial_;
  });
  if (found == bindings_.end()) {
    found = std::min_element(bindings_.begin(), bindings_.end(), [](const auto& a, const auto& b) {
      return a->view->serial() < b->view->serial();
    });
  }
  return {(*found)->view, bindings_.size() == 1 ? *found : nullptr};
}

void StatementSnapshots::TransactionEnded(const ContainerSession& session,
                                          bool committed) noexcept {
  for (const std::weak_ptr<StatementView>& weak : views_) {
    const std::shared_ptr<StatementView> view = weak.lock();
    if (view == nullptr) continue;
    for (StatementView::Taken& taken : view->taken_) {
      if (taken.session.get() != &session || taken.view.staging == nullptr) continue;
      taken.view.staging = nullptr;
      if (!committed) continue;
      const Status moved = CatchNoMemory([&]() -> Status {
        XTDB_ASSIGN_OR_RETURN(taken.view.snapshot, session.engine().TakeSnapshot());
        return {};
      });
      IgnoreStatus(moved, "the view stays where it was; the next statement tells why");
    }
  }
  Sweep();
}

void StatementSnapshots::Forget(const ContainerSession& session) {
  for (const std::weak_ptr<StatementView>& weak : views_) {
    const std::shared_ptr<StatementView> view = weak.lock();
    if (view == nullptr) continue;
    std::erase_if(view->taken_, [&](const StatementView::Taken& taken) {
      return taken.session.get() == &session;
    });
  }
}

void StatementSnapshots::Sweep() noexcept {
  const Status swept = CatchNoMemory([this] {
    DropInvalid(BusyStatements());
    return Status();
  });
  IgnoreStatus(swept, "the next one sweeps");
}

void StatementSnapshots::Clear() {
  bindings_.clear();
  views_.clear();
}

}  // namespace xtdb
