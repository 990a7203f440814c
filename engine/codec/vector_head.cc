#include "engine/codec/vector_head.h"

#include "engine/codec/byte_io.h"
#include "engine/codec/quality_codec.h"
#include "engine/codec/section.h"
#include "engine/codec/time_codec.h"
#include "engine/codec/value_codec.h"
#include "engine/codec/vector_codec.h"

namespace xtdb {

Result<VectorHead> DecodeVectorHead(std::span<const std::byte> data) {
  ByteReader reader(data);
  VectorHead head{};
  if (!reader.Read(head)) return Status::Corruption("vector ends in its head");
  if ((head.bitmaps & ~kBitmapsAll) != 0) return Status::Corruption("vector: unknown bitmap");
  const bool time_in_records = head.time_encoding == static_cast<uint8_t>(TimeEncoding::kInRecords);
  const bool records = head.value_encoding == static_cast<uint8_t>(ValueEncoding::kRecords);
  const bool quality_in_records =
      head.quality_encoding == static_cast<uint8_t>(QualityEncoding::kInRecords);
  if (time_in_records != records || quality_in_records != records) {
    return Status::Corruption("vector: records of some columns only");
  }
  if (records) return head;
  if (FindCodec(TimeCodecs(), head.time_encoding) == nullptr) {
    return Status::Corruption("vector: unknown time encoding");
  }
  if (FindCodec(ValueCodecs(), head.value_encoding) == nullptr) {
    return Status::Corruption("vector: unknown value encoding");
  }
  if (FindCodec(QualityCodecs(), head.quality_encoding) == nullptr) {
    return Status::Corruption("vector: unknown quality encoding");
  }
  return head;
}

}  // namespace xtdb
