#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/vtab/differential_pair.h"
#include "vtab/text/time_text.h"

namespace xtdb {

// Draws texts of the language of differential_pair.h.
class RandomSql {
 public:
  explicit RandomSql(uint64_t seed)
      : random_(seed), big_integers_(seed % 4 == 3), new_tags_(seed % 2 == 0) {}

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int percent) { return Below(100) < percent; }
  std::string Pick(const std::vector<std::string>& list) {
    return list[static_cast<size_t>(Below(static_cast<int>(list.size())))];
  }
  // The plain table does not know the number of a tag that a statement defines.
  std::string TagId() const { return new_tags_ ? "tag" : "tag_id"; }
  // Sums of these do not depend on the order of adding.
  bool sums_are_exact() const { return !big_integers_; }

  std::string Tag() {
    return new_tags_ && Chance(8)
               ? "n" + std::to_string(Below(4))
               : Pick({"f1", "F1", "boiler.temp", "\xC3\xA9", "f32", "i1", "i_2", "t1", "Tag[3]"});
  }
  static bool IsInteger(const std::string& tag) { return tag == "i1" || tag == "i_2"; }
  static bool IsText(const std::string& tag) { return tag == "t1" || tag == "Tag[3]"; }
  std::string TagLike(const std::string& tag) {
    if (IsInteger(tag)) return Pick({"i1", "i_2"});
    if (IsText(tag)) return Pick({"t1", "Tag[3]"});
    return Pick({"f1", "F1", "boiler.temp", "\xC3\xA9", new_tags_ ? "n1" : "f1"});
  }

  int64_t Ts() {
    int64_t ts = int64_t{Below(32) - 8} * 250'000;
    if (Chance(6)) ts += Below(3);
    if (Chance(8)) ts += 1'767'323'045'000'000;
    if (Chance(3)) ts -= 86'400'000'000;
    return ts;
  }
  static std::string CanonicalTime(int64_t ts) { return "'" + FormatTime(ts) + "'"; }
  // One that only xtdb reads as a time, beside what means the same to the other.
  std::string TimeFor(int64_t ts, const std::string& other) {
    std::string text = FormatTime(ts);
    if (Chance(30)) text[10] = 'T';
    if (Chance(20)) text += Pick({"Z", " UTC", "+00", "+00:00"});
    if (text.size() == 23 && Chance(20)) text += "000";
    return "{'" + text + "'|" + other + "}";
  }

  std::string ValueFor(const std::string& tag) {
    if (Chance(10)) return "NULL";
    if (IsText(tag))
      return Pick({"'on'", "'off'", "''", "'\xC3\xBC'", "'on '", "'abc def'", "'x'"});
    if (IsInteger(tag)) {
      if (big_integers_ && tag == "i1" && Chance(20)) {
        return Pick({"9007199254740993", "-9007199254740993", "9223372036854775807"});
      }
      // No integer equals a real of another tag: which of the two DISTINCT and max() show is open.
      return std::to_string(Below(40) + 100);
    }
    if (Chance(2)) return "9e999";
    if (tag.front() != 'n' && Chance(10)) {
      const std::string whole = std::to_string(Below(30) - 10);
      return "{" + whole + "|" + whole + ".0}";
    }
    return Quarter();
  }
  std::string Quarter() {
    static constexpr const char* kFractions[] = {".0", ".25", ".5", ".75"};
    return std::to_string(Below(30) - 10) + kFractions[Below(4)];
  }
  std::string Quality() {
    return Pick({"{NULL|192}", "192", "192", "64", "0", "'64'", "{''|192}", "255", "193"});
  }

  // A condition; `alias` is "" or "a.". Where `pushed`, it is one that xtdb gets whole.
  std::string Where(const std::string& alias, bool pushed) {
    time_patterns_ = !pushed || Chance(20);
    std::string text;
    const int terms = 1 + Below(3);
    for (int i = 0; i < terms; ++i) {
      if (i > 0) text += " AND ";
      text += Chance(30) ? "(" + Condition(alias, 2) + ")" : Term(alias, pushed && !time_patterns_);
    }
    return text;
  }
  std::string Condition(const std::string& alias, int depth) {
    if (depth == 0 || Chance(30)) return Term(alias, false);
    if (Chance(25)) return "NOT (" + Condition(alias, depth - 1) + ")";
    return "(" + Condition(alias, depth - 1) + Pick({" OR ", " OR ", " AND "}) +
           Condition(alias, depth - 1) + ")";
  }
  std::string Term(const std::string& alias, bool pushed) {
    switch (Below(6)) {
      case 0:
      case 1:
        return TagTerm(alias);
      case 2:
        return TsTerm(alias + "ts");
      case 3:
        return TimeTerm(alias + "time", pushed);
      case 4:
        return ValueTerm(alias + "value");
      default:
        return QualityTerm(alias);
    }
  }
  std::string Comparison() { return Pick({"=", "<", "<=", ">", ">=", "<>", "IS", "IS NOT", "=="}); }

