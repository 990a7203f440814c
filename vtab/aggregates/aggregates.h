#pragma once

#include <span>

#include "vtab/aggregates/aggregate_glue.h"

namespace xtdb {

// Of each source file. All may stand over a window.
std::span<const AggregateFunction> StatisticsAggregates();  // stddev, variance, corr, regr_...
std::span<const AggregateFunction> BookendAggregates();     // first, last, locf
std::span<const AggregateFunction> OrderAggregates();       // percentile_..., median, mode
std::span<const AggregateFunction> HistogramAggregates();   // histogram
std::span<const AggregateFunction> SketchAggregates();      // percentile_agg, hyperloglog, rollup
std::span<const AggregateFunction> TimedAggregates();       // counter_agg, time_weight, lttb
std::span<const AggregateFunction> ChartAggregates();       // sparkline, xtdb_chart

}  // namespace xtdb
