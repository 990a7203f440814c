#include "shell/mirror/mirror_tables.h"

#include <cmath>
#include <set>
#include <utility>

#include "engine/base/calendar.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

// Only a row that differs is written: a mirror that has nothing new leaves the log alone.
constexpr const char* kPutLatest =
    "INSERT INTO latest(tag, time, epoch, value, quality) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (tag) DO UPDATE SET time = excluded.time, epoch = excluded.epoch, "
    "value = excluded.value, quality = excluded.quality "
    "WHERE time IS NOT excluded.time OR value IS NOT excluded.value "
    "OR quality IS NOT excluded.quality OR typeof(value) <> typeof(excluded.value)";

constexpr const char* kMakeTables =
    "CREATE TABLE IF NOT EXISTS xtdb_mirror(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS xtdb_mirror_rollup(name TEXT PRIMARY KEY, width TEXT NOT NULL, "
    "zone TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS xtdb_mirror_mark(tag TEXT PRIMARY KEY, "
    "window_from_us INTEGER NOT NULL, points_before INTEGER NOT NULL, "
    "horizon_us INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS latest(tag TEXT PRIMARY KEY, time TIMESTAMP NOT NULL, "
    "epoch REAL NOT NULL, value, quality INTEGER NOT NULL) WITHOUT ROWID";
constexpr const char* kRollupColumns =
    "(tag TEXT NOT NULL, time TIMESTAMP NOT NULL, epoch INTEGER NOT NULL, "
    "count INTEGER NOT NULL, min, max, avg REAL, first, last, PRIMARY KEY (tag, epoch)) "
    "WITHOUT ROWID";

std::string PutRollup(const std::string& table) {
  std::string sql =
      "INSERT INTO " + table +
      "(tag, time, epoch, count, min, max, avg, first, last) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (tag, epoch) DO UPDATE SET ";
  std::string differs;
  for (const char* column : {"count", "min", "max", "avg", "first", "last"}) {
    const std::string name = column;
    sql += (differs.empty() ? "" : ", ") + name + " = excluded." + name;
    differs += (differs.empty() ? "" : " OR ") + name + " IS NOT excluded." + name;
  }
  return sql + " WHERE " + differs;
}

void BindReal(SqliteStatement& statement, int parameter, double value) {
  if (std::isnan(value)) {
    statement.BindNull(parameter);
  } else {
    statement.Bind(parameter, value);
  }
}

void BindBits(SqliteStatement& statement, int parameter, ValueType type, ValueBits bits) {
  if (type == ValueType::kFloat64) {
    BindReal(statement, parameter, AsDouble(bits));
  } else if (type == ValueType::kFloat32) {
    BindReal(statement, parameter, AsFloat(bits));
  } else {
    statement.Bind(parameter, AsInt64(bits));
  }
}

void BindFigures(SqliteStatement& put, ValueType type, const Tally& tally) {
  constexpr int kMin = 5, kMax = 6, kAvg = 7, kFirst = 8, kLast = 9;
  for (int parameter = kMin; parameter <= kLast; ++parameter) put.BindNull(parameter);
  if (tally.count == 0) return;
  if (tally.texts != nullptr) {
    put.Bind(kMin, tally.texts->min).Bind(kMax, tally.texts->max);
    put.Bind(kFirst, tally.texts->first).Bind(kLast, tally.texts->last);
    return;
  }
  if (type == ValueType::kText || type == ValueType::kNone) return;
  BindBits(put, kMin, type, tally.min);
  BindBits(put, kMax, type, tally.max);
  BindReal(put, kAvg, MeanOf(type, tally));
  BindBits(put, kFirst, type, tally.first);
  BindBits(put, kLast, type, tally.last);
}

int64_t EpochOf(int64_t ts_us) {
  const int64_t whole = ts_us / kUsPerSecond;
  return ts_us % kUsPerSecond < 0 ? whole - 1 : whole;
}

}  // namespace

