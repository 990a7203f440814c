#include "engine/codec/vector_head.h"

#include "engine/codec/section.h"
#include "engine/codec/time_codec.h"
#include "engine/codec/value_codec.h"

namespace xtdb {
namespace {

constexpr unsigned kTimeMask = 7;
constexpr unsigned kQualityShift = 3;
constexpr unsigned kQualityMask = 3;
constexpr unsigned kNulls = 32;
constexpr unsigned kDeleted = 64;
constexpr unsigned kUnused = 128;

}  // namespace

void StoreVectorHead(const VectorHead& head, std::byte* out) {
  const unsigned columns = static_cast<unsigned>(head.time) |
                           static_cast<unsigned>(head.quality) << kQualityShift |
                           (head.has_nulls ? kNulls : 0) | (head.has_deleted ? kDeleted : 0);
  out[0] = static_cast<std::byte>(columns);
  out[1] = static_cast<std::byte>(head.value);
}

Result<VectorHead> ReadVectorHead(ByteReader& reader) {
  uint8_t columns = 0, value = 0;
  if (!reader.Read(columns) || !reader.Read(value)) {
    return Status::Corruption("vector ends in its head");
  }
  if ((columns & kUnused) != 0) return Status::Corruption("vector: unknown column");
  VectorHead head;
  head.time = static_cast<TimeEncoding>(columns & kTimeMask);
  head.quality = static_cast<QualityEncoding>(columns >> kQualityShift & kQualityMask);
  head.has_nulls = (columns & kNulls) != 0;
  head.has_deleted = (columns & kDeleted) != 0;
  head.value = static_cast<ValueEncoding>(value);
  const bool records = head.value == ValueEncoding::kRecords;
  if ((head.time == TimeEncoding::kInRecords) != records ||
      (head.quality == QualityEncoding::kInRecords) != records) {
    return Status::Corruption("vector: records of some columns only");
  }
  if (records) return head;
  if (FindCodec(TimeCodecs(), columns & kTimeMask) == nullptr) {
    return Status::Corruption("vector: unknown time encoding");
  }
  if (FindCodec(ValueCodecs(), value) == nullptr) {
    return Status::Corruption("vector: unknown value encoding");
  }
  if (head.quality > QualityEncoding::kStream) {
    return Status::Corruption("vector: unknown quality encoding");
  }
  return head;
}

}  // namespace xtdb
