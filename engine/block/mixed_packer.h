#pragma once

#include <cstddef>
#include <vector>

#include "engine/block/encoded_block.h"

namespace xtdb {

// Fills MIXED blocks with the rests of many tags. Threads: none of its own.
class MixedPacker {
 public:
  explicit MixedPacker(LSN through_lsn) : through_lsn_(through_lsn) {}
  // Tags must rise from call to call, times from vector to vector of a tag; a full block goes to
  // `out`.
  void Add(EncodedVector&& vector, std::vector<EncodedBlock>& out);
  // What is left.
  void Finish(std::vector<EncodedBlock>& out);

 private:
  const LSN through_lsn_;
  std::vector<MixedVector> rows_;
  std::vector<std::byte> data_;
  size_t table_bytes_max_ = 0;
};

}  // namespace xtdb
