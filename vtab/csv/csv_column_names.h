#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vtab/csv/csv_time.h"

namespace xtdb {

// What columns of files are usually called, in small letters. Of several columns of one meaning the
// one whose name stands first here is taken.
inline constexpr auto kTimeNames = std::to_array<std::string_view>(
    {"time", "timestamp", "datetime", "date_time", "date time", "time_stamp", "ts", "date", "epoch",
     "unixtime", "unix_time", "zeitstempel", "zeit", "datum"});
inline constexpr auto kTagNames = std::to_array<std::string_view>(
    {"tag", "tagname", "tag_name", "tag name", "series", "sensor", "sensor_id", "point",
     "pointname", "point_name", "signal", "metric", "channel", "name"});
inline constexpr auto kValueNames =
    std::to_array<std::string_view>({"value", "val", "v", "reading", "measurement", "wert"});
inline constexpr auto kQualityNames =
    std::to_array<std::string_view>({"quality", "q", "qual", "status"});

// `time_ms`, `Time [ms]`, `epoch(s)`: a name in small letters, and the unit of its numbers.
struct ColumnName {
  std::string name;
  std::optional<CsvTimeFormat> unit;
};
ColumnName SplitColumnName(std::string_view text);

// Where `name` stands among `names`; their number, if it does not.
size_t Rank(std::span<const std::string_view> names, std::string_view name);

// With a unit or without.
bool IsTimeName(std::string_view text);

}  // namespace xtdb
