#include <span>

#include "engine/base/calendar.h"
#include "vtab/connection.h"
#include "vtab/functions/functions.h"
#include "vtab/scalars/scalar_arguments.h"
#include "vtab/sqlite_glue.h"
#include "vtab/time/timestamp.h"

// ts_series(start, stop, step [, timezone]): PostgreSQL's generate_series of timestamps, under a
// name that no shell has.
namespace xtdb {
namespace {

constexpr const char* kName = "ts_series";
constexpr const char* kSchema =
    "CREATE TABLE x(time TIMESTAMP NOT NULL, ts BIGINT NOT NULL, start HIDDEN, stop HIDDEN, "
    "step TEXT HIDDEN, timezone TEXT HIDDEN)";
enum Column : int { kTime, kTs, kStart, kStop, kStep, kTimezone };
constexpr int kArguments = 4;

// For the sign: a month is thirty days.
bool IsBackwards(const Interval& step) {
  const double us = static_cast<double>(step.us) +
                    (step.months * 30.0 + step.days) * static_cast<double>(kUsPerDay);
  return us < 0;
}

struct SeriesTable : sqlite3_vtab {
  explicit SeriesTable(sqlite3* d) : sqlite3_vtab{}, db(d) {}
  ~SeriesTable() { sqlite3_free(zErrMsg); }
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;
  sqlite3* const db;
};

class SeriesCursor : public sqlite3_vtab_cursor {
 public:
  explicit SeriesCursor(sqlite3* db)
      : sqlite3_vtab_cursor{}, db_(db), lease_(Connection::Of(db).snapshots().OpenCursor()) {}

  // mask: bit i: argument i is the next value.
  Status Filter(int mask, std::span<sqlite3_value*> values) {
    at_end_ = true;
    row_ = 0;
    zone_ = nullptr;
    size_t next = 0;
    for (int i = 0; i < kArguments; ++i) {
      sqlite3_value* const value = (mask & 1 << i) != 0 ? values[next++] : nullptr;
      if (value == nullptr && i + kStart == kTimezone) break;
      if (value == nullptr) {
        return Status::InvalidArgument(
            "write ts_series('2026-01-01', '2026-02-01', '1 day'), and a time zone behind it if "
            "days and months are those of its wall clock");
      }
      if (sqlite3_value_type(value) == SQLITE_NULL) return {};
      XTDB_RETURN_IF_ERROR(Take(i + kStart, value));
    }
    if (step_ == Interval{}) return Status::InvalidArgument("step size cannot equal zero");
    is_backwards_ = IsBackwards(step_);
    at_us_ = start_us_;
    at_end_ = IsBeyond();
    return {};
  }

  Status Next() {
    ++row_;
    at_end_ = true;
    if (IsInfinite(at_us_)) return {};
    XTDB_ASSIGN_OR_RETURN(at_us_, AddInterval(at_us_, step_, zone_));
    at_end_ = IsBeyond();
    return {};
  }

  bool AtEnd() const { return at_end_; }
  int64_t row() const { return row_; }

  void Column(sqlite3_context* context, int column) const {
    switch (column) {
      case kTime:
        return SetTime(context, at_us_, true);
      case kTs:
        return sqlite3_result_int64(context, at_us_);
      case kStart:
        return SetTime(context, start_us_, true);
      case kStop:
        return SetTime(context, stop_us_, true);
      case kStep:
        return SetInterval(context, step_);
      default:
        return;
    }
  }

 private:
  Status Take(int column, sqlite3_value* value) {
    if (column == kStep) {
      XTDB_ASSIGN_OR_RETURN(step_, IntervalOf(value));
    } else if (column == kTimezone) {
      XTDB_ASSIGN_OR_RETURN(zone_, ZoneOf(value));
    } else {
      XTDB_ASSIGN_OR_RETURN(const TimeArgument time, TimeOf(db_, value));
      (column == kStart ? start_us_ : stop_us_) = time.us;
    }
    return {};
  }
  bool IsBeyond() const { return is_backwards_ ? at_us_ < stop_us_ : at_us_ > stop_us_; }

