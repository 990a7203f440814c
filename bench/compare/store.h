#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "bench/compare/dataset.h"

namespace xtdb::bench {

enum class ReadKind : uint8_t {
  kPoint,              // value at `from`
  kRange,              // ts, value, quality in [from, to)
  kWholeTag,           // the same, all of the tag
  kRangeVectors,       // like kRange, columns in BLOBs
  kWholeTagVectors,    // like kWholeTag
  kHourlyOfTag,        // hour, count, avg, min, max, by GROUP BY
  kHourlyOfTagByCall,  // the same, where the store has a function for it
  kHourlyOfAll,        // tag, and the same
  kHourlyOfAllByCall,
  kNewest,      // tag, ts, value of each tag's newest point
  kCountAbove,  // number of points above `bound`
};

struct ReadKey {
  std::string tag;
  uint32_t tag_number = 0;  // its place in the dataset
  int64_t from_us = 0;
  int64_t to_us = 0;
  double bound = 0;
};

// Of all rows and columns, so that every column is read and stores can be compared. Text counts 0.
struct Answer {
  size_t rows = 0;
  double sum = 0;
};

// A prepared query. Ends before its store.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Answer Read(const ReadKey& key) = 0;
};

// One open database with one table of points; its end closes it. Commits are durable when they
// return. Errors end the program.
class Store {
 public:
  virtual ~Store() = default;
  virtual void Begin() = 0;
  virtual void Commit() = 0;
  // One prepared INSERT with the tag's name for each of the rows [begin, end).
  virtual void Insert(const Dataset& dataset, size_t begin, size_t end) = 0;
  // The fastest way into the store for rows of mixed tags; Insert where there is no other.
  virtual void Append(const Dataset& dataset, size_t begin, size_t end) {
    Insert(dataset, begin, end);
  }
  // All of `series`, tag by tag, by the store's way for batches. False: it has none.
  virtual bool AppendSeries(const Dataset&, const std::vector<TagSeries>&) { return false; }
  // Null: the store, or this version of it, cannot do that.
  virtual std::unique_ptr<Reader> PrepareRead(ReadKind kind) = 0;
  // Makes what is stored as small as the store can. False: there is no way.
  virtual bool Compact() = 0;
};

// The order of the table's columns.
enum class Column : uint8_t { kXtdb, kSqlite, kDuckdb, kDuckdbSorted };
inline constexpr size_t kColumns = 4;

// One kind of store.
class Contender {
 public:
  virtual ~Contender() = default;
  virtual Column column() const = 0;
  virtual std::string version() const = 0;
  // Opens the database in `folder`, or makes one with an empty table.
  virtual std::unique_ptr<Store> Open(const std::filesystem::path& folder) = 0;
  // More INSERTs than these would take longer than all the rest.
  virtual size_t InsertsMax() const { return SIZE_MAX; }
};

}  // namespace xtdb::bench
