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
  using Item = Number;
  Result<std::optional<Item>> Read(AggregateArguments arguments) {
    return ExactNumberOf(arguments[0]);
  }
  void Add(const Number& value) { moments_.Add(origin_.Distance(value)); }
  void Clear() { *this = {}; }
  Status Give(sqlite3_context* context) const {
    if (moments_.has_overflow) return Overflow();
    SetNumber(context, figure(moments_));
    return {};
  }

 private:
  Origin origin_;
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
  Number y;
  Number x;
};

// Sums of distances from the origins.
struct Figures {
  PairMoments sums;
  double origin_y = 0;
  double origin_x = 0;
};

using FigureOfPairs = std::optional<double> (*)(const Figures&);

// Both of them, or nothing where one is NULL.
Result<std::optional<Pair>> PairOf(AggregateArguments arguments) {
  XTDB_ASSIGN_OR_RETURN(const std::optional<Number> y, ExactNumberOf(arguments[0]));
  XTDB_ASSIGN_OR_RETURN(const std::optional<Number> x, ExactNumberOf(arguments[1]));
  return y && x ? std::optional(Pair{*y, *x}) : std::nullopt;
}

// Of (Y, X), in which a pair with a NULL does not count.
template <FigureOfPairs figure>
class Regression {
 public:
  using Item = Pair;
  static Result<std::optional<Item>> Read(AggregateArguments arguments) {
    return PairOf(arguments);
  }
  void Add(const Pair& pair) {
    const double x = x_.Distance(pair.x);
    moments_.Add(x, y_.Distance(pair.y));
  }
  void Clear() { *this = {}; }
  Status Give(sqlite3_context* context) const {
    if (moments_.has_overflow) return Overflow();
    SetNumber(context, figure({moments_, y_.value(), x_.value()}));
    return {};
  }

 private:
  Origin y_;
  Origin x_;
  PairMoments moments_;
};

// Not of no pairs.
template <double PairMoments::*member>
std::optional<double> Sum(const Figures& f) {
  return f.sums.n < 1 ? std::nullopt : std::optional(f.sums.*member);
}

std::optional<double> CovarPop(const Figures& f) {
  return f.sums.n < 1 ? std::nullopt : std::optional(f.sums.products / f.sums.n);
}
std::optional<double> MeanX(const Figures& f) {
  return f.sums.n < 1 ? std::nullopt : std::optional(f.sums.sum_x / f.sums.n + f.origin_x);
}
std::optional<double> MeanY(const Figures& f) {
  return f.sums.n < 1 ? std::nullopt : std::optional(f.sums.sum_y / f.sums.n + f.origin_y);
}

std::optional<double> CovarSamp(const Figures& f) {
  return f.sums.n < 2 ? std::nullopt : std::optional(f.sums.products / (f.sums.n - 1));
}

// As PostgreSQL computes it, but where the product of the squares leaves the range of doubles.
std::optional<double> Corr(const Figures& f) {
  const PairMoments& m = f.sums;
  if (m.n < 1 || m.squares_x == 0 || m.squares_y == 0) return std::nullopt;
  const double product = m.squares_x * m.squares_y;
  if (std::isnormal(product)) return m.products / std::sqrt(product);
  return m.products / std::sqrt(m.squares_x) / std::sqrt(m.squares_y);
}

std::optional<double> R2(const Figures& f) {
  const PairMoments& m = f.sums;
  if (m.n < 1 || m.squares_x == 0) return std::nullopt;
  if (m.squares_y == 0) return 1.0;
  const double upper = m.products * m.products, lower = m.squares_x * m.squares_y;
  if (std::isnormal(upper) && std::isnormal(lower)) return upper / lower;
  return m.products / m.squares_x * (m.products / m.squares_y);
}

std::optional<double> Slope(const Figures& f) {
  if (f.sums.n < 1 || f.sums.squares_x == 0) return std::nullopt;
  return f.sums.products / f.sums.squares_x;
}

std::optional<double> Intercept(const Figures& f) {
  const PairMoments& m = f.sums;
  if (m.n < 1 || m.squares_x == 0) return std::nullopt;
  const double at_origin = (m.sum_y - m.sum_x * m.products / m.squares_x) / m.n;
  if (f.origin_x == 0 && f.origin_y == 0) return at_origin;
  return at_origin + f.origin_y - m.products / m.squares_x * f.origin_x;
}

// regr_count: a whole number, 0 of no pairs.
class PairCount {
 public:
  using Item = Pair;
  static Result<std::optional<Item>> Read(AggregateArguments arguments) {
    return PairOf(arguments);
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
    MakeAggregate<Regression<CovarPop>>("covar_pop", 2),
    MakeAggregate<Regression<CovarSamp>>("covar_samp", 2),
    MakeAggregate<PairCount>("regr_count", 2),
    MakeAggregate<Regression<MeanX>>("regr_avgx", 2),
    MakeAggregate<Regression<MeanY>>("regr_avgy", 2),
    MakeAggregate<Regression<Sum<&M::squares_x>>>("regr_sxx", 2),
    MakeAggregate<Regression<Sum<&M::squares_y>>>("regr_syy", 2),
    MakeAggregate<Regression<Sum<&M::products>>>("regr_sxy", 2),
    MakeAggregate<Regression<Slope>>("regr_slope", 2),
    MakeAggregate<Regression<Intercept>>("regr_intercept", 2),
    MakeAggregate<Regression<R2>>("regr_r2", 2)};

}  // namespace

std::span<const AggregateFunction> StatisticsAggregates() { return kFunctions; }

}  // namespace xtdb
