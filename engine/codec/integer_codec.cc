#include "engine/codec/integer_codec.h"

#include "engine/codec/packed_integers.h"

namespace xtdb {

bool TryEncodeDeltaPacked(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out) {
  if (!IsInteger(rows.type)) return false;
  const PackPlan plan = PlanPacked(rows.bits);
  if (plan.size_bytes >= size_max) return false;
  EmitPacked(plan, rows.bits, out);
  return true;
}

Status DecodeDeltaPacked(std::span<const std::byte> in, const DecodedValues& values) {
  if (!IsInteger(values.type)) return Status::Corruption("packed integers of another type");
  return DecodePacked(in, values.bits);
}

}  // namespace xtdb
