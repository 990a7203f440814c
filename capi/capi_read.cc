#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "capi/capi_error.h"
#include "capi/capi_handles.h"
#include "planner/aggregate/tally.h"

namespace xtdb {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

void SetPoint(const FoundPoint& found, xtdb_point& out) {
  // A text outlives the call, but not the thread's next one.
  thread_local std::string text;
  out = {};
  out.ts_us = found.point.ts_us;
  out.quality = found.point.quality;
  if ((found.point.flags & kPointNull) != 0 || found.type == ValueType::kNone) {
    out.kind = XTDB_KIND_NULL;
  } else if (found.type == ValueType::kText) {
    text = found.text;
    out.kind = XTDB_KIND_TEXT;
    out.text = text.c_str();
  } else if (IsFloat(found.type)) {
    out.kind = XTDB_KIND_REAL;
    out.real = ToDouble(found.type, found.point.bits);
  } else {
    out.kind = XTDB_KIND_INTEGER;
    out.integer = AsInt64(found.point.bits);
  }
}

void MarkNulls(const Batch& batch, xtdb_cursor& cursor, xtdb_batch& out) {
  cursor.is_null.clear();
  bool has_nulls = false;
  for (size_t row = batch.begin; row < batch.end; ++row) {
    const bool is_null = (batch.columns->flags[row] & kPointNull) != 0;
    has_nulls = has_nulls || is_null;
    cursor.is_null.push_back(is_null ? 1 : 0);
  }
  if (has_nulls) out.is_null = cursor.is_null.data();
}

// Their addresses are known once all of them are there.
void SetTexts(const Batch& batch, xtdb_cursor& cursor, xtdb_batch& out) {
  cursor.text_bytes.clear();
  std::vector<size_t> begins;
  for (size_t row = batch.begin; row < batch.end; ++row) {
    begins.push_back(cursor.text_bytes.size());
    if (cursor.is_null[row - batch.begin] == 0) cursor.text_bytes += batch.columns->TextAt(row);
    cursor.text_bytes += '\0';
  }
  cursor.texts.clear();
  for (const size_t begin : begins) cursor.texts.push_back(cursor.text_bytes.data() + begin);
  out.texts = cursor.texts.data();
}

void SetNumbers(const Batch& batch, ValueType type, xtdb_cursor& cursor, xtdb_batch& out) {
  cursor.reals.clear();
  cursor.integers.clear();
  for (size_t row = batch.begin; row < batch.end; ++row) {
    const bool is_null = cursor.is_null[row - batch.begin] != 0;
    const ValueBits bits = batch.columns->bits[row];
    if (IsFloat(type)) {
      cursor.reals.push_back(is_null ? kNaN : ToDouble(batch.columns->type, bits));
    } else {
      cursor.integers.push_back(is_null ? 0 : AsInt64(bits));
    }
  }
  if (IsFloat(type)) {
    out.reals = cursor.reals.data();
  } else {
    out.integers = cursor.integers.data();
  }
}

xtdb_batch BatchOf(const Batch& batch, xtdb_cursor& cursor) {
  const ValueType type = batch.tag->type;
  xtdb_batch out = {};
  out.count = batch.end - batch.begin;
  out.type = static_cast<int>(type);
  out.ts_us = batch.columns->ts_us.data() + batch.begin;
  out.quality = batch.columns->quality.data() + batch.begin;
  MarkNulls(batch, cursor, out);
  if (type == ValueType::kText) {
    SetTexts(batch, cursor, out);
  } else if (type != ValueType::kNone) {
    SetNumbers(batch, type, cursor, out);
  }
  return out;
}

Result<Accept> AcceptOf(int accept) {
  switch (accept) {
    case XTDB_ACCEPT_NOT_BAD:
      return Accept::kNotBad;
    case XTDB_ACCEPT_GOOD:
      return Accept::kGood;
    case XTDB_ACCEPT_ALL:
      return Accept::kAll;
    default:
      return Status::InvalidArgument("accept is " + std::to_string(accept) +
                                     ", none of xtdb_accept");
  }
}

xtdb_bucket BucketOf(ValueType type, const SeriesRow& row) {
  const Tally& tally = row.tally;
  xtdb_bucket out = {};
  out.start_us = row.start_us;
  out.points = tally.points;
  out.good = tally.good;
  out.count = tally.count;
  out.min = out.max = out.sum = out.mean = out.stddev = out.first = out.last = kNaN;
  out.time_weighted_mean = kNaN;
  if (row.area.covered_us > 0) {
    out.time_weighted_mean =
        row.area.integral.value() / (static_cast<double>(row.area.covered_us) * 1e-6);
  }
  if (tally.count == 0 || type == ValueType::kText) return out;
  out.first_us = tally.first_ts_us;
  out.last_us = tally.last_ts_us;
  out.min = ToDouble(type, tally.min);
  out.max = ToDouble(type, tally.max);
  out.first = ToDouble(type, tally.first);
  out.last = ToDouble(type, tally.last);
  out.sum = IsFloat(type) ? tally.real_sum.value() : static_cast<double>(tally.integer_sum);
  out.mean = MeanOf(type, tally);
  if (tally.count > 1) out.stddev = std::sqrt(tally.m2 / static_cast<double>(tally.count - 1));
  return out;
}

// start <= ts < stop, of what can be stored; false: nothing lies there.
bool SetRange(int64_t start_us, int64_t stop_us, int64_t& from_us, int64_t& to_us) {
  from_us = std::max(start_us, kTsMin);
  to_us = stop_us > kTsMax ? kTsMax : stop_us - 1;
  return start_us < stop_us && from_us <= to_us;
}

}  // namespace
}  // namespace xtdb

