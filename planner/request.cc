#include "planner/request.h"

#include <string_view>

namespace xtdb {

bool Holds(CompareOp op, int order) {
  switch (op) {
    case CompareOp::kEq:
      return order == 0;
    case CompareOp::kNe:
      return order != 0;
    case CompareOp::kLt:
      return order < 0;
    case CompareOp::kLe:
      return order <= 0;
    case CompareOp::kGt:
      return order > 0;
    case CompareOp::kGe:
      return order >= 0;
    case CompareOp::kIsNull:
      return false;
    case CompareOp::kIsNotNull:
      return true;
  }
  return false;
}

namespace {

std::string Count(uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

void PlanCounters::Add(const PlanCounters& other) {
  tags += other.tags;
  chunks_considered += other.chunks_considered;
  chunks_pruned += other.chunks_pruned;
  blocks_considered += other.blocks_considered;
  blocks_pruned += other.blocks_pruned;
  blocks_read += other.blocks_read;
  vectors_pruned += other.vectors_pruned;
  vectors_decoded += other.vectors_decoded;
  blocks_from_statistics += other.blocks_from_statistics;
  vectors_from_statistics += other.vectors_from_statistics;
  memory_runs += other.memory_runs;
  rows += other.rows;
}

std::string PlanCounters::ToString() const {
  return Count(tags, "tag", "tags") + "; chunks: " + std::to_string(chunks_pruned) + " of " +
         std::to_string(chunks_considered) + " pruned; blocks: " + std::to_string(blocks_pruned) +
         " of " + std::to_string(blocks_considered) + " pruned, " + std::to_string(blocks_read) +
         " read, " + std::to_string(blocks_from_statistics) +
         " from statistics; vectors: " + std::to_string(vectors_decoded) + " decoded, " +
         std::to_string(vectors_pruned) + " pruned, " + std::to_string(vectors_from_statistics) +
         " from statistics; " + Count(memory_runs, "memory run", "memory runs") + "; " +
         Count(rows, "row", "rows");
}

}  // namespace xtdb
