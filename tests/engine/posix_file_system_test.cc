#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <filesystem>
#include <future>
#include <limits>
#include <thread>

#include "engine/base/types.h"
#include "engine/io/clock.h"
#include "engine/io/file_system.h"
#include "engine/io/posix_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace xtdb {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

class PosixFileSystemTest : public testing::Test {
 protected:
  std::unique_ptr<File> MustOpen(const std::string& path, OpenMode mode = OpenMode::kOpenOrCreate) {
    Result<std::unique_ptr<File>> file = fs_.Open(path, mode);
    EXPECT_OK(file);
    return file.ok() ? std::move(file).value() : nullptr;
  }
  std::vector<std::byte> Read(File& file, uint64_t offset, size_t size) {
    std::vector<std::byte> bytes(size, std::byte{0xEE});
    EXPECT_OK(file.ReadAt(offset, bytes));
    return bytes;
  }
  std::string ReadText(File& file, uint64_t offset, size_t size) {
    const std::vector<std::byte> bytes = Read(file, offset, size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  TemporaryDirectory directory_;
  FileSystem& fs_ = PosixFileSystem();
};

TEST_F(PosixFileSystemTest, OpenModesSayWhetherTheFileMayOrMustExist) {
  const std::string path = directory_ / "file";
  EXPECT_THAT(fs_.Open(path, OpenMode::kReadOnly), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(fs_.Open(path, OpenMode::kReadWrite), HasCode(StatusCode::kNotFound));
  EXPECT_OK(fs_.Open(path, OpenMode::kCreateNew));
  EXPECT_THAT(fs_.Open(path, OpenMode::kCreateNew),
              AllOf(HasCode(StatusCode::kAlreadyExists), HasMessage(HasSubstr(path))));
  EXPECT_OK(fs_.Open(path, OpenMode::kOpenOrCreate));
  EXPECT_OK(fs_.Open(path, OpenMode::kReadWrite));
  EXPECT_OK(fs_.Open(path, OpenMode::kReadOnly));
}

TEST_F(PosixFileSystemTest, FolderIsNotAFile) {
  EXPECT_THAT(fs_.Open(directory_.path(), OpenMode::kReadOnly),
              HasCode(StatusCode::kInvalidArgument));
}

TEST_F(PosixFileSystemTest, PipesAndDevicesAreNoFilesEitherAndNobodyWaitsForThem) {
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {directory_ / "pipe", std::string("/dev/zero")}) {
    for (const OpenMode mode : {OpenMode::kReadOnly, OpenMode::kReadWrite}) {
      EXPECT_THAT(fs_.Open(path, mode),
                  StatusIs(StatusCode::kInvalidArgument, HasSubstr("not a regular file")));
    }
  }
}

TEST_F(PosixFileSystemTest, FilesAreCloseOnExec) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry, error) != directory_ / "file") continue;
    ++found;
    const int fd = std::stoi(entry.path().filename());
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_GT(fd, STDERR_FILENO);
  }
  EXPECT_EQ(found, 1);
}

TEST_F(PosixFileSystemTest, ReadsBackWhatWasWrittenAndHolesAsZeros) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  ASSERT_OK(file->WriteAt(5, Bytes("hello")));
  EXPECT_EQ(ReadText(*file, 5, 5), "hello");
  EXPECT_THAT(Read(*file, 0, 5), Each(std::byte{0}));
  EXPECT_EQ(file->Size().value(), 10U);
  EXPECT_EQ(file->path(), directory_ / "file");
  EXPECT_OK(file->Sync());
}

TEST_F(PosixFileSystemTest, ShortReadIsCorruptionThatNamesTheEnd) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  ASSERT_OK(file->WriteAt(0, Bytes("hello")));
  std::vector<std::byte> bytes(6);
  EXPECT_THAT(file->ReadAt(0, bytes),
              AllOf(HasCode(StatusCode::kCorruption), HasMessage(HasSubstr("ends at 5"))));
  EXPECT_THAT(file->ReadAt(1000, bytes), HasCode(StatusCode::kCorruption));
  EXPECT_OK(file->ReadAt(1000, {}));
}

TEST_F(PosixFileSystemTest, WriteToAReadOnlyFileFailsAndNamesThePlace) {
  MustOpen(directory_ / "file");
  const std::unique_ptr<File> file = MustOpen(directory_ / "file", OpenMode::kReadOnly);
  EXPECT_THAT(file->WriteAt(7, Bytes("x")),
              AllOf(HasCode(StatusCode::kIoError), HasMessage(HasSubstr("file at 7: Bad file"))));
}

