#include "engine/codec/value_codec.h"

#include "engine/codec/float_codec.h"
#include "engine/codec/integer_codec.h"
#include "engine/codec/plain_codec.h"
#include "engine/codec/text_codec.h"

namespace xtdb {
namespace {

// The cheap trials first: each success lowers the limit for those behind it.
constexpr ValueCodec kValueCodecs[] = {
    {ValueEncoding::kConstant, "constant", TryEncodeConstant, DecodeConstant},
    {ValueEncoding::kDeltaPacked, "packed", TryEncodeDeltaPacked, DecodeDeltaPacked},
    {ValueEncoding::kDecimal, "decimal", TryEncodeDecimal, DecodeDecimal},
    {ValueEncoding::kRaw, "raw", TryEncodeRaw, DecodeRaw},
    {ValueEncoding::kText, "text", TryEncodeText, DecodeText},
    {ValueEncoding::kTextZstd, "zstd", TryEncodeTextZstd, DecodeTextZstd},
};

}  // namespace

std::span<const ValueCodec> ValueCodecs() { return kValueCodecs; }

}  // namespace xtdb
