#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "engine/base/status.h"

namespace xtdb {

// The wall clock of a time zone. Local times: microseconds since 1970-01-01 00:00:00 on it.
// Threads: any (immutable).
class TimeZone {
 public:
  // A zone of the IANA database, which the system keeps in /usr/share/zoneinfo (Debian: tzdata);
  // also in small letters or capitals, where its words are capitalised. UTC needs no database. A
  // zone once loaded stays in memory. kInvalidArgument for a name that has no zone.
  static Result<std::shared_ptr<const TimeZone>> Load(std::string_view name);
  ~TimeZone();

  int64_t LocalOf(int64_t ts_us) const;

  // When the clock shows a local time: twice where it is put back; a time that is left out where it
  // is put forward comes when that happens.
  struct Moments {
    int64_t first_us = 0;
    int64_t last_us = 0;
  };
  Moments MomentsOf(int64_t local_us) const;

  // The one of them that PostgreSQL takes: the last of two; of a time that is left out that which
  // the clock would show had it not been put forward.
  int64_t MomentOf(int64_t local_us) const;

  // The clock is put forward or back: from local_before_us to local_after_us.
  struct Transition {
    int64_t ts_us = 0;
    int64_t local_before_us = 0;
    int64_t local_after_us = 0;
  };
  std::optional<Transition> LastTransition(int64_t ts_us) const;  // at or before
  std::optional<Transition> NextTransition(int64_t ts_us) const;  // after

 private:
  struct Rules;
  // cycles_us: out, by how much earlier it is
  static int64_t ListedOf(int64_t ts_us, int64_t& cycles_us);
  explicit TimeZone(std::unique_ptr<const Rules> rules);
  const std::unique_ptr<const Rules> rules_;
};

}  // namespace xtdb