TEST_F(PosixFileSystemTest, PartsAreWrittenOneBehindTheOther) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  const std::span<const std::byte> parts[] = {{}, Bytes("he"), {}, Bytes("l"), Bytes("lo"), {}};
  ASSERT_OK(file->WriteVAt(5, parts));
  EXPECT_EQ(ReadText(*file, 5, 5), "hello");
  EXPECT_EQ(file->Size().value(), 10U);
  ASSERT_OK(file->WriteVAt(100, {}));
  ASSERT_OK(file->WriteVAt(100, std::span(parts).first(1)));
  EXPECT_EQ(file->Size().value(), 10U);
}

TEST_F(PosixFileSystemTest, MorePartsThanOneCallTakesAreWritten) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  std::string text;
  for (int i = 0; i < 3000; ++i) text += std::to_string(i) + ",";
  std::vector<std::span<const std::byte>> parts;
  for (size_t at = 0; at < text.size(); at += 3) parts.push_back(Bytes(text).subspan(at, 3));
  parts.back() = Bytes(text).subspan((parts.size() - 1) * 3);
  ASSERT_GT(parts.size(), 2U * IOV_MAX);
  ASSERT_OK(file->WriteVAt(7, parts));
  EXPECT_EQ(ReadText(*file, 7, text.size()), text);
}

// The kernel writes what the limit allows and fails only when it is asked for the rest.
TEST_F(PosixFileSystemTest, PartsThatAreWrittenInPartFailWhereTheRestBegins) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 5;
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::span<const std::byte> parts[] = {Bytes("abc"), Bytes("def")};
  const Status written = file->WriteVAt(0, parts);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_THAT(written,
              AllOf(HasCode(StatusCode::kIoError), HasMessage(HasSubstr("file at 5: File too"))));
  EXPECT_EQ(ReadText(*file, 0, 5), "abcde");
}

TEST_F(PosixFileSystemTest, RangeBeyondWhatAFileCanHoldIsRefused) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  EXPECT_THAT(file->WriteAt(kMax, Bytes("x")), HasCode(StatusCode::kInvalidArgument));
  const std::span<const std::byte> parts[] = {Bytes("x")};
  EXPECT_THAT(file->WriteVAt(kMax, parts), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(file->Allocate(1, kMax), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(file->Punch(uint64_t{1} << 63, 1), HasCode(StatusCode::kInvalidArgument));
  EXPECT_THAT(file->Truncate(kMax), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(PosixFileSystemTest, AllocateGrowsTakesSpaceAndKeepsData) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  ASSERT_OK(file->WriteAt(0, Bytes("hello")));
  ASSERT_OK(file->Allocate(0, kMiB));
  EXPECT_EQ(file->Size().value(), kMiB);
  EXPECT_GE(file->AllocatedBytes().value(), kMiB);
  EXPECT_EQ(ReadText(*file, 0, 5), "hello");
  EXPECT_THAT(Read(*file, 5, 4096), Each(std::byte{0}));
  EXPECT_OK(file->Allocate(kMiB, 0));
  EXPECT_EQ(file->Size().value(), kMiB);
}

TEST_F(PosixFileSystemTest, PunchGivesZerosAndKeepsTheSize) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  const std::vector<std::byte> ones(4 * kExtentSizeBytes, std::byte{1});
  ASSERT_OK(file->WriteAt(0, ones));
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Punch(kExtentSizeBytes, kExtentSizeBytes));
  EXPECT_EQ(file->Size().value(), ones.size());
  EXPECT_THAT(Read(*file, kExtentSizeBytes, kExtentSizeBytes), Each(std::byte{0}));
  EXPECT_THAT(Read(*file, 0, kExtentSizeBytes), Each(std::byte{1}));
  EXPECT_THAT(Read(*file, 2 * kExtentSizeBytes, kExtentSizeBytes), Each(std::byte{1}));
  EXPECT_OK(file->Punch(100 * kExtentSizeBytes, kExtentSizeBytes));
  EXPECT_EQ(file->Size().value(), ones.size());
}

TEST_F(PosixFileSystemTest, TruncateCutsAndGrows) {
  const std::unique_ptr<File> file = MustOpen(directory_ / "file");
  ASSERT_OK(file->WriteAt(0, Bytes("hello")));
  ASSERT_OK(file->Truncate(2));
  ASSERT_OK(file->Truncate(4));
  EXPECT_EQ(ReadText(*file, 0, 4), std::string("he\0\0", 4));
}

