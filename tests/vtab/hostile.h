#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "tests/vtab/sql_fixture.h"

namespace xtdb {

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// The table `plant` with three points, in a database that a stranger then edits.
class HostileTest : public SqlTest {
 protected:
  HostileTest() {
    Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 3)");
  }
  static constexpr const char* kAllPoints = "a 1 1, a 2 2, b 1 3";

  // Puts another statement in the place of the one that made `name`.
  void EditSchema(const std::string& name, const std::string& sql) {
    Run("PRAGMA writable_schema = ON");
    Run("UPDATE sqlite_schema SET sql = '" + Doubled(sql) + "' WHERE name = '" + name + "'");
    Run("PRAGMA writable_schema = OFF");
    Reopen();
  }
  void EditConfig(const std::string& key, const std::string& value) {
    Run("REPLACE INTO plant_config VALUES ('" + key + "', '" + Doubled(value) + "')");
    Reopen();
  }
  void DropConfig() {
    Run("DROP TABLE plant_config");
    Reopen();
  }
  static std::string Doubled(const std::string& text) {
    std::string doubled;
    for (const char c : text) doubled += c == '\'' ? "''" : std::string(1, c);
    return doubled;
  }
};

}  // namespace xtdb
