#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace xtdb {

// Values that are sorted when they are asked for; those that came since are sorted alone and then
// merged, so that a running median does not sort everything for each row.
//   Less: a strict weak order; of equal ones the earlier comes first
template <typename Value, typename Less>
class SortedValues {
 public:
  void Add(Value value) { values_.push_back(std::move(value)); }
  void Clear() {
    values_.clear();
    sorted_ = 0;
  }
  bool empty() const { return values_.empty(); }
  const std::vector<Value>& Sorted() const {
    const auto middle = values_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::stable_sort(middle, values_.end(), Less());
    std::inplace_merge(values_.begin(), middle, values_.end(), Less());
    sorted_ = values_.size();
    return values_;
  }

 private:
  // Which order they are in changes nothing that can be seen.
  mutable std::vector<Value> values_;
  mutable size_t sorted_ = 0;
};

}  // namespace xtdb