using namespace xtdb;

xtdb_code xtdb_latest(xtdb_db* db, const char* tag, xtdb_point* point) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(point, "point"));
    XTDB_ASSIGN_OR_RETURN(const ReadView view, ViewOf(*db));
    XTDB_ASSIGN_OR_RETURN(const TagPtr found, TagOf(view, tag));
    XTDB_ASSIGN_OR_RETURN(const std::optional<FoundPoint> last, FindLastPoint(view, found, kTsMax));
    if (!last) return Status::NotFound("tag \"" + std::string(tag) + "\" has no points");
    SetPoint(*last, *point);
    return XTDB_OK;
  });
}

xtdb_code xtdb_read(xtdb_db* db, const char* tag, int64_t start_us, int64_t stop_us,
                    xtdb_cursor** cursor) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(cursor, "cursor"));
    *cursor = nullptr;
    XTDB_ASSIGN_OR_RETURN(const ReadView view, ViewOf(*db));
    auto opened = std::make_unique<xtdb_cursor>(*db);
    XTDB_ASSIGN_OR_RETURN(opened->tag, TagOf(view, tag));
    Request request;
    request.order = RowOrder::kTagTs;
    if (SetRange(start_us, stop_us, request.ts_from_us, request.ts_to_us)) {
      request.tags = {opened->tag};
    }
    XTDB_ASSIGN_OR_RETURN(opened->plan, Plan::Make(view, std::move(request)));
    *cursor = opened.release();
    return XTDB_OK;
  });
}

xtdb_code xtdb_next(xtdb_cursor* cursor, xtdb_batch* batch) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(cursor, "cursor"));
    XTDB_RETURN_IF_ERROR(CheckStruct(batch, "batch"));
    if (cursor->plan == nullptr) return Status::FailedPrecondition("a cursor of xtdb_aggregate");
    XTDB_ASSIGN_OR_RETURN(const Batch* const next, cursor->plan->Next());
    GiveStruct(next != nullptr ? BatchOf(*next, *cursor) : xtdb_batch{}, batch);
    return next != nullptr ? XTDB_OK : XTDB_DONE;
  });
}

xtdb_code xtdb_aggregate(xtdb_db* db, const char* tag, int64_t start_us, int64_t stop_us,
                         int64_t width_us, int accept, xtdb_cursor** cursor) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(db, "db"));
    XTDB_RETURN_IF_ERROR(CheckGiven(cursor, "cursor"));
    *cursor = nullptr;
    if (width_us < 0) return Status::InvalidArgument("width_us is negative");
    XTDB_ASSIGN_OR_RETURN(const ReadView view, ViewOf(*db));
    auto opened = std::make_unique<xtdb_cursor>(*db);
    XTDB_ASSIGN_OR_RETURN(opened->tag, TagOf(view, tag));
    SeriesRequest request;
    std::vector<TagPtr> tags;
    if (SetRange(start_us, stop_us, request.buckets.ts_from_us, request.buckets.ts_to_us)) {
      tags = {opened->tag};
    }
    request.has_start = request.has_stop = request.is_as_tag_says = true;
    request.now_us = db->engine->clock().NowUs();
    XTDB_ASSIGN_OR_RETURN(request.buckets.accept, AcceptOf(accept));
    if (width_us > 0) {
      request.buckets.buckets = Buckets::Fixed(width_us, Buckets::kDefaultOriginUs);
    }
    opened->buckets = std::make_unique<AggregatePlan>(std::move(tags), std::move(request), 1,
                                                      [view] { return view; });
    *cursor = opened.release();
    return XTDB_OK;
  });
}

xtdb_code xtdb_next_bucket(xtdb_cursor* cursor, xtdb_bucket* bucket) {
  return CallFromC([&]() -> Result<xtdb_code> {
    XTDB_RETURN_IF_ERROR(CheckGiven(cursor, "cursor"));
    XTDB_RETURN_IF_ERROR(CheckStruct(bucket, "bucket"));
    if (cursor->buckets == nullptr) return Status::FailedPrecondition("a cursor of xtdb_read");
    XTDB_ASSIGN_OR_RETURN(const std::optional<AggregateRow> row, cursor->buckets->Next());
    if (!row) return XTDB_DONE;
    GiveStruct(BucketOf(row->tag->type, row->series), bucket);
    return XTDB_OK;
  });
}

void xtdb_cursor_close(xtdb_cursor* cursor) { delete cursor; }
