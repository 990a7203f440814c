#pragma once

#include <cstddef>
#include <vector>

#include "engine/codec/value_codec.h"

namespace xtdb {

// Floats that are no decimals.

// kBinary: integer * 2^exponent, as converters with a power of two of steps deliver, and random
// numbers. NaN, infinities and -0.0 are exceptions.
bool TryAppendBinary(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadBinary(ByteReader& reader, const DecodedValues& values);

// kSplit: sign and exponent from a dictionary, mantissas bit-packed without the zeros that all of
// them end in. ALP's encoding of real doubles [Afroozeh, Kuffo, Boncz 2023, section 3.4].
bool TryAppendSplit(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadSplit(ByteReader& reader, const DecodedValues& values);

// kOrdered: the bits as integers in the order of the floats, as a stream: neighbouring numbers are
// neighbouring integers.
bool TryAppendOrdered(const ValueRows& rows, size_t size_max, std::vector<std::byte>& out);
Status ReadOrdered(ByteReader& reader, const DecodedValues& values);

}  // namespace xtdb
