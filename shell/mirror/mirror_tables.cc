#include "shell/mirror/mirror_tables.h"

#include <cmath>
#include <utility>

#include "engine/base/calendar.h"
#include "vtab/text/quote_text.h"
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
    "CREATE TABLE IF NOT EXISTS xtdb_mirror_mark(tag_id INTEGER PRIMARY KEY, tag TEXT NOT NULL, "
    "window_from_us INTEGER NOT NULL, points_before INTEGER, horizon_us INTEGER NOT NULL, "
    "first_us INTEGER NOT NULL, kept_from_us INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS latest(tag TEXT PRIMARY KEY, time TIMESTAMP NOT NULL, "
    "epoch REAL NOT NULL, value, quality INTEGER NOT NULL) WITHOUT ROWID";
// Of its columns; a mirror of another one is made anew.
constexpr const char* kVersion = "2";
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
  // In front of the first change, which is the log.
  XTDB_RETURN_IF_ERROR(tables->CheckDatabase(wanted));
  XTDB_RETURN_IF_ERROR(db.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"));
  XTDB_RETURN_IF_ERROR(tables->Begin());
  Status made = tables->MakeTables(container, wanted);
  if (made.ok()) made = tables->PrepareStatements();
  if (made.ok()) made = tables->Commit();
  if (!made.ok()) {
    tables->Rollback();
    return made;
  }
  return tables;
}

Result<bool> MirrorTables::Has(const std::string& table) {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?1)"));
  return select.Bind(1, table).Step();
}

Status MirrorTables::CheckDatabase(const std::vector<RollupWidth>& wanted) {
  XTDB_ASSIGN_OR_RETURN(const bool is_mirror, Has("xtdb_mirror"));
  if (is_mirror) return {};
  std::vector<std::string> names = {"latest", "xtdb_mirror_rollup", "xtdb_mirror_mark"};
  for (const RollupWidth& rollup : wanted) names.push_back(rollup.table);
  if (wanted.empty()) names.emplace_back("rollup_1h");
  for (const std::string& name : names) {
    XTDB_ASSIGN_OR_RETURN(const bool is_there, Has(name));
    if (!is_there) continue;
    return Status::AlreadyExists("the database has a " + name +
                                 " that no mirror has made; write to another database");
  }
  return {};
}

Status MirrorTables::CheckContainer(const std::string& container) {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement insert,
                        db_.Prepare("INSERT INTO xtdb_mirror SELECT column1, column2 FROM (VALUES "
                                    "('container', ?1), ('version', ?2)) "
                                    "WHERE NOT EXISTS (SELECT 1 FROM xtdb_mirror)"));
  XTDB_RETURN_IF_ERROR(insert.Bind(1, container).Bind(2, std::string_view(kVersion)).Run());
  XTDB_ASSIGN_OR_RETURN(
      SqliteStatement select,
      db_.Prepare("SELECT (SELECT value FROM xtdb_mirror WHERE name = 'container'), "
                  "(SELECT value FROM xtdb_mirror WHERE name = 'version')"));
  XTDB_RETURN_IF_ERROR(select.Step().status());
  if (select.Text(0) != container) {
    return Status::InvalidArgument("the database is the mirror of another container (" +
                                   select.Text(0) + "); write to a new one");
  }
  if (select.Text(1) == kVersion) return {};
  return Status::InvalidArgument(
      "the database is a mirror of another version of xtdb; write to a new one");
}

Status MirrorTables::LoadRollups() {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT width, zone FROM xtdb_mirror_rollup ORDER BY name"));
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) break;
    XTDB_ASSIGN_OR_RETURN(RollupWidth rollup, ParseRollupWidth(select.Text(0), select.Text(1)));
    widths_.push_back(std::move(rollup));
  }
  // Somebody may have dropped one, to have it made anew.
  for (const RollupWidth& rollup : widths_) {
    XTDB_ASSIGN_OR_RETURN(const bool is_there, Has(rollup.table));
    if (!is_there) XTDB_RETURN_IF_ERROR(MakeRollup(rollup.table));
  }
  return {};
}

