#include "engine/io/aligned_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using testing::Each;

class AlignedIOTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(file_, PosixFileSystem().Open(directory_ / "file", OpenMode::kCreateNew));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<File> file_;
};

TEST(AlignedBufferTest, IsZeroedAlignedAndRoundedUpToWholeExtents) {
  const std::pair<size_t, size_t> cases[] = {
      {1, kExtentSizeBytes},
      {kExtentSizeBytes - 1, kExtentSizeBytes},
      {kExtentSizeBytes, kExtentSizeBytes},
      {kExtentSizeBytes + 1, 2 * kExtentSizeBytes},
  };
  for (const auto& [asked, given] : cases) {
    AlignedBuffer buffer(asked);
    EXPECT_EQ(buffer.size(), given);
    EXPECT_EQ(buffer.span().size(), given);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.span().data()) % kExtentSizeBytes, 0U);
    EXPECT_THAT(buffer.span(), Each(std::byte{0}));
  }
}

TEST(AlignedBufferTest, OfNothingIsEmpty) {
  const AlignedBuffer buffer(0);
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_TRUE(buffer.span().empty());
}

TEST_F(AlignedIOTest, ReadsBackWhatItWrote) {
  AlignedIO io(*file_);
  AlignedBuffer out(2 * kExtentSizeBytes);
  for (size_t i = 0; i < out.size(); ++i) out.span()[i] = static_cast<std::byte>(i * 7);
  ASSERT_OK(io.WriteAt(kExtentSizeBytes, out.span()));
  ASSERT_OK(io.Sync());
  AlignedBuffer in(2 * kExtentSizeBytes);
  ASSERT_OK(io.ReadAt(kExtentSizeBytes, in.span()));
  EXPECT_TRUE(std::ranges::equal(in.span(), out.span()));
}

TEST_F(AlignedIOTest, ReadsBackWhatItWroteInParts) {
  AlignedIO io(*file_);
  AlignedBuffer one(kExtentSizeBytes);
  AlignedBuffer two(2 * kExtentSizeBytes);
  std::ranges::fill(one.span(), std::byte{1});
  std::ranges::fill(two.span(), std::byte{2});
  const std::span<const std::byte> parts[] = {one.span(), two.span()};
  ASSERT_OK(io.WriteVAt(kExtentSizeBytes, parts));
  AlignedBuffer in(3 * kExtentSizeBytes);
  ASSERT_OK(io.ReadAt(kExtentSizeBytes, in.span()));
  EXPECT_THAT(in.span().first(kExtentSizeBytes), Each(std::byte{1}));
  EXPECT_THAT(in.span().subspan(kExtentSizeBytes), Each(std::byte{2}));
}

TEST_F(AlignedIOTest, ReadBeyondTheEndIsCorruption) {
  AlignedIO io(*file_);
  AlignedBuffer buffer(kExtentSizeBytes);
  EXPECT_THAT(io.ReadAt(0, buffer.span()), HasCode(StatusCode::kCorruption));
}

using AlignedIODeathTest = AlignedIOTest;

TEST_F(AlignedIODeathTest, MisalignedOffsetSizeAndBufferAbort) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  AlignedIO io(*file_);
  // Who dies cleans nothing up.
  std::filesystem::remove_all(directory_.path());
  AlignedBuffer buffer(2 * kExtentSizeBytes);
  EXPECT_DEATH((void)io.WriteAt(1, buffer.span()).ok(), "IsAligned");
  EXPECT_DEATH((void)io.WriteAt(0, buffer.span().first(512)).ok(), "IsAligned");
  const std::span<const std::byte> parts[] = {buffer.span(), buffer.span().first(512)};
  EXPECT_DEATH((void)io.WriteVAt(0, parts).ok(), "IsAligned");
  EXPECT_DEATH((void)io.ReadAt(0, buffer.span().subspan(8, kExtentSizeBytes)).ok(), "IsAligned");
}

}  // namespace
}  // namespace xtdb
