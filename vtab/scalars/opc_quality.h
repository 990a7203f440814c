#pragma once

#include <cstdint>
#include <string>

namespace xtdb {

// Quality as OPC Classic has it, in a byte QQSSSSLL (quality, sub-status, limit), and as OPC UA has
// it, in a StatusCode of 32 bits. Which sub-status is which code: OPC UA Part 8, tables A.3 and A.7
// (COM mapping); the limit goes to the code's LimitBits, with InfoType DataValue (Part 4, 7.39).
// Threads: any.

enum class QualityClass : uint8_t { kBad, kUncertain, kGood };
// The fourth, which OPC reserves, counts as bad.
QualityClass QualityClassOf(uint8_t quality);

uint32_t QualityToUa(uint8_t quality);
// A code with no counterpart keeps its severity, as do codes of other info types their limit.
uint8_t QualityFromUa(uint32_t status_code);

// "good", "uncertain: sensor not accurate", "bad: not connected, limited low"
std::string QualityText(uint8_t quality);

}  // namespace xtdb