TEST_F(PosixFileSystemTest, SharedLocksGoTogetherAndExclusiveOnesDoNot) {
  const std::unique_ptr<File> one = MustOpen(directory_ / "file");
  const std::unique_ptr<File> two = MustOpen(directory_ / "file");
  ASSERT_OK(one->TryLock(100, File::LockKind::kShared));
  ASSERT_OK(two->TryLock(100, File::LockKind::kShared));
  EXPECT_THAT(two->TryLock(100, File::LockKind::kExclusive), HasCode(StatusCode::kBusy));
  one->Unlock(100);
  EXPECT_OK(two->TryLock(100, File::LockKind::kExclusive));
  EXPECT_THAT(one->TryLock(100, File::LockKind::kShared), HasCode(StatusCode::kBusy));
}

TEST_F(PosixFileSystemTest, LockIsOfOneByteAndBelongsToTheOpenFile) {
  const std::unique_ptr<File> one = MustOpen(directory_ / "file");
  std::unique_ptr<File> two = MustOpen(directory_ / "file");
  ASSERT_OK(two->TryLock(100, File::LockKind::kExclusive));
  EXPECT_OK(two->TryLock(100, File::LockKind::kExclusive));
  EXPECT_OK(one->TryLock(99, File::LockKind::kExclusive));
  EXPECT_OK(one->TryLock(101, File::LockKind::kExclusive));
  EXPECT_THAT(one->TryLock(100, File::LockKind::kExclusive), HasCode(StatusCode::kBusy));
  MustOpen(directory_ / "file").reset();  // a POSIX lock of the process would end here
  EXPECT_THAT(one->TryLock(100, File::LockKind::kExclusive), HasCode(StatusCode::kBusy));
  two.reset();
  EXPECT_OK(one->TryLock(100, File::LockKind::kExclusive));
}

TEST_F(PosixFileSystemTest, ExclusiveLockOfAReadOnlyFileIsReadOnly) {
  MustOpen(directory_ / "file");
  const std::unique_ptr<File> file = MustOpen(directory_ / "file", OpenMode::kReadOnly);
  EXPECT_OK(file->TryLock(1, File::LockKind::kShared));
  EXPECT_THAT(file->TryLock(1, File::LockKind::kExclusive), HasCode(StatusCode::kReadOnly));
}

