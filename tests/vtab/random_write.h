#pragma once

#include <string>

#include "tests/vtab/random_sql.h"

namespace xtdb {

// INSERT, UPDATE and DELETE of every form, some of which fail half way.
class RandomWrite {
 public:
  explicit RandomWrite(RandomSql& random) : random_(random) {}

  Step Draw() {
    switch (random_.Below(12)) {
      case 0:
      case 1:
        return Insert(1);
      case 2:
      case 3:
      case 4:
        return Insert(2 + random_.Below(18));
      case 5:
        return InsertSelect();
      case 6:
        return UpdateValue();
      case 7:
        return UpdateQuality();
      case 8:
        return Shift();
      case 9:
        return MoveOne();
      case 10:
        return MoveToTag();
      default:
        return Delete();
    }
  }

 private:
  static Step Of(std::string sql) {
    Step step;
    step.kind = Step::Kind::kWrite;
    step.sql = std::move(sql);
    return step;
  }
  std::string Where() { return random_.Where("", true); }
  std::string Verb(bool ignores) {
    if (ignores) return "INSERT OR IGNORE";
    return "{" + random_.Pick({"INSERT", "INSERT", "INSERT OR REPLACE", "REPLACE"}) +
           "|INSERT OR REPLACE}";
  }

  Step Insert(int rows) {
    const bool ignores = random_.Chance(25);
    const bool by_time = random_.Chance(40);
    std::string sql = Verb(ignores) + " INTO @(tag, " + (by_time ? "{time|ts}" : "ts") +
                      ", value, quality) VALUES ";
    for (int i = 0; i < rows; ++i) {
      if (i > 0) sql += ", ";
      sql += Row(by_time, ignores);
    }
    return Of(sql);
  }
  std::string Row(bool by_time, bool ignores) {
    std::string tag = random_.Tag();
    const int64_t at = random_.Ts();
    std::string ts = std::to_string(at);
    std::string value = random_.ValueFor(tag);
    std::string quality = random_.Quality();
    if (by_time) {
      ts = random_.TimeFor(at, ts);
    } else if (random_.Chance(5)) {
      ts = "'" + ts + "'";
    }
    const int wrong = random_.Below(150);
    if (wrong == 0) ts = "NULL";
    if (wrong == 1) tag.clear();
    // What is wrong in a row that OR IGNORE skips is not looked at.
    if (wrong == 2 && !ignores && tag.front() != 'n')
      value = RandomSql::IsText(tag) ? "5" : "'wrong'";
    if (wrong == 3 && !ignores) quality = "256";
    if (wrong == 4 && !by_time && !ignores) ts = "9223372036854775807";
    return "(" + (tag.empty() ? "NULL" : "'" + tag + "'") + ", " + ts + ", " + value + ", " +
           quality + ")";
  }
  Step InsertSelect() {
    const int64_t shift = int64_t{random_.Below(9) - 4} * 250'000;
    const bool ignores = random_.Chance(30);
    const std::string from = random_.Tag();
    if (random_.Chance(50)) {
      return Of(Verb(ignores) + " INTO @(tag, ts, value, quality) SELECT '" +
                random_.TagLike(from) + "', ts + " + std::to_string(shift) +
                ", value, quality FROM @ WHERE tag = '" + from + "' AND " +
                random_.Where("", true));
    }
    return Of(Verb(ignores) + " INTO @(tag, ts, value, quality) SELECT tag, ts + " +
              std::to_string(shift) + ", value, 64 FROM @ WHERE " + Where() +
              " AND ts BETWEEN -2000000 AND 10000000 ORDER BY tag, ts" +
              random_.Pick({"", " LIMIT 20", " LIMIT 5 OFFSET 2"}));
  }
  Step UpdateValue() {
    const std::string tag = random_.Tag();
    std::string value = random_.ValueFor(tag);
    if (random_.Chance(40)) {
      if (RandomSql::IsText(tag)) value = "substr(value || 'x', 1, 6)";
      if (RandomSql::IsInteger(tag)) value = "100 + (value % 50 + 1)";
      if (!RandomSql::IsText(tag) && !RandomSql::IsInteger(tag)) value = "min(value + 0.25, 40.5)";
    }
    if (tag.front() != 'n' && random_.Chance(4)) value = RandomSql::IsText(tag) ? "5" : "'wrong'";
    std::string sql =
        "UPDATE " + std::string(random_.Chance(20) ? "OR REPLACE " : "") + "@ SET value = " + value;
    if (random_.Chance(30)) sql += ", quality = " + random_.Quality();
    if (random_.Chance(10)) sql += ", ts = ts";
    return Of(sql + " WHERE tag = '" + tag + "' AND " + random_.Where("", true));
  }
  Step UpdateQuality() {
    return Of("UPDATE @ SET quality = " +
              random_.Pick({"64", "192", "(quality + 1) % 256", "0", "'193'"}) + " WHERE " +
              Where());
  }

