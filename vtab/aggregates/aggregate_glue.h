#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "vtab/sqlite_glue.h"
#include "vtab/text/number_text.h"

namespace xtdb {

using AggregateArguments = std::span<sqlite3_value*>;

// What an aggregate is to SQLite, made of a `State`:
//   using Item = ...;                                  what it takes of a row
//   Result<std::optional<Item>> Read(AggregateArguments)  nothing: the row does not count; with an
//                                                         sqlite3_context* in front if it takes one
//   void Add(const Item&), void Clear()
//   Status Give(sqlite3_context*) const
// Rows leave a window's frame in the order in which they came. The frame that is left is then added
// up anew, since most figures cannot be taken back exactly; PostgreSQL does the same. For that the
// items of a window's frame are kept, up to 16 MiB of them, beyond which no row can leave. An Item
// with memory of its own tells how much: size_t HeapBytes() const.
template <typename State>
class Aggregate {
 public:
  static void Step(sqlite3_context* context, int argc, sqlite3_value** argv) {
    Call(context, [&]() -> Status {
      XTDB_ASSIGN_OR_RETURN(Aggregate* const self, Make(context));
      return self->Take(context, {argv, static_cast<size_t>(argc)});
    });
  }
  static void Inverse(sqlite3_context* context, int argc, sqlite3_value** argv) {
    Call(context, [&]() -> Status {
      XTDB_ASSIGN_OR_RETURN(Aggregate* const self, Make(context));
      return self->LetGo(context, {argv, static_cast<size_t>(argc)});
    });
  }
  static void Value(sqlite3_context* context) {
    Call(context, [&]() -> Status {
      XTDB_ASSIGN_OR_RETURN(Aggregate* const self, Make(context));
      return self->Give(context);
    });
  }
  // Of no rows at all SQLite calls nothing before it.
  static void Final(sqlite3_context* context) {
    const std::unique_ptr<Aggregate> self(Found(context, 0));
    Call(context,
         [&]() -> Status { return self != nullptr ? self->Give(context) : State().Give(context); });
  }

 private:
  using Item = typename State::Item;
  static constexpr size_t kItemBytesMax = 16 * 1024 * 1024;

  // Errors begin with the function's name, which is what it was registered with.
  template <typename Body>
  static void Call(sqlite3_context* context, const Body& body) {
    CallFromFunction(context, [&]() -> Status {
      const Status status = body();
      if (status.ok()) return status;
      return status.WithContext(static_cast<const char*>(sqlite3_user_data(context)));
    });
  }

  static Aggregate* Found(sqlite3_context* context, size_t bytes) {
    auto* const place =
        static_cast<Aggregate**>(sqlite3_aggregate_context(context, static_cast<int>(bytes)));
    return place == nullptr ? nullptr : *place;
  }

  static Result<Aggregate*> Make(sqlite3_context* context) {
    auto* const place =
        static_cast<Aggregate**>(sqlite3_aggregate_context(context, sizeof(Aggregate*)));
    if (place == nullptr) return Status::OutOfMemory();
    if (*place == nullptr) *place = new Aggregate;
    return *place;
  }

  auto Read(sqlite3_context* context, AggregateArguments arguments) {
    if constexpr (requires { state_.Read(context, arguments); }) {
      return state_.Read(context, arguments);
    } else {
      return state_.Read(arguments);
    }
  }

  static size_t BytesOf(const Item& item) {
    if constexpr (requires { item.HeapBytes(); }) {
      return sizeof(Item) + item.HeapBytes();
    } else {
      return sizeof(Item);
    }
  }

  Status Take(sqlite3_context* context, AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(std::optional<Item> item, Read(context, arguments));
    if (!item) return {};
    if (keeps_items_ && item_bytes_ + BytesOf(*item) > kItemBytesMax) ForgetItems();
    if (!is_stale_) state_.Add(*item);
    if (keeps_items_) {
      item_bytes_ += BytesOf(*item);
      items_.push_back(std::move(*item));
    }
    return {};
  }

  Status LetGo(sqlite3_context* context, AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<Item> item, Read(context, arguments));
    if (!item) return {};
    if (!keeps_items_) {
      return Status::TooBig(
          "a frame that rows leave again has at most 16 MiB of values; begin it with UNBOUNDED "
          "PRECEDING, or aggregate by GROUP BY or xtdb_aggregate");
    }
    item_bytes_ -= BytesOf(items_.front());
    items_.pop_front();
    is_stale_ = true;
    return {};
  }

  Status Give(sqlite3_context* context) {
    Refresh();
    return state_.Give(context);
  }

  // The state is that of the items.
  void Refresh() {
    if (!is_stale_) return;
    state_.Clear();
    for (const Item& item : items_) state_.Add(item);
    is_stale_ = false;
  }

  void ForgetItems() {
    Refresh();
    keeps_items_ = false;
    items_.clear();
  }

  State state_;
  std::deque<Item> items_;
  size_t item_bytes_ = 0;
  bool keeps_items_ = true;
  bool is_stale_ = false;  // state_ has rows that have left
};

// How it is registered.
struct AggregateFunction {
  const char* name;
  int argument_count;
  void (*step)(sqlite3_context*, int, sqlite3_value**);
  void (*final)(sqlite3_context*);
  void (*value)(sqlite3_context*);
  void (*inverse)(sqlite3_context*, int, sqlite3_value**);
};

template <typename State>
constexpr AggregateFunction MakeAggregate(const char* name, int argument_count) {
  using Glue = Aggregate<State>;
  return {name, argument_count, Glue::Step, Glue::Final, Glue::Value, Glue::Inverse};
}

// A number; nothing for NULL. kInvalidArgument for a text that is none, and for BLOBs.
Result<std::optional<double>> NumberOf(sqlite3_value* value);
Result<std::optional<Number>> ExactNumberOf(sqlite3_value* value);

}  // namespace xtdb
