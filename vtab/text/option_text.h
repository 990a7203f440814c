#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/status.h"

namespace xtdb {

// Bytes: `4194304`, `64 KiB`, `4M`, `4MB`, `4MiB`, `1g`. K, M, G and T are powers of 1024 however
// they are spelled. kInvalidArgument shows the forms; more than 2^63 - 1 bytes is an error too.
Result<uint64_t> ParseSize(std::string_view text);

// on, true, yes, 1 and off, false, no, 0, of either case.
Result<bool> ParseBool(std::string_view text);

// key=value
struct ModuleArgument {
  std::string key;    // one of those that there are, lower-case
  std::string value;  // without quotes

  friend bool operator==(const ModuleArgument&, const ModuleArgument&) = default;
};

// The options that a table can state.
std::span<const std::string_view> ModuleArgumentKeys();

// The options that something takes, and how an error shows them: `path='plant.xtdb'`.
struct OptionForm {
  std::span<const std::string_view> keys;
  std::string_view example;
};

// Cuts `a=1, b='x,y'` at its commas; those within '', "", `` or [] are none. An empty text has no
// parts.
std::vector<std::string_view> SplitAtCommas(std::string_view text);

// Cuts a word off the front of `text`, and the blanks around it: what stands in '', "", `` or [],
// without them, or what comes before a blank. Nothing if a quote is not closed.
std::optional<std::string> TakeWord(std::string_view& text);

// Reads options that are cut already. kInvalidArgument: no `=`, an open quote, something behind a
// closing one, an unknown key (lists the known), a key given twice, an empty value.
Result<std::vector<ModuleArgument>> ParseOptions(std::span<const std::string_view> arguments,
                                                 const OptionForm& form);

// Those of CREATE VIRTUAL TABLE ... USING xtdb(key=value, ...).
//
// Takes the arguments behind module, database and table name, as SQLite has cut them at the commas:
//   path = 'it''s.xtdb'    "synchronous"="off"    chunk_size=64M    retention='90 days'
// A key or value may stand in '', "", `` or [].
Result<std::vector<ModuleArgument>> ParseModuleArguments(
    std::span<const std::string_view> arguments);

}  // namespace xtdb