  std::string Order(bool& total) {
    std::vector<std::string> keys = {Pick({"tag", "tag", "tag COLLATE NOCASE", TagId(), "quality"}),
                                     Pick({"ts", "ts", "time", "value", "ts % 500000"})};
    if (Chance(30)) std::swap(keys[0], keys[1]);
    if (Chance(20)) keys.erase(keys.begin() + Below(2));
    if (Chance(10)) keys.insert(keys.begin(), Pick({"value", "quality", "typeof(value)"}));
    if (total) {
      keys.push_back("ts");
      keys.push_back("tag");
    }
    bool has_tag = false;
    bool has_ts = false;
    std::string text;
    for (const std::string& key : keys) {
      has_tag |= key == "tag";
      has_ts |= key == "ts" || key == "time";
      text += text.empty() ? " ORDER BY " : ", ";
      text += key + Pick({"", "", " DESC", " ASC"});
      if (Chance(3)) text += Pick({" NULLS FIRST", " NULLS LAST"});
    }
    total = has_tag && has_ts;
    return text;
  }

 private:
  std::string TagTerm(const std::string& alias) {
    const std::string tag = alias + "tag";
    const auto quoted = [&] { return "'" + Tag() + "'"; };
    switch (Below(14)) {
      case 0:
        return tag + " IN (" + quoted() + ", " + quoted() + ", 'none', NULL)";
      case 1:
        return tag + " NOT IN (" + quoted() + ", " + quoted() + ")";
      case 2:
        return tag + " BETWEEN " + quoted() + " AND " + quoted();
      case 3:
        return tag + Pick({" LIKE 'f%'", " LIKE '_1'", " NOT LIKE 'I%'",
                           " LIKE 'i\\_%' ESCAPE '\\'", " LIKE NULL", " LIKE '%'", " LIKE 'F1'"});
      case 4:
        return tag + Pick({" GLOB 'f*'", " GLOB '[iIt]*'", " NOT GLOB 'b*'", " GLOB 'Tag[3]'",
                           " GLOB 'Tag[[]3]'", " GLOB '*'", " GLOB 5", " GLOB NULL"});
      case 5:
        return tag + Pick({" IS NULL", " IS NOT NULL", " = NULL", " > 5", " < x'ff'", " = 5"});
      case 6:
        return tag + " COLLATE NOCASE " + Comparison() + " " + quoted();
      case 7:
        return "(" + tag + ", " + alias + "ts) " + Pick({"=", ">", "<=", "<>"}) + " (" + quoted() +
               ", " + std::to_string(Ts()) + ")";
      case 8: {
        if (new_tags_) return tag + " > 'a'";
        const std::string id = alias + "tag_id";
        if (Chance(30)) return id + " IN (1, 3, '4', 5.0, 99, NULL)";
        return "(" + id + " " + Pick({"<", "<=", "=", ">", ">=", "<>"}) + " " +
               Pick({"0", "3", "4.5", "7", "'2'"}) + ")";
      }
      case 9:
        return quoted() + Pick({" = ", " < ", " >= "}) + tag;
      default:
        return tag + " " + Comparison() + " " + quoted();
    }
  }
  std::string TsTerm(const std::string& ts) {
    const auto number = [&] { return std::to_string(Ts()); };
    switch (Below(12)) {
      case 0:
        return ts + " IN (" + number() + ", " + number() + ", '" + number() + "', NULL, 0.5)";
      case 1:
        return ts + " BETWEEN " + number() + " AND " + number();
      case 2:
        return ts + " " + Comparison() + " " + number() + Pick({".0", ".5", ".25"});
      case 3:
        return ts + Pick({" IS NULL", " IS NOT NULL", " = NULL", " % 500000 = 0", " > 9e18",
                          " < 9e999", " >= -9223372036854775808", " IS NOT NULL", " < NULL",
                          " IS NOT 9.5e300", " > x'00'", " <= x'00'"});
      case 4:
        return ts + " " + Comparison() + " '" + number() + "'";
      case 5:
        return "-" + ts + " < " + number();
      default:
        return ts + " " + Comparison() + " " + number();
    }
  }
  std::string TimeTerm(const std::string& time, bool pushed) {
    const auto text = [&] {
      const int64_t ts = Ts();
      return pushed ? TimeFor(ts, CanonicalTime(ts)) : CanonicalTime(ts);
    };
    switch (Below(8)) {
      case 0:
        return time + " IN (" + text() + ", " + text() + ", " + text() + ")";
      case 1:
        return time + " BETWEEN " + text() + " AND " + text();
      case 2:
        if (!time_patterns_) return time + " IS NOT NULL";
        return time + Pick({" LIKE '1970-01-01 00:00:0%'", " GLOB '*:0[02].*'", " GLOB '2026*'",
                            " NOT LIKE '2026%'", " IS NULL"});
      case 3:
        return time + " = NULL";
      default:
        return time + " " + Comparison() + " " + text();
    }
  }
  std::string ValueTerm(const std::string& value) {
    const auto any = [&] {
      const std::string drawn = ValueFor(Tag());
      return drawn.front() == '{' ? drawn.substr(1, drawn.find('|') - 1) : drawn;
    };
    switch (Below(10)) {
      case 0:
        return value + " IN (" + any() + ", " + any() + ", " + any() + ")";
      case 1:
        return value + " BETWEEN " + any() + " AND " + any();
      case 2:
        return value + Pick({" IS NULL", " IS NOT NULL", " + 1 > 3", " LIKE 'o%'", " GLOB '*n*'",
                             " > x'00'", " < x'00'", " = 9e999", " < -9e999", " NOT NULL"});
      case 3:
        return value + " COLLATE NOCASE " + Comparison() + " " + any();
      case 4:
        return value + " NOT IN (" + any() + ", 5)";
      case 5:
        return value + " " + Comparison() + " " +
               Pick({"9007199254740992", "9007199254740992.0", "9223372036854775807", "9.3e18",
                     "-9223372036854775808", "5.5", "105.5", "110.0", "5.000000001", "0"});
      default:
        return value + " " + Comparison() + " " + any();
    }
  }
  std::string QualityTerm(const std::string& alias) {
    const std::string quality = alias + "quality";
    return quality + Pick({" = 192", " >= 192", " < 64.5", " <> 0", " IN (0, 64, '192')",
                           " BETWEEN 1 AND 200", " IS NULL", " = '192'", " & 192 = 192", " = 'x'",
                           " < 'x'", " IS NOT 64", " > -1", " <= 255", " > NULL", " = 64.0"});
  }

