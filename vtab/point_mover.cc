#include "vtab/point_mover.h"

#include <unordered_map>

#include "vtab/container_session.h"

namespace xtdb {
namespace {

Result<StagedTag*> TagOf(ContainerSession& session, TagId id) {
  XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session.FindTag(id));
  if (tag == nullptr) {
    return Status::FailedPrecondition("tag_id " + std::to_string(id) +
                                      " is gone: its definition was rolled back");
  }
  return tag->staged;
}

Status WritePoint(ContainerSession& session, const PointKey& key, const PointMove& move) {
  XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, TagOf(session, key.tag));
  return session.transaction()->Write(*tag, key.ts_us, move.value, move.quality);
}

Status RemovePoint(ContainerSession& session, const PointKey& key) {
  XTDB_ASSIGN_OR_RETURN(StagedTag* const tag, TagOf(session, key.tag));
  return session.transaction()->Delete(*tag, key.ts_us);
}

}  // namespace

Status PointMover::Move(ContainerSession& session, uint64_t statement, const PointMove& move) {
  if (statement != statement_) {
    XTDB_RETURN_IF_ERROR(Finish(session));
    Clear();
    statement_ = statement;
  }
  // The new point first: if it is refused, nothing has changed.
  XTDB_RETURN_IF_ERROR(WritePoint(session, move.to, move));
  written_.insert(move.to);
  return written_.contains(move.from) ? Status() : RemovePoint(session, move.from);
}

Status PointMover::MoveUnlessOccupied(ContainerSession& session, uint64_t statement,
                                      const PointMove& move) {
  if (statement != statement_) {
    XTDB_RETURN_IF_ERROR(Finish(session));
    Clear();
    statement_ = statement;
  }
  // Written and taken back: whatever is wrong with the values is said now.
  const Mark before = session.transaction()->TakeMark();
  const MarkHold hold = session.transaction()->Hold(before);
  const Status status = WritePoint(session, move.to, move);
  session.transaction()->RollbackTo(before);
  XTDB_RETURN_IF_ERROR(status);
  pending_.push_back({move, std::string(move.value.text), false});
  return {};
}

// A move fails if its new place is held by a point that does not move, by an earlier move, or by a
// point whose own move failed; the last of which spreads from place to place.
Status PointMover::DecideWhoStays(ContainerSession& session, std::vector<Pending>& moves) {
  std::unordered_map<PointKey, size_t, PointKeyHash> by_old_place;
  for (size_t i = 0; i < moves.size(); ++i) by_old_place[moves[i].move.from] = i;
  std::unordered_map<PointKey, size_t, PointKeyHash> by_new_place;
  std::vector<size_t> failed;
  const auto fail = [&](size_t i) {
    if (moves[i].stays) return;
    moves[i].stays = true;
    failed.push_back(i);
  };
  for (size_t i = 0; i < moves.size(); ++i) {
    const PointKey& to = moves[i].move.to;
    if (!by_new_place.try_emplace(to, i).second) {
      fail(i);
    } else if (!by_old_place.contains(to)) {
      XTDB_ASSIGN_OR_RETURN(WriteTag* const tag, session.FindTag(to.tag));
      if (tag == nullptr) return Status::FailedPrecondition("a tag of the UPDATE is gone");
      XTDB_ASSIGN_OR_RETURN(const bool occupied, session.Exists(*tag, to.ts_us));
      if (occupied) fail(i);
    }
  }
  while (!failed.empty()) {
    const PointKey place = moves[failed.back()].move.from;
    failed.pop_back();
    const auto claimant = by_new_place.find(place);
    if (claimant != by_new_place.end()) fail(claimant->second);
  }
  return {};
}

Status PointMover::Finish(ContainerSession& session) {
  std::vector<Pending> moves;
  moves.swap(pending_);
  if (moves.empty()) return {};
  for (Pending& pending : moves) pending.move.value.text = pending.text;
  XTDB_RETURN_IF_ERROR(DecideWhoStays(session, moves));
  for (const Pending& pending : moves) {
    if (!pending.stays) XTDB_RETURN_IF_ERROR(RemovePoint(session, pending.move.from));
  }
  for (const Pending& pending : moves) {
    if (!pending.stays) XTDB_RETURN_IF_ERROR(WritePoint(session, pending.move.to, pending.move));
  }
  return {};
}

void PointMover::Clear() {
  statement_ = 0;
  written_.clear();
  pending_.clear();
}

}  // namespace xtdb
