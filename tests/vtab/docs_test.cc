// The documents cannot say what is not so: their blocks run in order, each document in one
// connection. A block ```sql
// must succeed and ```sql error fail; a block ```text right behind one is what the last statement
// gives, in the way of the sqlite3 shell (columns apart by |), or a part of the error.

#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {
namespace {

struct DocBlock {
  size_t line = 0;  // of its first line
  std::string info;
  std::string text;
  std::optional<std::string> answer;
};

std::vector<DocBlock> BlocksOf(std::istream& document) {
  std::vector<DocBlock> blocks;
  std::string line;
  size_t number = 0;
  bool inside = false;
  bool adjacent = false;  // nothing but blank lines since the last block
  while (std::getline(document, line)) {
    ++number;
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) blocks.push_back({number + 1, line.substr(3), "", std::nullopt});
      const size_t count = blocks.size();
      if (!inside && count > 1 && adjacent && blocks.back().info == "text") {
        blocks[count - 2].answer = blocks.back().text;
        blocks.pop_back();
      }
      adjacent = true;
    } else if (inside) {
      blocks.back().text += line + "\n";
    } else if (!line.empty()) {
      adjacent = false;
    }
  }
  EXPECT_FALSE(inside) << "a block is not closed";
  return blocks;
}

std::string AsShell(sqlite3_stmt* statement) {
  std::string row;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
    row += (i == 0 ? "" : "|") + std::string(text == nullptr ? "" : text);
  }
  return row + "\n";
}

struct BlockOutcome {
  std::string error;  // "" if there is none
  std::string rows;   // of the last statement
};

BlockOutcome RunBlock(sqlite3* db, const std::string& sql) {
  BlockOutcome outcome;
  const char* rest = sql.c_str();
  while (*rest != '\0') {
    sqlite3_stmt* statement = nullptr;
    int code = sqlite3_prepare_v2(db, rest, -1, &statement, &rest);
    if (code == SQLITE_OK && statement != nullptr) {
      outcome.rows.clear();
      while ((code = sqlite3_step(statement)) == SQLITE_ROW) outcome.rows += AsShell(statement);
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) outcome.error = sqlite3_errmsg(db);
    sqlite3_finalize(statement);
    if (!outcome.error.empty()) break;
  }
  return outcome;
}

void CheckAnswer(const DocBlock& block, const BlockOutcome& outcome) {
  if (!block.answer) return;
  if (block.info == "sql") {
    EXPECT_EQ(outcome.rows, *block.answer);
    return;
  }
  std::string part = *block.answer;
  while (part.ends_with('\n')) part.pop_back();
  EXPECT_THAT(outcome.error, testing::HasSubstr(part));
}

// Runs the blocks of a document; returns how many there are.
size_t RunDocument(const std::string& name) {
  std::ifstream document(XTDB_SOURCE_DIR "/docs/" + name);
  EXPECT_TRUE(document) << name << " is missing";
  TemporaryDirectory folder;
  TestDatabase db(folder / "plant.db");
  size_t count = 0;
  for (const DocBlock& block : BlocksOf(document)) {
    if (!block.info.starts_with("sql")) continue;
    SCOPED_TRACE("docs/" + name + ":" + std::to_string(block.line));
    ++count;
    const BlockOutcome outcome = RunBlock(db.get(), block.text);
    if (block.info == "sql") {
      EXPECT_EQ(outcome.error, "") << block.text;
    } else {
      EXPECT_EQ(block.info, "sql error");
      EXPECT_NE(outcome.error, "") << "no error: " << block.text;
    }
    CheckAnswer(block, outcome);
  }
  return count;
}

std::set<std::string> NamesOf(sqlite3* db, const std::string& what) {
  std::set<std::string> names;
  TestStatement statement(db, "SELECT DISTINCT name FROM " + what);
  while (statement.Step() == SQLITE_ROW) names.insert(statement.Values().front());
  return names;
}

TEST(DocsTest, TheReferenceNamesEveryFunction) {
  std::ifstream document(XTDB_SOURCE_DIR "/docs/sql.md");
  const std::string text((std::istreambuf_iterator<char>(document)), {});
  sqlite3_reset_auto_extension();
  sqlite3* plain = nullptr;
  ASSERT_EQ(sqlite3_open(":memory:", &plain), SQLITE_OK);
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(sqlite3_xtdb_init));
  TestDatabase db(":memory:");
  size_t count = 0;
  for (const std::string what : {"pragma_function_list", "pragma_module_list"}) {
    const std::set<std::string> of_host = NamesOf(plain, what);
    for (const std::string& name : NamesOf(db.get(), what)) {
      if (of_host.contains(name) && !name.starts_with("xtdb")) continue;
      ++count;
      const bool is_named = text.find("`" + name + "(") != std::string::npos ||
                            text.find(name + "(") != std::string::npos ||
                            text.find("`" + name + "`") != std::string::npos;
      EXPECT_TRUE(is_named) << name;
    }
  }
  EXPECT_GT(count, 100u);
  sqlite3_close(plain);
}

TEST(DocsTest, TheReferenceDoesWhatItSays) { EXPECT_GT(RunDocument("sql.md"), 80u); }

TEST(DocsTest, WhatOneMovesFromDoesWhatItSays) { EXPECT_GT(RunDocument("migration.md"), 3u); }

TEST(DocsTest, WhatAnOperatorAsksDoesWhatItSays) { EXPECT_GT(RunDocument("operations.md"), 4u); }

}  // namespace
}  // namespace xtdb
