#include "shell/commands/salvage_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class SalvageCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container_));
    for (int i = 0; i < 50; ++i) {
      ASSERT_OK(engine->WritePoint("boiler.temp", i * 1'000'000, Value::Real(i), kQualityGood));
    }
    ASSERT_OK(engine->WritePoint("pump", 0, Value::Integer(1), kQualityGood));
    ASSERT_OK(engine->Close());
  }
  Result<ExitCode> Run(bool json = false) {
    return RunSalvage({.damaged = container_, .output = output_, .json = json},
                      captured_.terminal());
  }
  // Flips a bit in the data of the first block.
  void Damage() {
    std::string bytes = ReadText(container_);
    const size_t block = bytes.find("XTDBBLCK");
    BlockHead head;
    std::memcpy(&head, bytes.data() + block, sizeof(head));
    const size_t at = block + sizeof(head) + static_cast<size_t>(TableBytes(head));
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    WriteText(container_, bytes);
  }

  const TemporaryDirectory folder_;
  const std::string container_ = folder_ / "plant.xtdb";
  const std::string output_ = folder_ / "saved.xtdb";
  const CapturedTerminal captured_;
};

TEST_F(SalvageCommandTest, OfASoundContainerNothingIsLost) {
  ASSERT_OK_AND_ASSIGN(const ExitCode code, Run());
  EXPECT_EQ(code, ExitCode::kOk);
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("saved: 51 points of 2 tags to " + output_ + "\n"),
                    HasSubstr("times: 1970-01-01 00:00:00.000 to 1970-01-01 00:00:49.000\n"),
                    HasSubstr("nothing was lost\n")));
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForReading(output_));
  EXPECT_EQ(engine->tags()->size(), 2);
}

TEST_F(SalvageCommandTest, WhatIsLostIsNamedByTagAndTime) {
  Damage();
  const std::string before = ReadText(container_);
  ASSERT_OK_AND_ASSIGN(const ExitCode code, Run());
  EXPECT_EQ(code, ExitCode::kProblems);
  EXPECT_THAT(captured_.out(),
              AllOf(HasSubstr("lost: tag 'boiler.temp', 1970-01-01 00:00:00.000 to 1970-01-01 "
                              "00:00:49.000, 50 points: chunk 1 (slot 0), block 0, vector 0: "
                              "checksum\n"),
                    HasSubstr("saved: 1 point of 2 tags")));
  EXPECT_EQ(ReadText(container_), before) << "the damaged container is only read";
}

TEST_F(SalvageCommandTest, JsonIsOneObject) {
  Damage();
  ASSERT_OK(Run(/*json=*/true));
  EXPECT_THAT(captured_.out(),
              AllOf(testing::StartsWith("{\"ok\": false, \"output\": "),
                    HasSubstr(R"("lost": [{"tag": "boiler.temp", "first_ts": 0, )"
                              R"("last_ts": 49000000, "points": 50, "what": "chunk 1)"),
                    HasSubstr(R"({"tag": "pump", "points": 1, "first_ts": 0, "last_ts": 0})"),
                    testing::EndsWith("]}\n")));
}

TEST_F(SalvageCommandTest, AnExistingOutputAndAMissingInputAreErrors) {
  WriteText(output_, "mine");
  EXPECT_THAT(Run(), HasCode(StatusCode::kAlreadyExists));
  EXPECT_EQ(ReadText(output_), "mine");
  EXPECT_THAT(RunSalvage({.damaged = folder_ / "absent.xtdb", .output = folder_ / "x.xtdb"},
                         captured_.terminal()),
              HasCode(StatusCode::kNotFound));
}

}  // namespace
}  // namespace xtdb
