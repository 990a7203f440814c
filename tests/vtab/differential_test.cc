#include <cstdio>
#include <functional>

#include "tests/vtab/differential_pair.h"
#include "tests/vtab/random_sql.h"
#include "tests/vtab/random_write.h"

namespace xtdb {
namespace {

// Draws a session of one connection, which closes now and then.
class SessionScript {
 public:
  explicit SessionScript(uint64_t seed) : random_(seed), select_(random_), write_(random_) {}

  Step Draw() {
    const int dice = random_.Below(1000);
    if (dice < 90) return Transaction();
    if (dice < 105 && !in_transaction_) {
      return Once(random_.Pick({"SELECT xtdb_flush('x')", "SELECT xtdb_flush('x')",
                                "SELECT xtdb_flush('x')", "SELECT xtdb_seal('x')",
                                "SELECT xtdb_seal('x')", "SELECT xtdb_compact('x')"}));
    }
    if (dice < 108) return Reopen();
    if (dice < 150) return Cursor();
    if (dice < 230) return Prepared();
    if (dice < 560) return write_.Draw();
    return select_.Draw();
  }

 private:
  static Step Once(std::string sql) {
    Step step;
    step.sql = std::move(sql);
    return step;
  }
  Step Reopen() {
    in_transaction_ = false;
    savepoints_ = cursors_ = 0;
    Step step;
    step.kind = Step::Kind::kReopen;
    return step;
  }
  Step Transaction() {
    if (!in_transaction_ && savepoints_ == 0 && random_.Chance(60)) {
      in_transaction_ = true;
      return Once(random_.Pick({"BEGIN", "BEGIN IMMEDIATE"}));
    }
    if (savepoints_ == 0 && in_transaction_ && random_.Chance(40)) {
      in_transaction_ = false;
      return Ending(random_.Chance(60) ? "COMMIT" : "ROLLBACK");
    }
    if (savepoints_ == 0 || (savepoints_ < 4 && random_.Chance(40))) {
      return Once("SAVEPOINT s" + std::to_string(savepoints_++));
    }
    const int level = random_.Below(savepoints_);
    const std::string name = "s" + std::to_string(level);
    if (random_.Chance(50)) {
      savepoints_ = level + 1;
      return Ending("ROLLBACK TO " + name);
    }
    savepoints_ = level;
    return level == 0 && !in_transaction_ ? Ending("RELEASE " + name) : Once("RELEASE " + name);
  }
  // What a cursor of the transaction sees from then on is not laid down.
  static Step Ending(std::string sql) {
    Step step = Once(std::move(sql));
    step.cancels_cursors = true;
    return step;
  }
  Step Cursor() {
    Step step;
    if (cursors_ < 2 && random_.Chance(40)) {
      // Which of two statements that wait opens a cursor late is not known, so only one may.
      const bool complex = cursors_ == 0 && random_.Chance(30);
      step = complex ? select_.Draw() : select_.Plain();
      step.kind = Step::Kind::kOpenCursor;
      if (!complex && random_.Chance(10)) step.sql = "SELECT name FROM tags ORDER BY name";
      cursors_ += complex ? 2 : 1;
      return step;
    }
    step.kind = Step::Kind::kStepCursors;
    step.number = 1 + random_.Below(20);
    if (random_.Chance(30)) {
      step.kind = Step::Kind::kCloseCursors;
      cursors_ = 0;
    }
    return step;
  }
  Step Prepared() {
    Step step;
    step.kind = Step::Kind::kPrepared;
    const std::string tag = random_.Tag();
    const std::string tag_text = "'" + tag + "'";
    const auto ts = [&] { return std::to_string(random_.Ts()); };
    switch (random_.Below(7)) {
      case 0:
        step.sql = "SELECT ts, value FROM @ WHERE tag = ? AND ts >= ? ORDER BY ts DESC LIMIT ?";
        step.arguments = {random_.Chance(5) ? "NULL" : tag_text, ts(),
                          std::to_string(random_.Below(9) - 1)};
        step.ordered = true;
        break;
      case 1: {
        step.sql = "SELECT time, tag, quality FROM @ WHERE time BETWEEN ? AND ? AND value > ?";
        const int64_t from = random_.Ts();
        const int64_t to = random_.Ts();
        step.arguments = {random_.TimeFor(from, RandomSql::CanonicalTime(from)),
                          random_.TimeFor(to, RandomSql::CanonicalTime(to)), random_.Quarter()};
        // An argument is one literal, so the choice stands around the quotes.
        for (int i : {0, 1}) {
          std::string& text = step.arguments[static_cast<size_t>(i)];
          text = "{" + text.substr(1, text.find('|') - 1) + "|" +
                 RandomSql::CanonicalTime(i == 0 ? from : to) + "}";
        }
        break;
      }
      case 2:
        step.sql = "{INSERT|INSERT OR REPLACE} INTO @(tag, ts, value, quality) VALUES (?, ?, ?, ?)";
        step.arguments = {tag_text, random_.Chance(4) ? "NULL" : ts(), Literal(tag), "64"};
        break;
      case 3:
        step.sql = "INSERT OR IGNORE INTO @(tag, ts, value, quality) VALUES (?, ?, ?, ?)";
        step.arguments = {tag_text, ts(), Literal(tag), "192"};
        break;
      case 4:
        step.sql = "DELETE FROM @ WHERE tag = ? AND ts BETWEEN ? AND ?";
        step.arguments = {tag_text, ts(), ts()};
        break;
      case 5:
        step.sql = "SELECT tag, ts FROM @ WHERE tag IN (?, ?) OR ts IN (?, ?)";
        step.arguments = {tag_text, "'" + random_.Tag() + "'", ts(), ts()};
        break;
      default:
        step.sql = "UPDATE @ SET quality = ? WHERE tag GLOB ? AND ts < ?";
        step.arguments = {std::to_string(random_.Below(256)), random_.Pick({"'f*'", "'*1'", "'['"}),
                          ts()};
    }
    return step;
  }
  // Bound, 5 and 5.0 cannot differ between the two.
  std::string Literal(const std::string& tag) {
    std::string value = random_.ValueFor(tag);
    if (value.front() == '{' || value == "9e999") value = "1.5";
    return value;
  }

