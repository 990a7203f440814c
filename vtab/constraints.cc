#include "vtab/constraints.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "vtab/comparand.h"
#include "vtab/connection.h"
#include "vtab/sqlite_glue.h"
#include "vtab/table.h"
#include "vtab/text/quote_text.h"
#include "vtab/time_unit.h"

namespace xtdb {
namespace {

using Kind = Comparand::Kind;

bool Holds(TermOp op, int comparison) {
  switch (op) {
    case TermOp::kEq:
    case TermOp::kIs:
      return comparison == 0;
    case TermOp::kNe:
    case TermOp::kIsNot:
      return comparison != 0;
    case TermOp::kLt:
      return comparison < 0;
    case TermOp::kLe:
      return comparison <= 0;
    case TermOp::kGt:
      return comparison > 0;
    case TermOp::kGe:
      return comparison >= 0;
    default:
      return false;
  }
}

// A comparison of a column that is never NULL, as far as the NULLs decide it.
std::optional<bool> DecidedByNull(TermOp op, const Comparand& comparand) {
  if (op == TermOp::kIsNull) return false;
  if (op == TermOp::kIsNotNull) return true;
  if (comparand.kind != Kind::kNull) return std::nullopt;
  return op == TermOp::kIsNot;
}

struct TimeBorder {
  int64_t below;
  int64_t above;
};

// The last time below the comparand and the first above it; just outside of what is stored if
// that is all on one side.
TimeBorder BorderAt(const Comparand& comparand) {
  if (CompareInteger(kTsMax, comparand) < 0) return {kTsMax, kTsMax + 1};
  if (CompareInteger(kTsMin, comparand) > 0) return {kTsMin - 1, kTsMin};
  const int64_t at = comparand.kind == Kind::kInteger
                         ? comparand.integer
                         : static_cast<int64_t>(std::floor(comparand.real));
  if (CompareInteger(at, comparand) == 0) return {at - 1, at + 1};
  return {at, at + 1};
}

CompareOp ToCompareOp(TermOp op) {
  switch (op) {
    case TermOp::kEq:
    case TermOp::kIs:
      return CompareOp::kEq;
    case TermOp::kNe:
    case TermOp::kIsNot:
      return CompareOp::kNe;
    case TermOp::kLt:
      return CompareOp::kLt;
    case TermOp::kLe:
      return CompareOp::kLe;
    case TermOp::kGt:
      return CompareOp::kGt;
    case TermOp::kGe:
      return CompareOp::kGe;
    case TermOp::kIsNull:
      return CompareOp::kIsNull;
    default:
      return CompareOp::kIsNotNull;
  }
}

class FilterCompiler {
 public:
  FilterCompiler(Connection& connection, const ReadView& view, int64_t now_us)
      : connection_(connection), view_(view), now_us_(now_us) {}

  Result<CompiledFilter> Compile(const PushedPlan& plan, std::span<sqlite3_value*> arguments) {
    for (size_t i = 0; i < plan.terms.size(); ++i) {
      XTDB_RETURN_IF_ERROR(AddTerm(plan.terms[i], arguments[i]));
    }
    XTDB_RETURN_IF_ERROR(ChooseTags());
    XTDB_RETURN_IF_ERROR(AddValueTerms());
    Request& request = filter_.request;
    request.order = plan.order;
    request.tag_descending = plan.tag_descending;
    request.ts_descending = plan.ts_descending;
    request.one_per_tag = plan.one_per_tag;
    size_t next = plan.terms.size();
    if (plan.limit) AddLimit(arguments[next++]);
    if (plan.offset) {
      request.offset =
          static_cast<uint64_t>(std::max<int64_t>(0, sqlite3_value_int64(arguments[next])));
    }
    FinishTimes();
    if (nothing_ || request.ts_from_us > request.ts_to_us) request.tags.clear();
    return std::move(filter_);
  }

