#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace xtdb {

// Numbers the tag names of an import from 0, in the order in which they come.
//
// Threads: one at a time.
class CsvTagTable {
 public:
  CsvTagTable();

  // The number of `name`; a new one gets the next. Files repeat their tags in turn, so that the tag
  // that followed the last one before is tried first.
  uint32_t Number(std::string_view name);
  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  std::string_view name(uint32_t number) const { return entries_[number].name; }

 private:
  struct Entry {
    std::string_view name;  // in names_
    uint64_t hash;
    uint32_t next;  // what followed it the last time
  };

  uint32_t Look(std::string_view name);
  uint32_t Add(std::string_view name, uint64_t hash);
  void Grow();

  std::deque<std::string> names_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // number + 1, or 0; a power of two of them, at most half in use
  uint32_t last_ = 0;
};

}  // namespace xtdb