Status MirrorTables::MakeRollup(const std::string& name) {
  const std::string table = QuotedIdentifier(name);
  XTDB_RETURN_IF_ERROR(db_.Execute("CREATE TABLE " + table + kRollupColumns + "; CREATE INDEX " +
                                   QuotedIdentifier(name + "_epoch") + " ON " + table + "(epoch)"));
  // It has nothing yet of what the others have.
  return db_.Execute("UPDATE xtdb_mirror_mark SET points_before = NULL");
}

Status MirrorTables::AddRollup(const RollupWidth& rollup) {
  for (const RollupWidth& known : widths_) {
    if (known.table != rollup.table) continue;
    const bool is_same = ToLower(known.text) == ToLower(rollup.text) && known.zone == rollup.zone;
    if (is_same) return {};
    return Status::InvalidArgument("the table " + rollup.table + " has buckets of '" + known.text +
                                   "'" + (known.zone.empty() ? "" : " in " + known.zone) +
                                   "; write to a new database for others");
  }
  XTDB_RETURN_IF_ERROR(MakeRollup(rollup.table));
  XTDB_ASSIGN_OR_RETURN(SqliteStatement insert,
                        db_.Prepare("INSERT INTO xtdb_mirror_rollup VALUES (?1, ?2, ?3)"));
  insert.Bind(1, rollup.table).Bind(2, rollup.text).Bind(3, rollup.zone);
  XTDB_RETURN_IF_ERROR(insert.Run());
  widths_.push_back(rollup);
  return {};
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
      mark_, db_.Prepare("SELECT window_from_us, points_before, horizon_us, first_us, kept_from_us "
                         "FROM xtdb_mirror_mark WHERE tag_id = ?1"));
  XTDB_ASSIGN_OR_RETURN(
      set_mark_, db_.Prepare("INSERT INTO xtdb_mirror_mark VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
                             "ON CONFLICT (tag_id) DO UPDATE SET tag = ?2, window_from_us = ?3, "
                             "points_before = ?4, horizon_us = ?5, first_us = ?6, "
                             "kept_from_us = ?7 WHERE tag <> ?2 OR window_from_us <> ?3 "
                             "OR points_before IS NOT ?4 OR horizon_us <> ?5 OR first_us <> ?6 "
                             "OR kept_from_us <> ?7"));
  XTDB_ASSIGN_OR_RETURN(set_latest_, db_.Prepare(kPutLatest));
  XTDB_ASSIGN_OR_RETURN(remove_latest_, db_.Prepare("DELETE FROM latest WHERE tag = ?1"));
  for (const RollupWidth& rollup : widths_) {
    const std::string table = QuotedIdentifier(rollup.table);
    XTDB_ASSIGN_OR_RETURN(SqliteStatement put, db_.Prepare(PutRollup(table)));
    XTDB_ASSIGN_OR_RETURN(SqliteStatement list, db_.Prepare("SELECT epoch, count FROM " + table +
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

Result<LSN> MirrorTables::MirroredLsn() {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT value FROM xtdb_mirror WHERE name = 'lsn'"));
  XTDB_ASSIGN_OR_RETURN(const bool found, select.Step());
  return found ? static_cast<LSN>(select.Integer(0)) : kNoLsn;
}

Status MirrorTables::SetMirroredLsn(LSN lsn) {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement put,
                        db_.Prepare("INSERT INTO xtdb_mirror VALUES ('lsn', ?1) ON CONFLICT (name) "
                                    "DO UPDATE SET value = ?1 WHERE value <> ?1"));
  return put.Bind(1, static_cast<int64_t>(lsn)).Run();
}

Result<std::optional<MirrorMark>> MirrorTables::Mark(TagId tag) {
  XTDB_ASSIGN_OR_RETURN(const bool found, mark_->Bind(1, int64_t{tag}).Step());
  if (!found) return std::optional<MirrorMark>();
  MirrorMark mark;
  mark.window_from_us = mark_->Integer(0);
  if (!mark_->IsNull(1)) mark.points_before = static_cast<uint64_t>(mark_->Integer(1));
  mark.horizon_us = mark_->Integer(2);
  mark.first_us = mark_->Integer(3);
  mark.kept_from_us = mark_->Integer(4);
  mark_->Reset();
  return std::optional(mark);
}

Status MirrorTables::SetMark(const TagDefinition& tag, const MirrorMark& mark) {
  set_mark_->Bind(1, int64_t{tag.id}).Bind(2, tag.name).Bind(3, mark.window_from_us).BindNull(4);
  if (mark.points_before) set_mark_->Bind(4, static_cast<int64_t>(*mark.points_before));
  return set_mark_->Bind(5, mark.horizon_us)
      .Bind(6, mark.first_us)
      .Bind(7, mark.kept_from_us)
      .Run();
}

Result<std::map<TagId, std::string>> MirrorTables::MarkedTags() {
  XTDB_ASSIGN_OR_RETURN(SqliteStatement select,
                        db_.Prepare("SELECT tag_id, tag FROM xtdb_mirror_mark"));
  std::map<TagId, std::string> tags;
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return tags;
    tags[static_cast<TagId>(select.Integer(0))] = select.Text(1);
  }
}

Status MirrorTables::ForEachTable(const std::string& sql,
                                  const std::function<Status(SqliteStatement&)>& run) {
  std::vector<std::string> tables = {"latest"};
  for (const RollupWidth& rollup : widths_) tables.push_back(rollup.table);
  const size_t place = sql.find('%');
  for (const std::string& table : tables) {
    XTDB_ASSIGN_OR_RETURN(SqliteStatement statement,
                          db_.Prepare(std::string(sql).replace(place, 1, QuotedIdentifier(table))));
    XTDB_RETURN_IF_ERROR(run(statement));
  }
  return {};
}

Status MirrorTables::Rename(const std::vector<NewName>& names) {
  // No tag is called so; in between, since tags may have exchanged their names.
  const auto between = [](const NewName& name) { return std::string(1, '\0') + name.to; };
  return ForEachTable("UPDATE OR REPLACE % SET tag = ?2 WHERE tag = ?1",
                      [&](SqliteStatement& update) -> Status {
                        for (const NewName& name : names) {
                          update.Bind(1, name.from).Bind(2, between(name));
                          XTDB_RETURN_IF_ERROR(RunCounted(update));
                        }
                        for (const NewName& name : names) {
                          update.Bind(1, between(name)).Bind(2, name.to);
                          XTDB_RETURN_IF_ERROR(update.Run());
                        }
                        return {};
                      });
}

Status MirrorTables::Remove(const std::string& tag) {
  return ForEachTable("DELETE FROM % WHERE tag = ?1",
                      [&](SqliteStatement& remove) { return RunCounted(remove.Bind(1, tag)); });
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

Status MirrorTables::SetRollup(size_t index, const TagDefinition& tag, const RollupScope& scope,
                               BucketSeries& series) {
  Rollup& rollup = rollups_[index];
  const int64_t kept_epoch = EpochOf(scope.kept_from_us);
  const int64_t window_epoch = EpochOf(scope.window_from_us);
  std::map<int64_t, int64_t> there;  // the counts of the rows, by epoch, that are not given again
  rollup.list.Bind(1, tag.name).Bind(2, EpochOf(scope.from_us));
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const bool more, rollup.list.Step());
    if (!more) break;
    there[rollup.list.Integer(0)] = rollup.list.Integer(1);
  }
  for (;;) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<SeriesRow> row, series.Next());
    if (!row) break;
    const int64_t epoch = EpochOf(row->start_us);
    const auto count = static_cast<int64_t>(row->tally.count);
    const auto old = there.extract(epoch);
    const bool stays =
        !old.empty() && (epoch < kept_epoch || (epoch < window_epoch && count < old.mapped()));
    if (stays) continue;
    rollup.put.Bind(1, tag.name).Bind(2, FormatTime(row->start_us)).Bind(3, epoch).Bind(4, count);
    BindFigures(rollup.put, tag.type, row->tally);
    XTDB_RETURN_IF_ERROR(RunCounted(rollup.put));
  }
  for (const auto& [epoch, count] : there) {
    if (epoch < kept_epoch || epoch < window_epoch) continue;
    XTDB_RETURN_IF_ERROR(RunCounted(rollup.remove.Bind(1, tag.name).Bind(2, epoch)));
  }
  return {};
}

}  // namespace xtdb