Result<std::unique_ptr<MirrorTables>> MirrorTables::Make(SqliteDatabase& db,
                                                         const std::string& container,
                                                         const std::vector<RollupWidth>& wanted) {
  auto tables = std::unique_ptr<MirrorTables>(new MirrorTables(db));
  XTDB_RETURN_IF_ERROR(db.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"));
  XTDB_RETURN_IF_ERROR(tables->Begin());
  Status made = tables->MakeTables(container, wanted);
  if (made.ok()) made = tables->Commit();
  if (!made.ok()) {
    tables->Rollback();
    return made;
  }
  XTDB_RETURN_IF_ERROR(tables->PrepareStatements());
  return tables;
}

Status MirrorTables::CheckContainer(const std::string& container) {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement insert,
                        db_.Prepare("INSERT OR IGNORE INTO xtdb_mirror VALUES ('container', ?1)"));
  XTDB_RETURN_IF_ERROR(insert.Bind(1, container).Run());
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT value FROM xtdb_mirror WHERE name = 'container'"));
  XTDB_RETURN_IF_ERROR(select.Step().status());
  if (select.Text(0) == container) return {};
  return Status::InvalidArgument("the database is the mirror of another container (" +
                                 select.Text(0) + "); write to a new one");
}

Status MirrorTables::LoadRollups() {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT width, zone FROM xtdb_mirror_rollup ORDER BY name"));
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return {};
    XTDB_ASSIGN_OR_RETURN(RollupWidth rollup, ParseRollupWidth(select.Text(0), select.Text(1)));
    widths_.push_back(std::move(rollup));
  }
}

Status MirrorTables::AddRollup(const RollupWidth& rollup) {
  for (const RollupWidth& known : widths_) {
    if (known.table != rollup.table) continue;
    if (known.text == rollup.text && known.zone == rollup.zone) return {};
    return Status::InvalidArgument("the table " + rollup.table + " has buckets of '" + known.text +
                                   "'" + (known.zone.empty() ? "" : " in " + known.zone) +
                                   "; write to a new database for others");
  }
  const std::string table = QuotedIdentifier(rollup.table);
  XTDB_RETURN_IF_ERROR(db_.Execute("CREATE TABLE " + table + kRollupColumns + "; CREATE INDEX " +
                                   QuotedIdentifier(rollup.table + "_epoch") + " ON " + table +
                                   "(epoch)"));
  XTDB_ASSIGN_OR_RETURN(SqliteStatement insert,
                        db_.Prepare("INSERT INTO xtdb_mirror_rollup VALUES (?1, ?2, ?3)"));
  insert.Bind(1, rollup.table).Bind(2, rollup.text).Bind(3, rollup.zone);
  XTDB_RETURN_IF_ERROR(insert.Run());
  widths_.push_back(rollup);
  // It has nothing yet of what the others have.
  return db_.Execute("DELETE FROM xtdb_mirror_mark");
}

Status MirrorTables::MakeTables(const std::string& container,
                                const std::vector<RollupWidth>& wanted) {
  XTDB_RETURN_IF_ERROR(db_.Execute(kMakeTables));
  XTDB_RETURN_IF_ERROR(CheckContainer(container));
  XTDB_RETURN_IF_ERROR(LoadRollups());
  for (const RollupWidth& rollup : wanted) XTDB_RETURN_IF_ERROR(AddRollup(rollup));
  if (!widths_.empty()) return {};
  XTDB_ASSIGN_OR_RETURN(const RollupWidth hour, ParseRollupWidth("1h", ""));
  return AddRollup(hour);
}

Status MirrorTables::PrepareStatements() {
  XTDB_ASSIGN_OR_RETURN(
      mark_, db_.Prepare("SELECT window_from_us, points_before, horizon_us FROM xtdb_mirror_mark "
                         "WHERE tag = ?1"));
  XTDB_ASSIGN_OR_RETURN(set_mark_,
                        db_.Prepare("INSERT INTO xtdb_mirror_mark VALUES (?1, ?2, ?3, ?4) "
                                    "ON CONFLICT (tag) DO UPDATE SET window_from_us = ?2, "
                                    "points_before = ?3, horizon_us = ?4 "
                                    "WHERE window_from_us <> ?2 OR points_before <> ?3 "
                                    "OR horizon_us <> ?4"));
  XTDB_ASSIGN_OR_RETURN(set_latest_, db_.Prepare(kPutLatest));
  XTDB_ASSIGN_OR_RETURN(remove_latest_, db_.Prepare("DELETE FROM latest WHERE tag = ?1"));
  for (const RollupWidth& rollup : widths_) {
    const std::string table = QuotedIdentifier(rollup.table);
    XTDB_ASSIGN_OR_RETURN(SqliteStatement put, db_.Prepare(PutRollup(table)));
    XTDB_ASSIGN_OR_RETURN(SqliteStatement list, db_.Prepare("SELECT epoch FROM " + table +
                                                            " WHERE tag = ?1 AND epoch >= ?2"));
    XTDB_ASSIGN_OR_RETURN(SqliteStatement remove,
                          db_.Prepare("DELETE FROM " + table + " WHERE tag = ?1 AND epoch = ?2"));
    rollups_.push_back({std::move(put), std::move(list), std::move(remove)});
  }
  return {};
}

