#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>

#include "bench/common/text.h"
#include "bench/common/timing.h"
#include "bench/compare/works.h"

namespace xtdb::bench {
namespace {

struct Query {
  std::string work;
  ReadKind kind;
  Reach reach;
  size_t repeats;         // in a run, each with another key
  bool compares = true;   // the stores' answers
  bool prepares = false;  // within the time
};

std::string RowsOf(size_t rows) { return WithCommas(rows) + " rows"; }

std::vector<Query> Queries(size_t rows_per_tag, size_t rows, size_t tags) {
  const size_t hour = std::min<size_t>(3600, rows_per_tag);
  const std::string range = "one hour of one tag, " + RowsOf(hour);
  const std::string whole = "one tag, " + RowsOf(rows_per_tag);
  // The figures to reach of whole tags are of 100,000 rows, of all tags of 10 M.
  const double scale = static_cast<double>(rows_per_tag) / 100'000;
  const std::string all =
      fmt::format("hourly count/avg/min/max of {} tags, {}", tags, RowsOf(rows));
  return {
      {"one point by tag and time", ReadKind::kPoint, {.value = 0.009}, 200},
      {"one point by tag and time, with prepare", ReadKind::kPoint, {}, 200, true, true},
      {range + ", three columns", ReadKind::kRange, {.value = 0.65}, 20},
      {range + ", as vectors", ReadKind::kRangeVectors, {.value = 0.05}, 20, false},
      {whole + ", three columns", ReadKind::kWholeTag, {.value = 18 * scale}, 5},
      {whole + ", as vectors", ReadKind::kWholeTagVectors, {.value = 1 * scale}, 5, false},
      {"hourly count/avg/min/max of one tag, GROUP BY", ReadKind::kHourlyOfTag, {}, 5},
      {"hourly count/avg/min/max of one tag",
       ReadKind::kHourlyOfTagByCall,
       {.value = 0.5 * scale},
       5},
      {all + ", GROUP BY", ReadKind::kHourlyOfAll, {}, 1},
      {all, ReadKind::kHourlyOfAllByCall, {.value = 40 * scale}, 1},
      {fmt::format("newest value of {} tags", tags), ReadKind::kNewest, {.value = 0.1}, 20},
      {"count of value > x in one tag, " + RowsOf(rows_per_tag),
       ReadKind::kCountAbove,
       {.value = 1.5 * scale},
       5},
  };
}

// The same keys for every store.
std::vector<ReadKey> KeysOf(const Dataset& data, size_t count) {
  std::mt19937_64 random(7);
  std::vector<ReadKey> keys;
  const int64_t hours = std::max<int64_t>(1, (data.ts_us.back() - kStartUs) / kHourUs);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = random() % data.size();
    ReadKey key;
    key.tag_number = data.tag[row];
    key.tag = data.tags[key.tag_number];
    key.from_us = data.ts_us[row];
    key.bound = 20;
    keys.push_back(key);
  }
  // A range begins at a full hour, half a second before its first point.
  for (ReadKey& key : keys) key.to_us = key.from_us + 1;
  for (size_t i = 0; i < count; ++i) {
    const auto hour = static_cast<int64_t>(random() % static_cast<uint64_t>(hours));
    keys.push_back(keys[i]);
    keys.back().from_us = kStartUs + hour * kHourUs - kSecondUs / 2;
    keys.back().to_us = keys.back().from_us + kHourUs;
  }
  return keys;
}

bool IsSame(const Answer& a, const Answer& b) {
  return a.rows == b.rows && std::abs(a.sum - b.sum) <= 1e-9 * std::max(1.0, std::abs(a.sum));
}

// One open store with its column; DuckDB has two.
struct Side {
  Column column;
  std::unique_ptr<Store> store;
};

class ReadContest {
 public:
  explicit ReadContest(Contest& contest) : contest_(contest) {
    for (const auto& contender : contest.contenders()) Open(*contender, contender->column());
    if (contest.duckdb() != nullptr) Open(*contest.duckdb(), Column::kDuckdbSorted);
  }

  void Run(const Query& query, std::span<const ReadKey> keys) {
    const Table::Row row = contest_.table().AddRow(query.work, "ms", Better::kSmaller, query.reach);
    std::vector<std::unique_ptr<Reader>> readers;
    for (const Side& side : sides_) readers.push_back(side.store->PrepareRead(query.kind));
    if (query.compares) Compare(query, readers, keys.front());
    for (int run = 0; run < contest_.options().runs; ++run) {
      for (size_t i = 0; i < sides_.size(); ++i) {
        const size_t at = (i + static_cast<size_t>(run)) % sides_.size();
        if (readers[at] == nullptr) continue;
        const double seconds = SecondsOf([&] { ReadAll(query, at, *readers[at], keys); });
        contest_.table().Add(row, sides_[at].column,
                             1e3 * seconds / static_cast<double>(keys.size()));
      }
    }
  }

 private:
  void Open(Contender& contender, Column column) {
    sides_.push_back({column, contender.Open(contest_.LoadedFolder(column))});
  }

  void ReadAll(const Query& query, size_t side, Reader& reader, std::span<const ReadKey> keys) {
    for (const ReadKey& key : keys) {
      if (query.prepares)
        sides_[side].store->PrepareRead(query.kind)->Read(key);
      else
        reader.Read(key);
    }
  }

  // A store that answers otherwise would be measured at something else.
  void Compare(const Query& query, const std::vector<std::unique_ptr<Reader>>& readers,
               const ReadKey& key) {
    const Reader* first = nullptr;
    Answer expected;
    for (const auto& reader : readers) {
      if (reader == nullptr) continue;
      const Answer answer = reader->Read(key);
      if (first != nullptr && !IsSame(answer, expected)) {
        Fail(fmt::format("answers differ: {}: {} rows, sum {}; {} rows, sum {}", query.work,
                         expected.rows, expected.sum, answer.rows, answer.sum));
      }
      first = reader.get();
      expected = answer;
    }
  }

  Contest& contest_;
  std::vector<Side> sides_;
};

}  // namespace

void RunReadsWork(Contest& contest) {
  constexpr size_t kKeys = 200;
  ReadContest reads(contest);
  const Dataset& data = contest.Points(Contest::Kind::kG100);
  const std::vector<ReadKey> keys = KeysOf(data, kKeys);
  const auto queries = Queries(data.size() / data.tags.size(), data.size(), data.tags.size());
  for (const Query& query : queries) {
    const bool is_point = query.kind == ReadKind::kPoint;
    reads.Run(query, std::span(keys).subspan(is_point ? 0 : kKeys, query.repeats));
  }
}

}  // namespace xtdb::bench
