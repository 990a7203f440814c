#pragma once

#include <cstddef>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// Bytes of one value as it stands in raw, constant and record form: bool 1, int32 and float32 4,
// int64 and float64 8; kNone and kText, which have no such form, 0.
size_t PlainBytes(ValueType type);

// One value in that form, two's complement or IEEE 754. Precondition: PlainBytes(type) > 0.
void StorePlain(ValueType type, ValueBits bits, std::byte* out);
// A bool's byte may be any: who checks the range sees 0..255.
ValueBits LoadPlain(ValueType type, const std::byte* in);

// kRaw: every value; the only encoding of kNone, in no bytes at all.
bool TryAppendRaw(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadRaw(ByteReader& reader, const DecodedValues& values);

// kConstant: the value that all rows have, compared by bits.
bool TryAppendConstant(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadConstant(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
