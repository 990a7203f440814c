#pragma once

#include <gmock/gmock.h>

#include "engine/base/status.h"

namespace xtdb {

inline Status StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

// EXPECT_THAT(file->Sync(), IsOk());  takes a Status or a Result.
MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

// EXPECT_THAT(file->Sync(), HasCode(StatusCode::kIoError));
MATCHER_P(HasCode, code, "has the code " + std::string(StatusCodeName(code))) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

// EXPECT_THAT(status, HasMessage(HasSubstr("chunk 7")));
MATCHER_P(HasMessage, inner, "has a message that " + testing::DescribeMatcher<std::string>(inner)) {
  *result_listener << StatusOf(arg).ToString();
  return testing::ExplainMatchResult(inner, std::string(StatusOf(arg).message()), result_listener);
}

// EXPECT_THAT(status, StatusIs(StatusCode::kBusy, HasSubstr("in use")));
MATCHER_P2(StatusIs, code, inner, "has the code " + std::string(StatusCodeName(code))) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         testing::ExplainMatchResult(inner, std::string(StatusOf(arg).message()), result_listener);
}

}  // namespace xtdb

// ASSERT_OK_AND_ASSIGN(const uint64_t size, file->Size());
#define ASSERT_OK_AND_ASSIGN(declaration, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL(XTDB_CONCAT(xtdb_test_result_, __LINE__), declaration, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL(result, declaration, expression) \
  auto result = (expression);                                      \
  ASSERT_TRUE(result.ok()) << result.status().ToString();          \
  declaration = std::move(result).value()
#define EXPECT_OK(expression) EXPECT_THAT((expression), ::xtdb::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT((expression), ::xtdb::IsOk())
