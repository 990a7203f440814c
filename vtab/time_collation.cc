#include "vtab/time_collation.h"

#include <algorithm>
#include <string>

#include "vtab/text/quote_text.h"
#include "vtab/text/time_text.h"

namespace xtdb {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// As FormatTime writes it, which the column itself always is.
bool IsStoredForm(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00.000";
  if (text.size() != kForm.size() && text.size() != kForm.size() + 3) return false;
  for (size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : text[i] != kForm[i]) return false;
  }
  const std::string_view micros = text.substr(kForm.size());
  return micros != "000" && std::all_of(micros.begin(), micros.end(), IsDigit);
}

std::string StoredForm(std::string_view text) {
  const bool may_be_now =
      std::any_of(text.begin(), text.end(), [](char c) { return ToLower(c) == 'n'; });
  if (text.empty() || may_be_now) return std::string(text);
  const Result<int64_t> ts = ParseTime(text, 0);
  return ts.ok() ? FormatTime(ts.value()) : std::string(text);
}

}  // namespace

int CompareTimeTexts(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  const bool a_stored = IsStoredForm(a);
  const bool b_stored = IsStoredForm(b);
  if (a_stored && b_stored) return a.compare(b);
  const std::string a_form = a_stored ? std::string(a) : StoredForm(a);
  const std::string b_form = b_stored ? std::string(b) : StoredForm(b);
  return a_form.compare(b_form);
}

int RegisterTimeCollation(sqlite3* db) {
  return sqlite3_create_collation_v2(
      db, kTimeCollation, SQLITE_UTF8, nullptr,
      [](void*, int a_size, const void* a, int b_size, const void* b) {
        const std::string_view a_text(static_cast<const char*>(a), static_cast<size_t>(a_size));
        const std::string_view b_text(static_cast<const char*>(b), static_cast<size_t>(b_size));
        try {
          return CompareTimeTexts(a_text, b_text);
        } catch (...) {  // out of memory; a collation cannot say so
          return a_text.compare(b_text);
        }
      },
      nullptr);
}

bool ComparesTimes(sqlite3_index_info* info, int i) {
  const std::string_view collation = sqlite3_vtab_collation(info, i);
  return EqualsIgnoreCase(collation, "BINARY") || EqualsIgnoreCase(collation, kTimeCollation);
}

}  // namespace xtdb