 private:
  struct ValueTerm {
    TermOp op;
    sqlite3_value* value;
  };

  Status AddTerm(PushedTerm term, sqlite3_value* value) {
    switch (term.column) {
      case kColumnRowid:
        AddRowid(value);
        return {};
      case kColumnTag:
      case kColumnTagId:
        tag_terms_.push_back({term, value});
        return {};
      case kColumnTime: {
        if (term.op == TermOp::kIn) return AddTimeList(value, TimeComparand);
        XTDB_ASSIGN_OR_RETURN(const Comparand comparand, TimeComparand(value, now_us_));
        AddTs(term.op, comparand);
        return {};
      }
      case kColumnTs: {
        const auto convert = [this](sqlite3_value* one, int64_t /*now_us*/) { return TsOf(one); };
        if (term.op == TermOp::kIn) return AddTimeList(value, convert);
        XTDB_ASSIGN_OR_RETURN(const Comparand comparand, TsOf(value));
        AddTs(term.op, comparand);
        return {};
      }
      case kColumnQuality:
        return AddQuality(term.op, value);
      default:
        value_terms_.push_back({term.op, value});
        return {};
    }
  }

  // Beside `ts`: microseconds, and likely no other unit.
  Result<Comparand> TsOf(sqlite3_value* value) {
    XTDB_ASSIGN_OR_RETURN(Comparand comparand, TsComparand(value, now_us_));
    if (comparand.kind == Kind::kInteger || comparand.kind == Kind::kReal) {
      const double real = std::clamp(comparand.real, -9e18, 9e18);
      const auto whole =
          comparand.kind == Kind::kReal ? static_cast<int64_t>(real) : comparand.integer;
      XTDB_RETURN_IF_ERROR(CheckTimeUnit(view_, now_us_, "ts", whole));
    }
    return comparand;
  }

  void AddRowid(sqlite3_value* value) {
    const Comparand comparand = NumericComparand(value);
    std::optional<PointKey> key;
    if (comparand.kind == Kind::kInteger) {
      key = connection_.handles().Find(comparand.integer);
    } else if (comparand.kind == Kind::kReal &&
               CompareInteger(static_cast<int64_t>(std::clamp(comparand.real, -9e18, 9e18)),
                              comparand) == 0) {
      key = connection_.handles().Find(static_cast<int64_t>(comparand.real));
    }
    if (!key || (only_tag_ && *only_tag_ != key->tag)) {
      nothing_ = true;
      return;
    }
    only_tag_ = key->tag;
    Narrow(key->ts_us, key->ts_us);
  }

  void Narrow(int64_t from, int64_t to) {
    filter_.request.ts_from_us = std::max(filter_.request.ts_from_us, from);
    filter_.request.ts_to_us = std::min(filter_.request.ts_to_us, to);
  }

  // Each time once: different texts may mean the same one.
  template <typename Convert>
  Status AddTimeList(sqlite3_value* list, Convert convert) {
    std::vector<int64_t> times;
    XTDB_RETURN_IF_ERROR(ForEachOf(list, [&](sqlite3_value* element) -> Status {
      XTDB_ASSIGN_OR_RETURN(const Comparand comparand, convert(element, now_us_));
      if (comparand.kind != Kind::kInteger && comparand.kind != Kind::kReal) return {};
      const TimeBorder border = BorderAt(comparand);
      if (border.above - border.below == 2) times.push_back(border.below + 1);
      return {};
    }));
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    std::optional<std::vector<int64_t>>& known = filter_.ts_list;
    if (known) {
      std::erase_if(
          *known, [&](int64_t ts) { return !std::binary_search(times.begin(), times.end(), ts); });
    } else {
      known = std::move(times);
    }
    return {};
  }