  std::mt19937_64 random_;
  const bool big_integers_;
  const bool new_tags_;
  bool time_patterns_ = false;
};

// SELECTs of every shape.
class RandomSelect {
 public:
  explicit RandomSelect(RandomSql& random) : random_(random) {}

  Step Draw() {
    switch (random_.Below(24)) {
      case 0:
      case 1:
        return Grouped();
      case 2:
        return Join();
      case 3:
        return Correlated();
      case 4:
        return Window();
      case 5:
        return Compound();
      case 6:
        return Cte();
      case 7:
        return Aggregate();
      default:
        return Plain();
    }
  }
  // Of one table and without an aggregate.
  Step Plain() {
    Step step;
    step.kind = Step::Kind::kSelect;
    const bool limited = random_.Chance(35);
    const bool distinct = !limited && random_.Chance(10);
    step.sql = distinct
                   ? "SELECT DISTINCT " + random_.Pick({"tag", "ts", "quality, tag", "time",
                                                        "value", "typeof(value)", "tag, value"})
                   : "SELECT " + random_.Pick({"tag, ts, value", "*", "time, value, quality",
                                               "value", "count(*) OVER (), tag",
                                               "tag || '!', ts / 2, typeof(value), time"});
    if (step.sql == "SELECT *") step.sql = "SELECT tag, time, value, quality, ts";
    step.sql += " FROM @";
    if (random_.Chance(90)) {
      step.sql += " WHERE " + random_.Where("", true);
    }
    if (!distinct && (limited || random_.Chance(70))) {
      step.ordered = limited || random_.Chance(60);
      step.sql += random_.Order(step.ordered);
    }
    if (limited) {
      step.sql += " LIMIT " + std::to_string(random_.Below(12) - 1);
      if (random_.Chance(50)) step.sql += " OFFSET " + std::to_string(random_.Below(15) - 1);
    }
    return step;
  }