TEST_F(PosixFileSystemTest, RemoveRenameExistsAndList) {
  MustOpen(directory_ / "b");
  MustOpen(directory_ / "a");
  EXPECT_THAT(fs_.List(directory_.path()).value(), ElementsAre("a", "b"));
  ASSERT_OK(fs_.Rename(directory_ / "b", directory_ / "c"));
  EXPECT_FALSE(fs_.Exists(directory_ / "b"));
  EXPECT_TRUE(fs_.Exists(directory_ / "c"));
  ASSERT_OK(fs_.SyncDirectory(directory_.path()));
  ASSERT_OK(fs_.Remove(directory_ / "c"));
  EXPECT_THAT(fs_.Remove(directory_ / "c"), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(fs_.Rename(directory_ / "c", directory_ / "d"), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(fs_.List(directory_ / "none"), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(fs_.SyncDirectory(directory_ / "none"), HasCode(StatusCode::kNotFound));
}

TEST_F(PosixFileSystemTest, IdentityIsOfTheFileBehindLinks) {
  const std::string path = directory_ / "file";
  MustOpen(path);
  std::filesystem::create_symlink(path, directory_ / "soft");
  const FileIdentity identity = fs_.Identify(path).value();
  EXPECT_EQ(identity.hard_links, 1U);
  EXPECT_EQ(fs_.Identify(directory_ / "soft").value(), identity);
  std::filesystem::create_hard_link(path, directory_ / "hard");
  EXPECT_EQ(fs_.Identify(path).value().hard_links, 2U);
  EXPECT_THAT(fs_.Identify(directory_ / "none"), HasCode(StatusCode::kNotFound));
}

TEST_F(PosixFileSystemTest, ResolvedPathIsAbsoluteAndFreeOfLinks) {
  const std::string root = fs_.ResolvePath(directory_.path()).value();
  std::filesystem::create_directory(directory_ / "folder");
  std::filesystem::create_symlink("folder", directory_ / "link");
  EXPECT_EQ(fs_.ResolvePath(directory_ / "link/../link/new").value(), root + "/folder/new");
  MustOpen(directory_ / "folder/new");
  EXPECT_EQ(fs_.ResolvePath(directory_ / "link/new").value(), root + "/folder/new");
  EXPECT_EQ(fs_.ResolvePath("new").value(), std::filesystem::current_path().string() + "/new");
  EXPECT_THAT(fs_.ResolvePath(directory_ / "none/new"), HasCode(StatusCode::kNotFound));
  EXPECT_THAT(fs_.ResolvePath(""), HasCode(StatusCode::kInvalidArgument));
}

TEST_F(PosixFileSystemTest, LinkToAFileThatIsYetToBeCreatedResolvesToItsPlace) {
  const std::string root = fs_.ResolvePath(directory_.path()).value();
  std::filesystem::create_symlink("target", directory_ / "link");
  const std::string resolved = fs_.ResolvePath(directory_ / "link").value();
  EXPECT_EQ(resolved, root + "/target");
  EXPECT_THAT(fs_.Open(directory_ / "link", OpenMode::kOpenOrCreate).status().message(),
              HasSubstr("symbolic link"));
  MustOpen(resolved);
  EXPECT_EQ(fs_.ResolvePath(directory_ / "link").value(), resolved);
  std::filesystem::create_symlink("loop", directory_ / "loop");
  EXPECT_THAT(fs_.ResolvePath(directory_ / "loop"), HasCode(StatusCode::kIoError));
}

TEST_F(PosixFileSystemTest, LocalFolderIsAcceptedAndAMissingOneIsNot) {
  EXPECT_OK(fs_.CheckLocal(directory_.path()));
  EXPECT_THAT(fs_.CheckLocal(directory_ / "none"), HasCode(StatusCode::kNotFound));
}

TEST_F(PosixFileSystemTest, TellsWhatIsFreeOnTheDiskOfAFolder) {
  EXPECT_EQ(fs_.FreeBytes(directory_.path()).value() / kGiB,
            std::filesystem::space(directory_.path()).available / kGiB);
  EXPECT_THAT(fs_.FreeBytes(directory_ / "none"), HasCode(StatusCode::kNotFound));
}

TEST(DirectoryOfTest, IsWhatStandsBeforeTheLastSlash) {
  EXPECT_EQ(DirectoryOf("plant.xtdb"), ".");
  EXPECT_EQ(DirectoryOf("/plant.xtdb"), "/");
  EXPECT_EQ(DirectoryOf("a/b/plant.xtdb"), "a/b");
}

TEST(SystemClockTest, MonotonicTimeNeverStepsBackAndSleepMovesIt) {
  Clock& clock = SystemClock();
  const int64_t before = clock.MonotonicUs();
  clock.SleepUs(-1);
  clock.SleepUs(1000);
  EXPECT_GE(clock.MonotonicUs(), before + 1000);
  EXPECT_GT(clock.NowUs(), 1'700'000'000'000'000);
}

TEST(PosixFileTest, ADescriptorThatIsJustBeingOpenedDoesNotGetIntoAChild) {
  const TemporaryDirectory folder;
  std::promise<int> opened;
  std::future<int> descriptor = opened.get_future();
  std::promise<void> forked;
  std::future<void> has_forked = forked.get_future();
  std::thread opener([&] {
    const auto file = PosixFile::Make(folder / "plant.xtdb", [&] {
      const int fd = ::open((folder / "plant.xtdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      opened.set_value(fd);
      has_forked.wait_for(std::chrono::milliseconds(200));  // it has to wait for us
      return fd;
    });
    ASSERT_NE(file, nullptr);
    has_forked.wait();
  });
  const int fd = descriptor.get();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(::fcntl(fd, F_GETFD) == -1 ? 0 : 1);
  forked.set_value();
  opener.join();
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(PosixFileSystemTest, LogAndSharedMemoryGetThePermissionsOfTheContainerWhateverTheUmask) {
  MustOpen(directory_ / "plant");
  ASSERT_EQ(::chmod((directory_ / "plant").c_str(), 0660), 0);
  const mode_t before = ::umask(077);
  MustOpen(directory_ / "plant-wal", OpenMode::kCreateNew);
  EXPECT_OK(fs_.MapShared(directory_ / "plant-shm", 4096, OpenMode::kOpenOrCreate));
  MustOpen(directory_ / "other");
  ::umask(before);
  const auto permissions = [&](const char* name) {
    struct stat info {};
    EXPECT_EQ(::stat((directory_ / name).c_str(), &info), 0);
    return info.st_mode & 0777;
  };
  EXPECT_EQ(permissions("plant-wal"), 0660u);
  EXPECT_EQ(permissions("plant-shm"), 0660u);
  EXPECT_EQ(permissions("other"), 0600u);
}

TEST_F(PosixFileSystemTest, AKeptFileIsFoundByItsPathOnly) {
  fs_.KeepOpen(MustOpen(directory_ / "a"));
  std::filesystem::rename(directory_ / "a", directory_ / "b");
  EXPECT_EQ(MustOpen(directory_ / "b", OpenMode::kReadWrite)->path(), directory_ / "b");
}

}  // namespace
}  // namespace xtdb