  void FinishTimes() {
    if (!filter_.ts_list) return;
    const Request& request = filter_.request;
    std::vector<int64_t>& times = *filter_.ts_list;
    std::erase_if(times,
                  [&](int64_t ts) { return ts < request.ts_from_us || ts > request.ts_to_us; });
    if (request.ts_descending) std::reverse(times.begin(), times.end());
    nothing_ |= times.empty();
  }

  void AddTs(TermOp op, const Comparand& comparand) {
    if (const std::optional<bool> decided = DecidedByNull(op, comparand)) {
      nothing_ |= !*decided;
      return;
    }
    const TimeBorder border = BorderAt(comparand);
    const int64_t below = border.below;
    const int64_t above = border.above;
    const bool has_equal = above - below == 2;
    switch (op) {
      case TermOp::kEq:
      case TermOp::kIs:
        if (has_equal) {
          Narrow(below + 1, above - 1);
        } else {
          nothing_ = true;
        }
        break;
      case TermOp::kNe:
      case TermOp::kIsNot:
        if (has_equal) filter_.excluded_ts.push_back(below + 1);
        break;
      case TermOp::kLt:
        Narrow(kTsMin, below);
        break;
      case TermOp::kLe:
        Narrow(kTsMin, above - 1);
        break;
      case TermOp::kGt:
        Narrow(above, kTsMax);
        break;
      default:
        Narrow(below + 1, kTsMax);
        break;
    }
  }

  Status AddQuality(TermOp op, sqlite3_value* value) {
    std::vector<Predicate>& predicates = filter_.request.quality;
    if (op == TermOp::kIn) return AddList(value, NumericComparand, predicates);
    Comparand comparand = NumericComparand(value);
    if (const std::optional<bool> decided = DecidedByNull(op, comparand)) {
      nothing_ |= !*decided;
    } else {
      predicates.push_back({ToCompareOp(op), ToOperand(std::move(comparand))});
    }
    return {};
  }

  // A NULL in a list equals nothing.
  template <typename Convert>
  Status AddList(sqlite3_value* list, Convert convert, std::vector<Predicate>& predicates) {
    Predicate predicate;
    XTDB_RETURN_IF_ERROR(ForEachOf(list, [&](sqlite3_value* element) -> Status {
      Comparand comparand = convert(element);
      if (comparand.kind == Kind::kNull) return {};
      predicate.any_of.push_back(ToOperand(std::move(comparand)));
      return {};
    }));
    nothing_ |= predicate.any_of.empty();
    predicates.push_back(std::move(predicate));
    return {};
  }

  // After the tags: beside text tags alone a text of digits stays a text.
  Status AddValueTerms() {
    const std::vector<TagPtr>& tags = filter_.request.tags;
    const bool all_text = std::all_of(
        tags.begin(), tags.end(), [](const TagPtr& tag) { return tag->type == ValueType::kText; });
    const auto convert = all_text ? RawComparand : NumericComparand;
    for (const ValueTerm& term : value_terms_) {
      if (term.op == TermOp::kIn) {
        XTDB_RETURN_IF_ERROR(AddList(term.value, convert, filter_.request.value));
        continue;
      }
      Comparand comparand = convert(term.value);
      TermOp op = term.op;
      if (op != TermOp::kIsNull && op != TermOp::kIsNotNull && comparand.kind == Kind::kNull) {
        if (op != TermOp::kIs) {
          nothing_ = true;
          continue;
        }
        op = TermOp::kIsNull;
      }
      Predicate predicate;
      predicate.op = ToCompareOp(op);
      if (comparand.kind != Kind::kNull) predicate.operand = ToOperand(std::move(comparand));
      filter_.request.value.push_back(std::move(predicate));
    }
    return {};
  }

  void AddLimit(sqlite3_value* value) {
    const int64_t limit = sqlite3_value_int64(value);
    if (limit >= 0) filter_.request.limit = static_cast<uint64_t>(limit);
  }

  struct TagTerm {
    PushedTerm term;
    sqlite3_value* value;
  };

