#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/status.h"
#include "planner/plan.h"
#include "planner/tag_stream.h"

namespace xtdb {

// The rows of many tags by time, of equal ts in the order of the streams. A stream reads on only
// when no other has an earlier row. Threads: one at a time.
class TimeMerge {
 public:
  TimeMerge(std::vector<std::unique_ptr<TagStream>> streams, bool descending);
  // The next rows of one tag, as TagStream::Next gives them.
  Result<const Batch*> Next();

 private:
  struct Node {
    int64_t key = 0;  // next ts (a bound, while nothing is in hand), its complement when descending
    uint32_t index = 0;
    bool Before(const Node& other) const {
      return key < other.key || (key == other.key && index < other.index);
    }
  };
  int64_t KeyOf(int64_t ts) const { return descending_ ? ~ts : ts; }
  int64_t KeyAt(const Batch& batch, size_t row) const;
  Status ReadOn();      // of the first stream
  void Sink(Node top);  // puts `top` in the first node's place
  void RemoveTop();
  size_t RowsBefore(const Batch& batch, const Node& self, const Node& rival) const;

  const bool descending_;
  std::vector<std::unique_ptr<TagStream>> streams_;
  std::vector<Batch> in_hand_;  // rows of each stream that are read and not handed out
  std::vector<Node> heap_;
  Batch out_;
};

}  // namespace xtdb
