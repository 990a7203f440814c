#include <unistd.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/crash/stress_roles.h"

namespace xtdb {

namespace {

// A statement must show every tag up to the same commit, which is none before the last that was
// acknowledged when it began, and each tag without gaps back to a first one, which only drops move.
class StressReader {
 public:
  StressReader(const StressRole& role, StressBoard& board)
      : board_(board), store_(role.store), random_(role.seed), db_(role.store, board) {}

  bool Run() {
    if (!Open()) return false;
    while (!stress_must_stop) {
      if (!Step()) return false;
    }
    return db_.CountRecoveries() && db_.Close();
  }

 private:
  uint64_t Draw(uint64_t bound) { return random_() % bound; }

  bool Open() {
    ++board_.reader_opens;
    // No patience, for a reader never waits; but without a WAL SQLite's own locks of the database
    // file keep readers away during each COMMIT.
    return db_.Open(store_.DatabasePath(), store_.journal == "wal" ? 0 : 30'000);
  }

  bool Step() {
    const uint64_t what = Draw(200);
    if (what == 0) return db_.CountRecoveries() && db_.Close() && Open();
    if (what == 1) return db_.CountRecoveries();
    if (what < 6)
      return ReadSummary(
          "SELECT tag, count(*), min(ts), max(ts), sum(value), min(value), max(value) "
          "FROM plant WHERE tag GLOB 'c[0-9]' GROUP BY tag ORDER BY tag");
    if (what < 10) return ReadByTime(/*slowly=*/true);
    if (what < 40) return ReadByTime(/*slowly=*/false);
    if (what < 80) return ReadJoin();
    if (what < 110) return ReadLast();
    if (what < 130) return ReadTags();
    return ReadOneTag();
  }

  void Before() { acknowledged_ = board_.acknowledged; }
  // Everything from here on must be there. To be asked after the statement.
  int64_t MayBeDropped() const { return std::max<int64_t>(1, board_.drop_limit); }

  bool Wrong(const std::string& what) {
    return db_.Fail(what + " (acknowledged before: " + std::to_string(acknowledged_) +
                    ", now: " + std::to_string(board_.acknowledged) + "; drop limit: " +
                    std::to_string(MayBeDropped()) + "; seen: " + std::to_string(seen_) + ")");
  }

  // A tag's commits are `first` .. `last`, as a statement has found them from `from` on.
  bool CheckFirst(const std::string& what, int64_t from, int64_t first) {
    return (first >= from && first <= std::max(from, MayBeDropped())) ||
           Wrong(what + " from " + std::to_string(from) + ": begins with " + std::to_string(first));
  }
  bool CheckLast(const std::string& what, int64_t last) {
    ++board_.reads;
    if (last < acknowledged_) return Wrong(what + ": ends with " + std::to_string(last));
    if (last < seen_) return Wrong(what + ": went back to " + std::to_string(last));
    seen_ = last;
    return true;
  }
  // Where a tag begins if everything of it is read.
  bool CheckWhole(const std::string& what, int tag, int64_t first) {
    int64_t& known = first_[static_cast<size_t>(tag)];
    if (first < known) return Wrong(what + ": what was dropped is there again");
    known = first;
    return CheckFirst(what, 1, first);
  }

  static std::string Bounds(int64_t first, int64_t last) {
    return std::to_string(first) + " .. " + std::to_string(last);
  }
  static std::string Text(sqlite3_stmt* row, int i) {
    return reinterpret_cast<const char*>(sqlite3_column_text(row, i));
  }

  // Rows: tag, count, first and last commit, sum of values, smallest and largest (or last) value.
  bool ReadSummary(const std::string& sql) {
    Before();
    int tags = 0;
    int64_t last = 0;
    const bool is_read = db_.Read(sql, [&](sqlite3_stmt* row) {
      const auto column = [&](int i) { return sqlite3_column_int64(row, i); };
      const int64_t first = column(2);
      if (tags == 0) last = column(3);
      if (Text(row, 0) != StressTag(tags)) return Wrong("summary: unexpected tag " + Text(row, 0));
      const int64_t count = last - first + 1;
      if (column(1) != count || column(3) != last || column(4) != (first + last) * count / 2 ||
          column(5) != first || column(6) != last) {
        return Wrong("summary: " + Text(row, 0) + " has " + std::to_string(column(1)) + " of " +
                     Bounds(first, column(3)) + ", values " + Bounds(column(5), column(6)) +
                     ", sum " + std::to_string(column(4)) + "; c0 has " + std::to_string(last));
      }
      board_.rows += static_cast<uint64_t>(count);
      return CheckWhole("summary", tags++, first);
    });
    return is_read && CheckTags("summary", tags, last);
  }

  // Either all tags, or none since nothing was ever committed.
  bool CheckTags(const std::string& what, int tags, int64_t last) {
    if (tags == 0 && acknowledged_ == 0 && seen_ == 0) return true;
    if (tags != kStressTags) return Wrong(what + ": " + std::to_string(tags) + " tags");
    return CheckLast(what, last);
  }

  // A place to read from: mostly among the latest commits, at times far back.
  int64_t DrawFrom(int64_t range) {
    return std::max<int64_t>(
        1, acknowledged_ - static_cast<int64_t>(Draw(static_cast<uint64_t>(range))));
  }

  bool ReadByTime(bool slowly) {
    Before();
    const int64_t from = DrawFrom(slowly ? 4'000 : 400);
    const useconds_t nap = slowly ? static_cast<useconds_t>(Draw(200'000)) : 0;
    std::array<int64_t, kStressTags> first{};
    std::array<int64_t, kStressTags> last{};
    int64_t rows = 0;
    std::pair<int64_t, std::string> place;
    const bool is_read =
        db_.Read("SELECT tag, ts, value FROM plant WHERE tag GLOB 'c[0-9]' AND ts >= " +
                     std::to_string(from) + " ORDER BY ts, tag",
                 [&](sqlite3_stmt* row) {
                   const int64_t ts = sqlite3_column_int64(row, 1);
                   const std::pair<int64_t, std::string> next(ts, Text(row, 0));
                   const auto tag = static_cast<size_t>(next.second[1] - '0');
                   if (first[tag] == 0) first[tag] = ts;
                   if (next <= place || (last[tag] != 0 && ts != last[tag] + 1) ||
                       sqlite3_column_int64(row, 2) != ts) {
                     return Wrong("by time: " + next.second + " at " + std::to_string(ts) +
                                  ", after " + place.second + " at " + std::to_string(place.first) +
                                  "; this tag before at " + std::to_string(last[tag]));
                   }
                   last[tag] = ts;
                   place = next;
                   ++rows;
                   if (nap != 0 && rows % 5'000 == 1) ::usleep(nap);
                   return true;
                 });
    if (!is_read) return false;
    board_.rows += static_cast<uint64_t>(rows);
    if (rows == 0 && acknowledged_ < from && seen_ < from) return true;
    for (size_t tag = 0; tag < kStressTags; ++tag) {
      if (!CheckFirst("by time", from, first[tag])) return false;
      if (last[tag] != last[0]) return Wrong("by time: half of commit " + std::to_string(last[0]));
    }
    return CheckLast("by time", last[0]);
  }

  bool ReadOneTag() {
    Before();
    const int64_t from = DrawFrom(Draw(10) == 0 ? 4'000 : 200);
    const bool descending = Draw(2) == 0;
    std::vector<int64_t> found;
    const bool is_read = db_.Read(
        "SELECT ts, value FROM plant WHERE tag = '" +
            StressTag(static_cast<int>(Draw(kStressTags))) + "' AND ts >= " + std::to_string(from) +
            " ORDER BY ts" + (descending ? " DESC" : ""),
        [&](sqlite3_stmt* row) {
          found.push_back(sqlite3_column_int64(row, 0));
          return sqlite3_column_int64(row, 1) == found.back() || Wrong("one tag: another value");
        });
    if (!is_read) return false;
    board_.rows += found.size();
    if (found.empty() && acknowledged_ < from && seen_ < from) return true;
    if (found.empty()) return Wrong("one tag: nothing from " + std::to_string(from));
    if (descending) std::reverse(found.begin(), found.end());
    for (size_t i = 1; i < found.size(); ++i) {
      if (found[i] != found[i - 1] + 1) {
        return Wrong("one tag: after " + std::to_string(found[i - 1]) + " comes " +
                     std::to_string(found[i]));
      }
    }
    return CheckFirst("one tag", from, found.front()) && CheckLast("one tag", found.back());
  }

  // Both sides of a join, and what a sub-select sees, are of one snapshot.
  bool ReadJoin() {
    Before();
    const int64_t from = DrawFrom(50);
    const std::string sql =
        "SELECT count(*), min(a.ts), max(a.ts), (SELECT max(ts) FROM plant WHERE tag = 'c7') FROM "
        "plant a JOIN plant b ON b.tag = 'c5' AND b.ts = a.ts WHERE a.tag = 'c2' AND a.ts >= " +
        std::to_string(from);
    return db_.Read(sql, [&](sqlite3_stmt* row) {
      const int64_t count = sqlite3_column_int64(row, 0);
      const int64_t first = sqlite3_column_int64(row, 1);
      const int64_t last = sqlite3_column_int64(row, 2);
      board_.rows += 2 * static_cast<uint64_t>(count);
      if (count == 0 && acknowledged_ < from && seen_ < from) return true;
      if (count != last - first + 1 || last != sqlite3_column_int64(row, 3)) {
        return Wrong("join: " + std::to_string(count) + " of " + Bounds(first, last) +
                     ", the sub-select saw " + std::to_string(sqlite3_column_int64(row, 3)));
      }
      return CheckFirst("join", from, first) && CheckLast("join", last);
    });
  }

  bool ReadLast() {
    Before();
    int tags = 0;
    int64_t last = 0;
    const bool is_read =
        db_.Read("SELECT ts, value FROM xtdb_last('plant', 'c?')", [&](sqlite3_stmt* row) {
          const int64_t ts = sqlite3_column_int64(row, 0);
          if (tags++ == 0) last = ts;
          ++board_.rows;
          return (ts == last && sqlite3_column_int64(row, 1) == last) ||
                 Wrong("xtdb_last: " + std::to_string(ts) + " after " + std::to_string(last));
        });
    return is_read && CheckTags("xtdb_last", tags, last);
  }

  bool ReadTags() {
    return ReadSummary(
        "SELECT tag, points, first_ts, last_ts, (first_ts + last_ts) * points / 2, first_ts, "
        "last_value FROM xtdb_tags('plant', 'c?') WHERE points > 0");
  }

  StressBoard& board_;
  const StressStore store_;
  std::mt19937_64 random_;
  StressDatabase db_;
  int64_t acknowledged_ = 0;
  int64_t seen_ = 0;                          // the latest commit that any statement has shown
  std::array<int64_t, kStressTags> first_{};  // of each tag, as last seen
};

}  // namespace

int RunStressReader(const StressRole& role, StressBoard& board) {
  return StressReader(role, board).Run() ? 0 : 1;
}

}  // namespace xtdb