 private:
  std::string MaybeWhere(const std::string& alias, bool pushed) {
    return random_.Chance(70) ? " WHERE " + random_.Where(alias, pushed) : "";
  }
  static Step Of(std::string sql, bool ordered = false) {
    Step step;
    step.kind = Step::Kind::kSelect;
    step.sql = std::move(sql);
    step.ordered = ordered;
    return step;
  }
  Step Grouped() {
    std::string columns = random_.Pick(
        {"count(*), min(ts), max(time)", "count(value), sum(quality)", "min(value), max(value)",
         "count(DISTINCT quality)", "max(ts), value, quality", "min(ts), value, time"});
    if (random_.sums_are_exact() && random_.Chance(40)) columns += ", sum(value), avg(quality)";
    const std::string key =
        random_.Pick({"tag", "tag", random_.TagId(), "ts", "ts / 1000000", "quality", "time",
                      "substr(time, 1, 19)", "tag, quality", "typeof(value)"});
    // Bare columns are of one row only where the group's extreme time is.
    if (key != "tag" && key != "tag_id" && columns.find("), value") != std::string::npos) {
      columns = "count(*)";
    }
    std::string sql =
        "SELECT " + key + ", " + columns + " FROM @" + MaybeWhere("", true) + " GROUP BY " + key;
    if (random_.Chance(25)) sql += " HAVING count(*) > " + std::to_string(random_.Below(6));
    if (random_.Chance(25)) return Of(sql + " ORDER BY " + key + " DESC", false);
    return Of(sql);
  }
  Step Aggregate() {
    std::string columns = random_.Pick(
        {"count(*)", "min(ts)", "max(ts)", "min(ts), max(ts), count(*)", "max(time)", "min(tag)",
         "max(value)", "count(DISTINCT tag)", "min(time), max(tag)", "sum(quality), count(value)",
         "max(tag)", "min(value)", "max(quality), count(*) FILTER (WHERE quality < 192)"});
    return Of("SELECT " + columns + " FROM @" + MaybeWhere("", true));
  }
  // SQLite 3.40 loses rows of a.tag = b.tag AND a.tag COLLATE NOCASE = 'X', of its own tables, too,
  // where b is the outer one: it concludes that b.tag = 'X'.
  static std::string WithoutCollation(std::string where) {
    constexpr std::string_view kCollation = " COLLATE NOCASE";
    for (size_t at = where.find(kCollation); at != std::string::npos; at = where.find(kCollation)) {
      where.erase(at, kCollation.size());
    }
    return where;
  }
  Step Join() {
    const std::string tag_a = "'" + random_.Tag() + "'";
    const std::string tag_b = "'" + random_.Tag() + "'";
    const std::string where = WithoutCollation(random_.Where("a.", false));
    switch (random_.Below(7)) {
      case 0:
        return Of("SELECT a.ts, a.value, b.value FROM @ a JOIN @ b ON a.ts = b.ts WHERE a.tag = " +
                  tag_a + " AND b.tag = " + tag_b + " AND " + where);
      case 1:
        return Of(
            "SELECT t.site, a.tag, a.ts, a.value FROM tags t JOIN @ a ON a.tag = t.name AND " +
            where + " WHERE t.kind = 'real'");
      case 2:
        return Of("SELECT t.name, a.ts, a.value FROM tags t LEFT JOIN @ a ON a.tag = t.name AND " +
                  where + random_.Pick({"", " WHERE a.ts IS NULL", " WHERE a.value IS NULL"}));
      case 3:
        return Of(
            "SELECT a.tag, a.ts, b.tag, b.value FROM @ a LEFT JOIN @ b ON b.ts = a.ts AND "
            "b.tag = " +
            tag_b + " WHERE " + where);
      case 4:
        return Of("SELECT a.ts, b.ts FROM @ a, @ b WHERE a.tag = " + tag_a + " AND b.tag = " +
                  tag_b + " AND b.ts BETWEEN a.ts - 250000 AND a.ts + 250000 AND " + where);
      case 5:
        return Of(
            "SELECT a.tag, count(*), max(a.ts) FROM @ a JOIN tags t ON t.name = a.tag WHERE " +
            where + " GROUP BY a.tag");
      default:
        return Of("SELECT a.tag, a.ts, b.tag FROM @ a JOIN @ b USING (tag, ts) WHERE " + where +
                      " ORDER BY a.tag, a.ts DESC",
                  true);
    }
  }
  Step Correlated() {
    const std::string where = random_.Where("a.", false);
    switch (random_.Below(5)) {
      case 0:
        return Of(
            "SELECT a.tag, a.ts, (SELECT b.value FROM @ b WHERE b.tag = a.tag AND b.ts < a.ts "
            "ORDER BY b.ts DESC LIMIT 1) FROM @ a WHERE " +
            where);
      case 1:
        return Of(
            "SELECT a.tag, a.ts FROM @ a WHERE EXISTS (SELECT 1 FROM @ b WHERE b.ts = a.ts AND "
            "b.tag > a.tag) AND " +
            where);
      case 2:
        return Of("SELECT a.tag, a.ts FROM @ a WHERE a.ts IN (SELECT ts FROM @ WHERE " +
                  random_.Where("", true) + ") AND " + where);
      case 3:
        return Of(
            "SELECT t.name, (SELECT max(ts) FROM @ WHERE tag = t.name), (SELECT count(*) FROM "
            "@ a WHERE a.tag = t.name AND " +
                where + ") FROM tags t ORDER BY t.name",
            true);
      default:
        return Of(
            "SELECT a.tag, a.ts FROM @ a WHERE a.tag IN (SELECT name FROM tags WHERE site = "
            "'a') AND " +
                where + " ORDER BY a.tag, a.ts",
            true);
    }
  }
  Step Window() {
    const std::string over =
        random_.Pick({"lag(value) OVER (PARTITION BY tag ORDER BY ts)",
                      "lead(ts) OVER (PARTITION BY tag ORDER BY ts DESC)",
                      "row_number() OVER (ORDER BY ts, tag)", "count(*) OVER (PARTITION BY tag)",
                      "sum(quality) OVER (PARTITION BY tag ORDER BY ts ROWS 3 PRECEDING)",
                      "first_value(value) OVER (PARTITION BY tag ORDER BY time)",
                      "max(ts) OVER (ORDER BY ts, tag RANGE UNBOUNDED PRECEDING)",
                      "rank() OVER (PARTITION BY quality ORDER BY tag, ts DESC)"});
    const std::string inner =
        "SELECT tag, ts, quality, " + over + " AS w FROM @" + MaybeWhere("", true);
    if (random_.Chance(50)) return Of(inner);
    return Of("SELECT * FROM (" + inner + ") WHERE tag = '" + random_.Tag() + "'");
  }
  Step Compound() {
    const auto part = [&] {
      return "SELECT tag, ts, value FROM @ WHERE " + random_.Where("", true);
    };
    std::string sql =
        part() + random_.Pick({" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "}) + part();
    if (random_.Chance(40)) sql = "SELECT tag, count(*) FROM (" + sql + ") GROUP BY tag";
    return Of(sql);
  }
  Step Cte() {
    const std::string materialized = random_.Pick({"", "", "MATERIALIZED ", "NOT MATERIALIZED "});
    const std::string cte = "WITH c AS " + materialized +
                            "(SELECT tag, ts, +value AS value, quality FROM @ " + "WHERE " +
                            random_.Where("", true) + ") ";
    switch (random_.Below(3)) {
      case 0:
        return Of(cte + "SELECT tag, ts, value FROM c WHERE quality > 0 ORDER BY ts DESC, tag",
                  true);
      case 1:
        return Of(cte +
                  "SELECT a.tag, a.ts, b.value FROM c a JOIN c b ON a.tag = b.tag AND b.ts = "
                  "a.ts");
      default:
        return Of(cte + "SELECT count(*), (SELECT max(ts) FROM c) FROM c");
    }
  }

  RandomSql& random_;
};

}  // namespace xtdb