void MirrorTables::Rollback() {
  IgnoreStatus(db_.Execute("ROLLBACK"), "the error that led here is the one to tell");
}

Status MirrorTables::Clear() {
  XTDB_RETURN_IF_ERROR(db_.Execute("DELETE FROM latest; DELETE FROM xtdb_mirror_mark"));
  for (const RollupWidth& rollup : widths_) {
    XTDB_RETURN_IF_ERROR(db_.Execute("DELETE FROM " + QuotedIdentifier(rollup.table)));
  }
  return {};
}

Status MirrorTables::RunCounted(SqliteStatement& statement) {
  XTDB_RETURN_IF_ERROR(statement.Run());
  rows_changed_ += static_cast<uint64_t>(db_.changes());
  return {};
}

Result<std::optional<MirrorMark>> MirrorTables::Mark(const std::string& tag) {
  XTDB_ASSIGN_OR_RETURN(const bool found, mark_->Bind(1, tag).Step());
  if (!found) return std::optional<MirrorMark>();
  const MirrorMark mark{mark_->Integer(0), static_cast<uint64_t>(mark_->Integer(1)),
                        mark_->Integer(2)};
  mark_->Reset();
  return std::optional(mark);
}

Status MirrorTables::SetMark(const std::string& tag, const MirrorMark& mark) {
  return set_mark_->Bind(1, tag)
      .Bind(2, mark.window_from_us)
      .Bind(3, static_cast<int64_t>(mark.points_before))
      .Bind(4, mark.horizon_us)
      .Run();
}

Status MirrorTables::SetLatest(const std::string& tag, const std::optional<FoundPoint>& found) {
  if (!found) return RunCounted(remove_latest_->Bind(1, tag));
  const Point& point = found->point;
  set_latest_->Bind(1, tag)
      .Bind(2, FormatTime(point.ts_us))
      .Bind(3, static_cast<double>(point.ts_us) / kUsPerSecond)
      .Bind(5, int64_t{point.quality});
  if ((point.flags & kPointNull) != 0 || found->type == ValueType::kNone) {
    set_latest_->BindNull(4);
  } else if (found->type == ValueType::kText) {
    set_latest_->Bind(4, point.text);
  } else {
    BindBits(*set_latest_, 4, found->type, point.bits);
  }
  return RunCounted(*set_latest_);
}

Status MirrorTables::SetRollup(size_t index, const TagDefinition& tag, int64_t from_us,
                               int64_t whole_from_us, BucketSeries& series) {
  Rollup& rollup = rollups_[index];
  std::set<int64_t> gone;  // what stands there and is not given
  rollup.list.Bind(1, tag.name).Bind(2, EpochOf(from_us));
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const bool more, rollup.list.Step());
    if (!more) break;
    gone.insert(rollup.list.Integer(0));
  }
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<SeriesRow> row, series.Next());
    if (!row) break;
    const int64_t epoch = EpochOf(row->start_us);
    if (gone.erase(epoch) != 0 && row->start_us < whole_from_us) continue;
    rollup.put.Bind(1, tag.name).Bind(2, FormatTime(row->start_us)).Bind(3, epoch);
    rollup.put.Bind(4, static_cast<int64_t>(row->tally.count));
    BindFigures(rollup.put, tag.type, row->tally);
    XTDB_RETURN_IF_ERROR(RunCounted(rollup.put));
  }
  for (const int64_t epoch : gone) {
    if (epoch < EpochOf(whole_from_us)) continue;
    XTDB_RETURN_IF_ERROR(RunCounted(rollup.remove.Bind(1, tag.name).Bind(2, epoch)));
  }
  return {};
}

}  // namespace xtdb
