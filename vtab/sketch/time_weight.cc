#include "vtab/sketch/time_weight.h"

namespace xtdb {
double TimeWeight::AreaBetween(TimedNumber from, TimedNumber to) const {
  const double height = weighting_ == Weighting::kLocf ? from.value : (from.value + to.value) / 2;
  return height * UsBetween(from.ts_us, to.ts_us);
}

void TimeWeight::Add(TimedNumber point) {
  area_us_ += AreaBetween(last_, point);
  last_ = point;
}

Status TimeWeight::Merge(const TimeWeight& next) {
  if (weighting_ != next.weighting_) {
    return Status::InvalidArgument("time weights of 'LOCF' and 'linear' cannot be merged");
  }
  if (next.first_.ts_us <= last_.ts_us) {
    return Status::InvalidArgument(
        "time weights that overlap in time cannot be merged; merge those of one tag, GROUP BY tag");
  }
  area_us_ += AreaBetween(last_, next.first_) + next.area_us_;
  last_ = next.last_;
  return {};
}

std::optional<double> TimeWeight::Average() const {
  if (first_.ts_us == last_.ts_us) return std::nullopt;
  return area_us_ / UsBetween(first_.ts_us, last_.ts_us);
}

SketchBytes TimeWeight::Encode() const {
  SketchBytes out = BeginSketch(kKind);
  PutValue(static_cast<uint8_t>(weighting_), out);
  for (const TimedNumber& point : {first_, last_}) {
    PutValue(point.ts_us, out);
    PutValue(point.value, out);
  }
  PutValue(area_us_, out);
  EndSketch(out);
  return out;
}

Result<TimeWeight> TimeWeight::Decode(ByteReader in) {
  uint8_t weighting = 0;
  TimeWeight weight(Weighting::kLocf, {});
  const bool is_whole = in.Read(weighting) && in.Read(weight.first_.ts_us) &&
                        in.Read(weight.first_.value) && in.Read(weight.last_.ts_us) &&
                        in.Read(weight.last_.value) && in.Read(weight.area_us_) &&
                        in.rest().empty();
  if (!is_whole || weighting > static_cast<uint8_t>(Weighting::kLinear)) {
    return DamagedSketch(kKind, "it cannot be read");
  }
  if (weight.first_.ts_us > weight.last_.ts_us) {
    return DamagedSketch(kKind, "it ends before it begins");
  }
  weight.weighting_ = static_cast<Weighting>(weighting);
  return weight;
}

}  // namespace xtdb
