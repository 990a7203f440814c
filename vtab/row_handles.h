#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/base/status.h"
#include "engine/base/types.h"

namespace xtdb {

// The name of a point apart from its version: what a rowid stands for.
struct PointKey {
  TagId tag = kNoTag;
  int64_t ts_us = 0;
  friend bool operator==(const PointKey&, const PointKey&) = default;
};

struct PointKeyHash {
  size_t operator()(const PointKey& key) const {
    const uint64_t mixed =
        (static_cast<uint64_t>(key.ts_us) ^ (uint64_t{key.tag} << 32 | key.tag)) *
        0x9E3779B97F4A7C15ULL;
    return static_cast<size_t>(mixed ^ (mixed >> 29));
  }
};

// The rowids of a connection. (tag, ts) does not fit in 64 bits, so the pairs of tag and time
// window that the connection has handed out are numbered:
//   rowid = pair number << 35 | ts - begin of the window of 2^35 us
// The same point has the same rowid as long as the connection lives, whatever is committed, flushed
// or compacted, and a number never comes to mean another pair. Threads: one connection's.
class RowHandles {
 public:
  static constexpr int kWindowBits = 35;  // about 9.5 hours
  static constexpr int kPairNumberBits = 28;

  // The pair that a caller has asked for last, so that its next point costs no look-up.
  struct Hint {
    int64_t window = 0;
    TagId tag = kNoTag;
    uint32_t number = 0;
  };
  // kResourceExhausted: all numbers are given out.
  Result<int64_t> HandleOf(PointKey key, Hint& hint) {
    const int64_t window = WindowOf(key.ts_us);
    if (hint.tag != key.tag || hint.window != window) {
      XTDB_RETURN_IF_ERROR(Number(key.tag, window, hint));
    }
    const int64_t offset = key.ts_us - window * (int64_t{1} << kWindowBits);
    return (int64_t{hint.number} << kWindowBits) | offset;
  }
  Result<int64_t> HandleOf(PointKey key) { return HandleOf(key, last_); }
  // Nothing: not a handle that this connection has given out.
  std::optional<PointKey> Find(int64_t handle) const;

 private:
  static int64_t WindowOf(int64_t ts_us) { return ts_us >> kWindowBits; }
  Status Number(TagId tag, int64_t window, Hint& hint);

  std::unordered_map<PointKey, uint32_t, PointKeyHash> numbers_;  // ts_us is the window's number
  std::vector<PointKey> pairs_;                                   // by number - 1
  Hint last_;
};

}  // namespace xtdb