  RandomSql random_;
  RandomSelect select_;
  RandomWrite write_;
  bool in_transaction_ = false;
  int savepoints_ = 0;
  int cursors_ = 0;
};

// What is wrong with the first step at which the tables differ; `failed_at` is its index.
std::optional<std::string> RunAll(const std::vector<Step>& steps, size_t& failed_at) {
  TablePair pair(1);
  for (failed_at = 0; failed_at < steps.size(); ++failed_at) {
    if (auto wrong = pair.Run(steps[failed_at])) return wrong;
  }
  return {};
}

// The steps without those that the failure does not need, as far as `attempts` go.
std::vector<Step> Shrink(std::vector<Step> steps, int attempts) {
  for (size_t part = steps.size() / 2; part > 0 && attempts > 0; part /= 2) {
    for (size_t end = steps.size() - 1; end > 0 && attempts > 0; --attempts) {
      const size_t begin = end > part ? end - part : 0;
      std::vector<Step> fewer(steps.begin(), steps.begin() + static_cast<ptrdiff_t>(begin));
      fewer.insert(fewer.end(), steps.begin() + static_cast<ptrdiff_t>(end), steps.end());
      size_t failed_at = 0;
      if (RunAll(fewer, failed_at)) {
        fewer.resize(failed_at + 1);
        steps = std::move(fewer);
        end = std::min(begin, steps.size() - 1);
      } else {
        end = begin;
      }
    }
  }
  return steps;
}

std::string Describe(const std::vector<Step>& steps) {
  static constexpr const char* kKinds[] = {"once",         "write",        "select",
                                           "prepared",     "reopen",       "open cursor",
                                           "step cursors", "close cursors"};
  std::string text;
  for (const Step& step : steps) {
    text +=
        std::string(kKinds[static_cast<size_t>(step.kind)]) + ": " + Render(step.sql, Side::kXtdb);
    for (const std::string& argument : step.arguments) text += " ? " + argument;
    text += "\n";
  }
  return text;
}

// Goal: a session on an xtdb table answers as one on a table of SQLite's own. Method: the same
// statements on both, compared one by one, and each SELECT a third time without pushdown.
void CompareSessions(uint64_t seed, int statements) {
  SessionScript script(seed);
  std::vector<Step> steps;
  std::optional<std::string> wrong;
  {
    TablePair pair;
    while (!wrong && static_cast<int>(steps.size()) < statements) {
      steps.push_back(script.Draw());
      wrong = pair.Run(steps.back());
    }
  }
  if (!wrong) return;
  std::vector<Step> shrunk = Shrink(steps, 400);
  size_t failed_at = 0;
  const std::optional<std::string> still = RunAll(shrunk, failed_at);
  ADD_FAILURE() << "seed " << seed << ", statement " << steps.size() << ": " << *wrong
                << "\nshrunk to\n"
                << Describe(shrunk) << still.value_or("passes");
}

// A sanitizer makes a statement ten times as slow; memory errors need no long session.
#ifdef XTDB_SANITIZED
constexpr int kStatements = 700;
constexpr uint64_t kPartitionSeeds = 1;
#else
constexpr int kStatements = 10'000;
constexpr uint64_t kPartitionSeeds = 8;
#endif

class DifferentialTest : public testing::TestWithParam<int> {};

TEST_P(DifferentialTest, ASessionAnswersAsAPlainTableDoes) {
  CompareSessions(static_cast<uint64_t>(GetParam()), kStatements);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DifferentialTest, testing::Range(0, 11));

TEST(DifferentialLongTest, SessionsAnswerAsPlainTablesDo) {
  for (uint64_t seed = 1000; seed < 1040; ++seed) CompareSessions(seed, 25'000);
}

// Goal: WHERE p, WHERE NOT p and WHERE p IS NULL part the table, and counting the rows where p is
// true without any WHERE gives the same.
TEST(PartitionTest, AConditionItsNegationAndItsNullPartTheTable) {
  for (uint64_t seed = 0; seed < kPartitionSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed=" << seed);
    SessionScript script(seed + 500);
    TablePair pair;
    for (int i = 0; i < 400; ++i) pair.Run(script.Draw());
    RandomSql random(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
      const std::string where = "(" + Render(random.Condition("", 3), Side::kXtdb) + ")";
      const std::string part = "SELECT tag, ts, value FROM x WHERE ";
      TestDatabase& db = pair.database();
      EXPECT_EQ(db.Line(part + where + " UNION ALL " + part + "NOT " + where + " UNION ALL " +
                        part + where + " IS NULL ORDER BY tag, ts"),
                db.Line("SELECT tag, ts, value FROM x ORDER BY tag, ts"))
          << where;
      EXPECT_EQ(db.Line("SELECT count(*), min(ts), max(time) FROM x WHERE " + where),
                db.Line("SELECT count(CASE WHEN " + where + " THEN 1 END), min(CASE WHEN " + where +
                        " THEN ts END), max(CASE WHEN " + where + " THEN time END) FROM x"))
          << where;
    }
  }
}

}  // namespace
}  // namespace xtdb
