#include "vtab/row_handles.h"

namespace xtdb {

Status RowHandles::Number(TagId tag, int64_t window, Hint& hint) {
  const PointKey pair{tag, window};
  const auto [entry, inserted] = numbers_.try_emplace(pair, 0);
  if (inserted) {
    if (pairs_.size() + 1 >= (size_t{1} << kPairNumberBits)) {
      numbers_.erase(entry);
      return Status::ResourceExhausted(
          "this connection has used up its rowids (2^28 pairs of tag and 9.5 hours): open "
          "another, or do not select rowid");
    }
    pairs_.push_back(pair);
    entry->second = static_cast<uint32_t>(pairs_.size());
  }
  hint = {window, tag, entry->second};
  return {};
}

std::optional<PointKey> RowHandles::Find(int64_t handle) const {
  const int64_t number = handle >> kWindowBits;
  if (number < 1 || static_cast<uint64_t>(number) > pairs_.size()) return std::nullopt;
  const PointKey& pair = pairs_[static_cast<size_t>(number - 1)];
  const int64_t offset = handle & ((int64_t{1} << kWindowBits) - 1);
  return PointKey{pair.tag, pair.ts_us * (int64_t{1} << kWindowBits) + offset};
}

}  // namespace xtdb
