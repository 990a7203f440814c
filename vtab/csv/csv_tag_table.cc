#include "vtab/csv/csv_tag_table.h"

#include "vtab/csv/fast_fields.h"

namespace xtdb {
namespace {

constexpr size_t kSlotsAtFirst = 64;

bool AreSame(std::string_view a, std::string_view b) {
  return a.size() == b.size() && AreEqual(a.data(), b.data(), a.size());
}

// Multiplies and folds eight bytes at a time: names of a plant differ in a few characters.
uint64_t Hash(std::string_view name) {
  constexpr uint64_t kFactor = 0x9E37'79B9'7F4A'7C15;
  uint64_t hash = name.size();
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * kFactor;
    hash ^= hash >> 29;
  };
  size_t i = 0;
  for (; i + 8 <= name.size(); i += 8) mix(LoadEight(name.data() + i));
  uint64_t rest = 0;
  for (; i < name.size(); ++i) rest = rest << 8 | static_cast<uint8_t>(name[i]);
  mix(rest);
  return hash;
}

}  // namespace

CsvTagTable::CsvTagTable() : slots_(kSlotsAtFirst) {}

uint32_t CsvTagTable::Number(std::string_view name) {
  if (!entries_.empty()) [[likely]] {
    const uint32_t guess = entries_[last_].next;
    if (AreSame(entries_[guess].name, name)) [[likely]]
      return last_ = guess;
    if (AreSame(entries_[last_].name, name)) return last_;
  }
  const uint32_t number = Look(name);
  entries_[last_].next = number;
  return last_ = number;
}

uint32_t CsvTagTable::Look(std::string_view name) {
  const uint64_t hash = Hash(name);
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && AreSame(entry.name, name)) return slots_[slot] - 1;
  }
  return Add(name, hash);
}

uint32_t CsvTagTable::Add(std::string_view name, uint64_t hash) {
  if (2 * (entries_.size() + 1) > slots_.size()) Grow();
  const auto number = static_cast<uint32_t>(entries_.size());
  entries_.push_back({names_.emplace_back(name), hash, number});
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0) slot = (slot + 1) & mask;
  slots_[slot] = number + 1;
  return number;
}

void CsvTagTable::Grow() {
  slots_.assign(2 * slots_.size(), 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t number = 0; number < size(); ++number) {
    size_t slot = entries_[number].hash & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = number + 1;
  }
}

}  // namespace xtdb
