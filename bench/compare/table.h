#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bench/compare/store.h"

namespace xtdb::bench {

inline constexpr const char* kBytes = "bytes";  // the unit of sizes

enum class Better : uint8_t { kLarger, kSmaller };

// A number that xTdb is to reach.
struct Reach {
  double value = 0;        // 0: none
  double over_sqlite = 0;  // times better than; 0: none
  double over_duckdb = 0;
};

// The one table: a row for each work, a column for each store, medians of what was measured.
class Table {
 public:
  using Row = size_t;
  Row AddRow(std::string work, std::string unit, Better better, Reach reach = {});
  void Add(Row row, Column column, double measured);
  bool has(Row row, Column column) const;
  double MedianOf(Row row, Column column) const;
  void AddNote(std::string note) { notes_.push_back(std::move(note)); }
  // with_duckdb: false puts "not installed" into its columns.
  // judges: says whether what is to be reached is reached; sizes are judged in any case.
  void Print(bool with_duckdb, bool judges) const;

 private:
  struct Line {
    std::string work;
    std::string unit;
    Better better;
    Reach reach;
    std::array<std::vector<double>, kColumns> measured;
  };
  std::string Cell(const Line& line, Column column, bool with_duckdb) const;
  // How many times better xTdb is than the better of `peers`; none if either was not measured.
  static std::optional<double> RatioTo(const Line& line, std::initializer_list<Column> peers);
  static std::string Verdict(const Line& line, bool judges);

  std::vector<Line> lines_;
  std::vector<std::string> notes_;
};

}  // namespace xtdb::bench
