#include "engine/codec/value_codec.h"

#include "engine/codec/decimal_codec.h"
#include "engine/codec/dictionary_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/plain_codec.h"
#include "engine/codec/real_codec.h"
#include "engine/codec/section.h"
#include "engine/codec/text_codec.h"

namespace xtdb {
namespace {

// The cheap trials first: each success lowers the limit for those behind it.
constexpr ValueCodec kValueCodecs[] = {
    {ValueEncoding::kConstant, "constant", TryAppendConstant, ReadConstant},
    {ValueEncoding::kPacked, "packed", TryAppendPacked, ReadPacked},
    {ValueEncoding::kDecimal, "decimal", TryAppendDecimal, ReadDecimal},
    {ValueEncoding::kDictionary, "dictionary", TryAppendDictionary, ReadDictionary},
    {ValueEncoding::kBinary, "binary", TryAppendBinary, ReadBinary},
    {ValueEncoding::kSplit, "split", TryAppendSplit, ReadSplit},
    {ValueEncoding::kOrdered, "ordered", TryAppendOrdered, ReadOrdered},
    {ValueEncoding::kRaw, "raw", TryAppendRaw, ReadRaw},
    {ValueEncoding::kText, "text", TryAppendText, ReadText},
    {ValueEncoding::kTextZstd, "zstd", TryAppendTextZstd, ReadTextZstd},
};

}  // namespace

std::span<const ValueCodec> ValueCodecs() { return kValueCodecs; }

void AppendValues(const ValueRows& rows, std::vector<std::byte>& out) {
  const size_t at = out.size();
  out.push_back(std::byte{0});
  out[at] = static_cast<std::byte>(AppendSmallest(ValueCodecs(), rows, out).encoding);
}

Status ReadValues(ByteReader& reader, const DecodedValues& values) {
  uint8_t encoding = 0;
  if (!reader.Read(encoding)) return Status::Corruption("values end in their head");
  const ValueCodec* const codec = FindCodec(ValueCodecs(), encoding);
  if (codec == nullptr) return Status::Corruption("values: unknown encoding");
  return codec->read(reader, values);
}

}  // namespace xtdb