  static bool Names(const TagTerm& term) {
    return term.term.op == TermOp::kEq || term.term.op == TermOp::kIs ||
           term.term.op == TermOp::kIn;
  }

  // Calls `take` with the elements of the list of an IN, until it fails.
  template <typename Take>
  static Status ForEachOf(sqlite3_value* list, Take&& take) {
    sqlite3_value* element = nullptr;
    int code = sqlite3_vtab_in_first(list, &element);
    for (; code == SQLITE_OK && element != nullptr; code = sqlite3_vtab_in_next(list, &element)) {
      XTDB_RETURN_IF_ERROR(take(element));
    }
    if (code == SQLITE_NOMEM) throw std::bad_alloc();
    if (code == SQLITE_OK || code == SQLITE_DONE) return {};
    return Status::InvalidArgument("the list of an IN cannot be read");
  }

  // The comparands of an =, IS or IN.
  static Result<std::vector<Comparand>> ListOf(const TagTerm& term) {
    const auto convert = term.term.column == kColumnTag ? TextComparand : NumericComparand;
    std::vector<Comparand> list;
    if (term.term.op != TermOp::kIn) {
      list.push_back(convert(term.value));
      return list;
    }
    XTDB_RETURN_IF_ERROR(ForEachOf(term.value, [&](sqlite3_value* element) -> Status {
      list.push_back(convert(element));
      return {};
    }));
    return list;
  }

  Status TagsOf(const TagTerm& term, std::vector<TagPtr>& out) const {
    XTDB_ASSIGN_OR_RETURN(const std::vector<Comparand> list, ListOf(term));
    for (const Comparand& comparand : list) {
      TagPtr tag;
      if (term.term.column == kColumnTag) {
        if (comparand.kind == Kind::kText) tag = view_.FindTag(std::string_view(comparand.bytes));
      } else if (comparand.kind == Kind::kInteger || comparand.kind == Kind::kReal) {
        const double wide =
            comparand.kind == Kind::kReal ? comparand.real : static_cast<double>(comparand.integer);
        if (wide >= 1 && wide <= UINT32_MAX) {
          const auto id = static_cast<TagId>(
              comparand.kind == Kind::kReal ? static_cast<int64_t>(wide) : comparand.integer);
          if (CompareInteger(id, comparand) == 0) tag = view_.FindTag(id);
        }
      }
      if (tag != nullptr) out.push_back(std::move(tag));
    }
    return {};
  }

  Status ChooseTags() {
    std::vector<TagPtr>& tags = filter_.request.tags;
    if (nothing_) return {};
    auto naming = std::find_if(tag_terms_.begin(), tag_terms_.end(), Names);
    if (only_tag_) {
      if (TagPtr tag = view_.FindTag(*only_tag_)) tags.push_back(std::move(tag));
    } else if (naming != tag_terms_.end()) {
      XTDB_RETURN_IF_ERROR(TagsOf(*naming, tags));
      std::sort(tags.begin(), tags.end(),
                [](const TagPtr& a, const TagPtr& b) { return a->id < b->id; });
      tags.erase(std::unique(tags.begin(), tags.end(),
                             [](const TagPtr& a, const TagPtr& b) { return a->id == b->id; }),
                 tags.end());
    } else {
      naming = tag_terms_.end();
      tags = view_.TagsWithPrefix(PrefixOfNames());
    }
    for (auto term = tag_terms_.begin(); term != tag_terms_.end(); ++term) {
      if (term == naming && !only_tag_) continue;
      XTDB_RETURN_IF_ERROR(KeepMatching(*term, tags));
    }
    return {};
  }

  // By which a GLOB can only match; the others need not be looked at.
  std::string PrefixOfNames() const {
    std::string prefix;
    for (const TagTerm& term : tag_terms_) {
      if (term.term.op != TermOp::kGlob) continue;
      const std::string text(TextOf(term.value));
      const std::string_view of_pattern = GlobPrefix(text.c_str());
      if (of_pattern.size() > prefix.size()) prefix = of_pattern;
    }
    return prefix;
  }

