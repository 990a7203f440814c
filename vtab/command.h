#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/status.h"
#include "engine/transaction/transaction.h"

namespace xtdb {

// What `INSERT INTO plant(command) VALUES (...)` does: changes that belong to the transaction and
// are no points. One command so far:
//   define_tag tag='boiler.temp' type='float64' unit='degC' description='upper end' step='0'
// Values stand in single quotes, a quote in them is doubled; tag is required, what is absent stays
// as it is. xtdb_define_tag runs one through this text.
struct DefineTagCommand {
  std::string tag;
  std::optional<std::string> type;  // a name that ParseValueType knows
  std::optional<std::string> unit;
  std::optional<std::string> description;
  std::optional<std::string> step;  // as ParseInterpolation takes it
  friend bool operator==(const DefineTagCommand&, const DefineTagCommand&) = default;

  std::string ToText() const;
  // kInvalidArgument shows the form.
  static Result<DefineTagCommand> Parse(std::string_view text);
};

// Of `step`: 1, 'on', 'step' ...: a value holds until the next; 0, 'off', 'linear' ...: lines join
// the points.
Result<Interpolation> ParseInterpolation(std::string_view step);

Status RunCommand(Transaction& transaction, std::string_view text);

}  // namespace xtdb
