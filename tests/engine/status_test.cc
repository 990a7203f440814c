#include "engine/base/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "tests/support/status_matchers.h"

namespace xtdb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(StatusTest, DefaultIsOkAndHasNoMessage) {
  const Status status;
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(status.code(), StatusCode::kOk);
  EXPECT_EQ(status.message(), "");
  EXPECT_EQ(status.ToString(), "ok");
}

TEST(StatusTest, EachFactoryGivesItsCodeAndKeepsTheMessage) {
  const std::pair<Status, StatusCode> cases[] = {
      {Status::InvalidArgument("m"), StatusCode::kInvalidArgument},
      {Status::NotFound("m"), StatusCode::kNotFound},
      {Status::AlreadyExists("m"), StatusCode::kAlreadyExists},
      {Status::FailedPrecondition("m"), StatusCode::kFailedPrecondition},
      {Status::TypeMismatch("m"), StatusCode::kTypeMismatch},
      {Status::NotNull("m"), StatusCode::kNotNull},
      {Status::TooBig("m"), StatusCode::kTooBig},
      {Status::Busy("m"), StatusCode::kBusy},
      {Status::ReadOnly("m"), StatusCode::kReadOnly},
      {Status::IoError("m"), StatusCode::kIoError},
      {Status::Corruption("m"), StatusCode::kCorruption},
      {Status::ResourceExhausted("m"), StatusCode::kResourceExhausted},
      {Status::Unsupported("m"), StatusCode::kUnsupported},
  };
  for (const auto& [status, code] : cases) {
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.message(), "m");
    EXPECT_EQ(status.ToString(), std::string(StatusCodeName(code)) + ": m");
  }
}

TEST(StatusTest, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (uint8_t code = 0; code <= static_cast<uint8_t>(StatusCode::kUnsupported); ++code) {
    names.insert(StatusCodeName(static_cast<StatusCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(StatusCode::kUnsupported) + 1);
  EXPECT_EQ(names.count("unknown"), 0U);
}

TEST(StatusTest, ErrnoDecidesTheCode) {
  const std::pair<int, StatusCode> cases[] = {
      {ENOSPC, StatusCode::kResourceExhausted},
      {EDQUOT, StatusCode::kResourceExhausted},
      {EROFS, StatusCode::kReadOnly},
      {EACCES, StatusCode::kReadOnly},
      {EPERM, StatusCode::kReadOnly},
      {ENOENT, StatusCode::kNotFound},
      {EEXIST, StatusCode::kAlreadyExists},
      {EIO, StatusCode::kIoError},
      {EBADF, StatusCode::kIoError},
  };
  for (const auto& [error, code] : cases) {
    EXPECT_EQ(Status::FromErrno("write", error).code(), code) << error;
  }
}

TEST(StatusTest, ErrnoMessageSaysWhatTextAndNumber) {
  EXPECT_EQ(Status::FromErrno("write plant.xtdb at 16384", ENOSPC).message(),
            "write plant.xtdb at 16384: No space left on device (errno 28)");
}

TEST(StatusTest, ContextIsPrependedAndTheCodeStays) {
  const Status status = Status::Corruption("header checksum").WithContext("chunk 7");
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_EQ(status.WithContext("seal").message(), "seal: chunk 7: header checksum");
}

TEST(StatusTest, ContextOfOkIsOk) { EXPECT_OK(Status().WithContext("chunk 7")); }

TEST(ResultTest, HoldsAValueOrAnError) {
  Result<int> value = 5;
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value.value(), 5);
  EXPECT_OK(value.status());

  const Result<int> error = Status::NotFound("tag");
  EXPECT_FALSE(error.ok());
  EXPECT_THAT(error, HasCode(StatusCode::kNotFound));
}

TEST(ResultTest, GivesAwayAMoveOnlyValue) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

Result<int> Half(int number) {
  if (number % 2 != 0) return Status::InvalidArgument("odd");
  return number / 2;
}
Result<int> Quarter(int number) {
  XTDB_ASSIGN_OR_RETURN(const int half, Half(number));
  XTDB_ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}
Status CheckQuarter(int number) {
  XTDB_RETURN_IF_ERROR(Quarter(number).status());
  return {};
}

TEST(StatusMacrosTest, ErrorsAreHandedUpAndValuesGoOn) {
  EXPECT_EQ(Quarter(12).value(), 3);
  EXPECT_THAT(Quarter(6), AllOf(HasCode(StatusCode::kInvalidArgument), HasMessage("odd")));
  EXPECT_THAT(CheckQuarter(6), HasCode(StatusCode::kInvalidArgument));
  EXPECT_OK(CheckQuarter(8));
}

TEST(CheckDeathTest, FailedCheckNamesPlaceAndConditionAndAborts) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(XTDB_CHECK(1 + 1 == 3), "status_test.cc:[0-9]+: check failed: 1 \\+ 1 == 3");
}

TEST(CheckTest, TrueConditionGoesOn) { XTDB_CHECK(1 + 1 == 2); }

}  // namespace
}  // namespace xtdb
