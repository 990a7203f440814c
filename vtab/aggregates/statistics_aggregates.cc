#include <cmath>
#include <optional>

#include "vtab/aggregates/aggregate_glue.h"
#include "vtab/aggregates/aggregates.h"
#include "vtab/aggregates/moments.h"

namespace xtdb {
namespace {

void SetNumber(sqlite3_context* context, std::optional<double> number) {
  if (number) sqlite3_result_double(context, *number);
}

Status Overflow() { return Status::InvalidArgument("value out of range: overflow"); }

using FigureOfMoments = std::optional<double> (*)(const Moments&);

template <FigureOfMoments figure>
class Spread {
 public:
  using Item = double;
  Result<std::optional<Item>> Read(AggregateArguments arguments) { return NumberOf(arguments[0]); }
  void Add(double value) { moments_.Add(value); }
  void Clear() { moments_ = {}; }
  Status Give(sqlite3_context* context) const {
    if (moments_.has_overflow) return Overflow();
    SetNumber(context, figure(moments_));
    return {};
  }

 private:
  Moments moments_;
};

std::optional<double> VarPop(const Moments& m) {
  return m.n < 1 ? std::nullopt : std::optional(m.squares / m.n);
}
std::optional<double> VarSamp(const Moments& m) {
  return m.n < 2 ? std::nullopt : std::optional(m.squares / (m.n - 1));
}
std::optional<double> StddevPop(const Moments& m) {
  return m.n < 1 ? std::nullopt : std::optional(std::sqrt(m.squares / m.n));
}
std::optional<double> StddevSamp(const Moments& m) {
  return m.n < 2 ? std::nullopt : std::optional(std::sqrt(m.squares / (m.n - 1)));
}

struct Pair {
  double y;
  double x;
};

using FigureOfPairs = std::optional<double> (*)(const PairMoments&);

// Of (Y, X), in which a pair with a NULL does not count.
template <FigureOfPairs figure>
class Regression {
 public:
  using Item = Pair;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> y, NumberOf(arguments[0]));
    XTDB_ASSIGN_OR_RETURN(const std::optional<double> x, NumberOf(arguments[1]));
    if (!y || !x) return std::optional<Item>();
    return std::optional(Pair{*y, *x});
  }
  void Add(const Pair& pair) { moments_.Add(pair.x, pair.y); }
  void Clear() { moments_ = {}; }
  Status Give(sqlite3_context* context) const {
    if (moments_.has_overflow) return Overflow();
    SetNumber(context, figure(moments_));
    return {};
  }

 private:
  PairMoments moments_;
};

// Not of no pairs.
template <double PairMoments::*member>
std::optional<double> Sum(const PairMoments& m) {
  return m.n < 1 ? std::nullopt : std::optional(m.*member);
}
template <double PairMoments::*member>
std::optional<double> Mean(const PairMoments& m) {
  return m.n < 1 ? std::nullopt : std::optional(m.*member / m.n);
}

std::optional<double> CovarSamp(const PairMoments& m) {
  return m.n < 2 ? std::nullopt : std::optional(m.products / (m.n - 1));
}

std::optional<double> Corr(const PairMoments& m) {
  if (m.n < 1 || m.squares_x == 0 || m.squares_y == 0) return std::nullopt;
  return m.products / std::sqrt(m.squares_x * m.squares_y);
}

std::optional<double> R2(const PairMoments& m) {
  if (m.n < 1 || m.squares_x == 0) return std::nullopt;
  if (m.squares_y == 0) return 1.0;
  return m.products * m.products / (m.squares_x * m.squares_y);
}

std::optional<double> Slope(const PairMoments& m) {
  if (m.n < 1 || m.squares_x == 0) return std::nullopt;
  return m.products / m.squares_x;
}

std::optional<double> Intercept(const PairMoments& m) {
  if (m.n < 1 || m.squares_x == 0) return std::nullopt;
  return (m.sum_y - m.sum_x * m.products / m.squares_x) / m.n;
}

// regr_count: a whole number, 0 of no pairs.
class PairCount {
 public:
  using Item = Pair;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    const bool has_null = sqlite3_value_type(arguments[0]) == SQLITE_NULL ||
                          sqlite3_value_type(arguments[1]) == SQLITE_NULL;
    return has_null ? std::optional<Item>() : std::optional(Pair{0, 0});
  }
  void Add(const Pair& /*pair*/) { ++count_; }
  void Clear() { count_ = 0; }
  Status Give(sqlite3_context* context) const {
    sqlite3_result_int64(context, count_);
    return {};
  }

 private:
  int64_t count_ = 0;
};

using M = PairMoments;

constexpr AggregateFunction kFunctions[] = {
    MakeAggregate<Spread<StddevSamp>>("stddev", 1),
    MakeAggregate<Spread<StddevSamp>>("stddev_samp", 1),
    MakeAggregate<Spread<StddevPop>>("stddev_pop", 1),
    MakeAggregate<Spread<VarSamp>>("variance", 1),
    MakeAggregate<Spread<VarSamp>>("var_samp", 1),
    MakeAggregate<Spread<VarPop>>("var_pop", 1),
    MakeAggregate<Regression<Corr>>("corr", 2),
    MakeAggregate<Regression<Mean<&M::products>>>("covar_pop", 2),
    MakeAggregate<Regression<CovarSamp>>("covar_samp", 2),
    MakeAggregate<PairCount>("regr_count", 2),
    MakeAggregate<Regression<Mean<&M::sum_x>>>("regr_avgx", 2),
    MakeAggregate<Regression<Mean<&M::sum_y>>>("regr_avgy", 2),
    MakeAggregate<Regression<Sum<&M::squares_x>>>("regr_sxx", 2),
    MakeAggregate<Regression<Sum<&M::squares_y>>>("regr_syy", 2),
    MakeAggregate<Regression<Sum<&M::products>>>("regr_sxy", 2),
    MakeAggregate<Regression<Slope>>("regr_slope", 2),
    MakeAggregate<Regression<Intercept>>("regr_intercept", 2),
    MakeAggregate<Regression<R2>>("regr_r2", 2)};

}  // namespace

std::span<const AggregateFunction> StatisticsAggregates() { return kFunctions; }

}  // namespace xtdb