  sqlite3* const db_;
  const StatementSnapshots::Lease lease_;
  int64_t start_us_ = 0;
  int64_t stop_us_ = 0;
  Interval step_;
  const TimeZone* zone_ = nullptr;
  bool is_backwards_ = false;
  bool at_end_ = true;
  int64_t at_us_ = 0;
  int64_t row_ = 0;
};

SeriesCursor& CursorOf(sqlite3_vtab_cursor* cursor) { return static_cast<SeriesCursor&>(*cursor); }

int Connect(sqlite3* db, void* /*aux*/, int /*argc*/, const char* const* /*argv*/,
            sqlite3_vtab** out, char** error) {
  return CallFromSqlite(error, [&]() -> Status {
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, sqlite3_declare_vtab(db, kSchema)));
    XTDB_RETURN_IF_ERROR(StatusFromSqlite(db, sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS)));
    *out = new SeriesTable(db);
    return {};
  });
}

int Disconnect(sqlite3_vtab* vtab) {
  delete static_cast<SeriesTable*>(vtab);
  return SQLITE_OK;
}

// idxNum: which arguments are given, in order.
int BestIndex(sqlite3_vtab* /*vtab*/, sqlite3_index_info* info) {
  int place[kArguments] = {-1, -1, -1, -1};
  for (int i = 0; i < info->nConstraint; ++i) {
    const auto& constraint = info->aConstraint[i];
    const int argument = constraint.iColumn - kStart;
    if (argument < 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ) continue;
    if (constraint.usable == 0) return SQLITE_CONSTRAINT;
    place[argument] = i;
  }
  int given = 0;
  for (int i = 0; i < kArguments; ++i) {
    if (place[i] < 0) continue;
    info->aConstraintUsage[place[i]] = {.argvIndex = ++given, .omit = 1};
    info->idxNum |= 1 << i;
  }
  info->estimatedCost = 1e4;
  info->estimatedRows = 1'000;
  return SQLITE_OK;
}

int Open(sqlite3_vtab* vtab, sqlite3_vtab_cursor** out) {
  return CallFromSqlite(vtab, [&]() -> Status {
    *out = new SeriesCursor(static_cast<SeriesTable*>(vtab)->db);
    return {};
  });
}

int Close(sqlite3_vtab_cursor* cursor) {
  delete &CursorOf(cursor);
  return SQLITE_OK;
}

int Filter(sqlite3_vtab_cursor* cursor, int index, const char* /*text*/, int argc,
           sqlite3_value** argv) {
  return CallFromSqlite(cursor->pVtab, [&] {
    return CursorOf(cursor).Filter(index, {argv, static_cast<size_t>(argc)}).WithContext(kName);
  });
}

int Next(sqlite3_vtab_cursor* cursor) {
  return CallFromSqlite(cursor->pVtab, [&] { return CursorOf(cursor).Next().WithContext(kName); });
}

int Eof(sqlite3_vtab_cursor* cursor) { return CursorOf(cursor).AtEnd() ? 1 : 0; }

int Column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
  CallFromFunction(context, [&]() -> Status {
    CursorOf(cursor).Column(context, column);
    return {};
  });
  return SQLITE_OK;
}

int Rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* rowid) {
  *rowid = CursorOf(cursor).row();
  return SQLITE_OK;
}

constexpr sqlite3_module MakeModule() {
  sqlite3_module module{};
  module.xConnect = Connect;
  module.xBestIndex = BestIndex;
  module.xDisconnect = Disconnect;
  module.xOpen = Open;
  module.xClose = Close;
  module.xFilter = Filter;
  module.xNext = Next;
  module.xEof = Eof;
  module.xColumn = Column;
  module.xRowid = Rowid;
  return module;
}
constexpr sqlite3_module kModule = MakeModule();

}  // namespace

int RegisterSeriesFunction(sqlite3* db) {
  return sqlite3_create_module_v2(db, kName, &kModule, nullptr, nullptr);
}

}  // namespace xtdb