  // As all old points removed and then all new ones written; the new ones are $ expressions.
  Step Move(const std::string& set, const std::string& tag, const std::string& ts,
            const std::string& value, const std::string& quality, const std::string& where,
            bool ignores) {
    Step step = Of(std::string(ignores ? "UPDATE OR IGNORE" : "UPDATE") + " @ SET " + set +
                   " WHERE " + where);
    step.plain_sql = "DELETE FROM moved; INSERT INTO moved SELECT tag, ts, " + tag + ", " + ts +
                     ", " + value + ", " + quality + " FROM plain WHERE " + where + ";";
    if (ignores) {
      step.compares_changes = false;
      step.plain_sql +=
          "DELETE FROM moved WHERE (tag, ts) IN (WITH stay(tag, ts) AS (SELECT tag, ts FROM moved "
          "WHERE EXISTS (SELECT 1 FROM plain p WHERE p.tag = new_tag AND p.ts = new_ts AND (p.tag, "
          "p.ts) NOT IN (SELECT tag, ts FROM moved)) UNION SELECT m.tag, m.ts FROM moved m JOIN "
          "stay s ON m.new_tag = s.tag AND m.new_ts = s.ts) SELECT tag, ts FROM stay);";
    }
    step.plain_sql +=
        "DELETE FROM plain WHERE (tag, ts) IN (SELECT tag, ts FROM moved);"
        "INSERT OR REPLACE INTO plain(tag, ts, value, quality) SELECT new_tag, new_ts, new_value, "
        "new_quality FROM moved;";
    return step;
  }
  Step Shift() {
    int64_t by = int64_t{random_.Below(8) - 4} * 250'000;
    if (by == 0) by = 1;
    if (random_.Chance(3)) by = 9'000'000'000'000'000'000;
    const std::string ts = "ts + " + std::to_string(by);
    return Move("ts = " + ts, "tag", ts, "value", "quality",
                Where() + " AND ts > -5000000 AND ts < 12000000", random_.Chance(25));
  }
  Step MoveOne() {
    const std::string tag = random_.Tag();
    const int64_t to = random_.Ts();
    const std::string value = random_.ValueFor(tag);
    const std::string where = "tag = '" + tag + "' AND ts = " + std::to_string(random_.Ts());
    std::string set =
        random_.Chance(50) ? "time = " + random_.TimeFor(to, "") : "ts = " + std::to_string(to);
    if (random_.Chance(50)) {
      return Move(set, "tag", std::to_string(to), "value", "quality", where, random_.Chance(25));
    }
    set += ", quality = 65, value = " + value;
    return Move(set, "tag", std::to_string(to), value, "65", where, random_.Chance(25));
  }
  Step MoveToTag() {
    const std::string from = random_.Tag();
    const bool ignores = random_.Chance(25);
    // A number into a text tag is refused.
    const bool refused = !ignores && random_.Chance(5) && !RandomSql::IsText(from);
    const std::string to = "'" + (refused ? "t1" : random_.TagLike(from)) + "'";
    const std::string ts = "ts + " + std::to_string(int64_t{random_.Below(3) - 1} * 250'000);
    const std::string where = "tag = '" + from + "' AND " + random_.Where("", true);
    if (random_.Chance(50)) {
      return Move("tag = " + to, to, "ts", "value", "quality", where, ignores);
    }
    return Move("ts = " + ts + ", tag = " + to, to, ts, "value", "quality", where, ignores);
  }
  Step Delete() {
    if (random_.Chance(3)) return Of("DELETE FROM @ WHERE 1");
    if (random_.Chance(20)) {
      return Of("DELETE FROM @ WHERE (tag, ts) IN (SELECT tag, ts FROM @ WHERE " +
                random_.Where("", true) + " ORDER BY ts, tag LIMIT 6)");
    }
    return Of("DELETE FROM @ WHERE " + Where() + " AND " +
              random_.Pick({"ts % 500000 = 0", "ts % 750000 = 0", "quality < 192",
                            "ts BETWEEN 0 AND 2000000", "tag GLOB '*1'"}));
  }

  RandomSql& random_;
};

}  // namespace xtdb