  Status KeepMatching(const TagTerm& term, std::vector<TagPtr>& tags) const {
    const TermOp op = term.term.op;
    if (op == TermOp::kLikePrefix) KeepLikePrefix(term.value, tags);
    if (op == TermOp::kLike || op == TermOp::kLikePrefix) return KeepLike(term.value, tags);
    if (op == TermOp::kGlob) return KeepGlob(term.value, tags);
    if (Names(term)) {
      std::vector<TagPtr> named;
      XTDB_RETURN_IF_ERROR(TagsOf(term, named));
      std::erase_if(tags, [&](const TagPtr& tag) {
        return std::none_of(named.begin(), named.end(),
                            [&](const TagPtr& other) { return other->id == tag->id; });
      });
      return {};
    }
    const bool by_name = term.term.column == kColumnTag;
    const Comparand comparand = by_name ? TextComparand(term.value) : NumericComparand(term.value);
    if (const std::optional<bool> decided = DecidedByNull(op, comparand)) {
      if (!*decided) tags.clear();
      return {};
    }
    std::erase_if(tags, [&](const TagPtr& tag) {
      return !Holds(
          op, by_name ? CompareText(tag->name, comparand) : CompareInteger(tag->id, comparand));
    });
    return {};
  }

  static Status KeepGlob(sqlite3_value* pattern, std::vector<TagPtr>& tags) {
    if (sqlite3_value_type(pattern) == SQLITE_NULL) {
      tags.clear();
      return {};
    }
    const std::string text(TextOf(pattern));
    std::erase_if(tags, [&](const TagPtr& tag) {
      return sqlite3_strglob(text.c_str(), tag->name.c_str()) != 0;
    });
    return {};
  }

  // Those that begin as the pattern does, without regard to case: the operator itself, which is
  // asked about the rest, takes fifty times as long for a name.
  static void KeepLikePrefix(sqlite3_value* pattern, std::vector<TagPtr>& tags) {
    const std::string_view prefix = LikePrefix(TextOf(pattern));
    std::erase_if(tags, [&](const TagPtr& tag) {
      return !EqualsIgnoreCase(std::string_view(tag->name).substr(0, prefix.size()), prefix);
    });
  }

  // By SQLite's own operator, which a PRAGMA or the application may have changed.
  Status KeepLike(sqlite3_value* pattern, std::vector<TagPtr>& tags) const {
    XTDB_ASSIGN_OR_RETURN(SqlStatement like,
                          SqlStatement::Prepare(connection_.db(), "SELECT ?1 LIKE ?2"));
    const Connection::Nested nested(connection_, like.get());
    XTDB_RETURN_IF_ERROR(like.Bind(2, pattern));
    std::vector<TagPtr> kept;
    for (TagPtr& tag : tags) {
      XTDB_RETURN_IF_ERROR(like.Bind(1, tag->name));
      XTDB_ASSIGN_OR_RETURN(const bool has_row, like.Step());
      if (has_row && like.Integer(0) != 0) kept.push_back(std::move(tag));
      like.Reset();
    }
    tags = std::move(kept);
    return {};
  }

  Connection& connection_;
  const ReadView& view_;
  const int64_t now_us_;
  CompiledFilter filter_;
  std::vector<TagTerm> tag_terms_;
  std::vector<ValueTerm> value_terms_;
  std::optional<TagId> only_tag_;
  bool nothing_ = false;
};

}  // namespace

Result<CompiledFilter> CompileFilter(Connection& connection, const ReadView& view, int64_t now_us,
                                     const PushedPlan& plan, std::span<sqlite3_value*> arguments) {
  return FilterCompiler(connection, view, now_us).Compile(plan, arguments);
}

}  // namespace xtdb
