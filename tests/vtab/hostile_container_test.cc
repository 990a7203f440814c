#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "engine/format/checked_struct.h"
#include "engine/format/container_format.h"
#include "tests/vtab/hostile.h"

// Goal: files that somebody forged, exchanged, or changes under an open connection are errors of
// statements, never the end of the process, and take no memory that they do not fill.
namespace xtdb {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

class HostileContainerTest : public HostileTest {
 protected:
  static constexpr const char* kInsert = "INSERT INTO plant(tag, ts, value) VALUES ('x', 1, 1)";

  // In a child process, which a signal may kill; 0 if it ends by itself with nothing failed.
  template <typename Body>
  static int InChild(Body&& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
  }

  static void BoundAddressSpace() {
#ifndef XTDB_SANITIZED
    const rlimit limit{uint64_t{3} << 30, uint64_t{3} << 30};
    ::setrlimit(RLIMIT_AS, &limit);
#endif
  }

  // Both superblocks of the closed container, changed and with right checksums again.
  template <typename Change>
  void Forge(Change&& change) {
    std::string bytes = ReadFile(ContainerPath());
    for (const uint64_t offset : kSuperblockOffsets) {
      Superblock superblock;
      std::memcpy(&superblock, bytes.data() + offset, sizeof(superblock));
      change(superblock);
      superblock.crc32 = StructCrc(superblock);
      std::memcpy(bytes.data() + offset, &superblock, sizeof(superblock));
    }
    WriteFile(ContainerPath(), bytes);
  }
};

TEST_F(HostileContainerTest, ForgedSizesTakeNoMemory) {
  db_.reset();
  const std::string sound = ReadFile(ContainerPath());
  const std::vector<void (*)(Superblock&)> changes = {
      [](Superblock& s) { s.catalogue_size_bytes = UINT64_MAX; },
      [](Superblock& s) { s.catalogue_size_bytes = uint64_t{1} << 40; },
      [](Superblock& s) {
        s.catalogue_offset = kExtentSizeBytes;
        s.catalogue_size_bytes = (uint64_t{1} << 40) - kExtentSizeBytes;
      },
      [](Superblock& s) {
        s.catalogue_offset = uint64_t{1} << 30;
        s.catalogue_size_bytes = uint64_t{1} << 39;
      },
      [](Superblock& s) { s.catalogue_offset = UINT64_MAX - 1; },
      [](Superblock& s) { s.catalogue_slot = UINT32_MAX; },
      [](Superblock& s) { s.next_tag_id = UINT32_MAX; },
      [](Superblock& s) { s.checkpoint_lsn = UINT64_MAX - 8; },
      [](Superblock& s) { s.log_state = LogState::kInUse; },
      [](Superblock& s) { s.sequence = UINT64_MAX; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    WriteFile(ContainerPath(), sound);
    Forge(changes[i]);
    // A hole that claims to be bytes.
    std::filesystem::resize_file(ContainerPath(), uint64_t{1} << 40);
    EXPECT_EQ(InChild([&] {
                BoundAddressSpace();
                TestDatabase db(DatabasePath());
                const Outcome read = db.Exec("SELECT * FROM plant");
                EXPECT_NE(read.code, SQLITE_NOMEM) << read.message;
                EXPECT_NE(db.Exec("SELECT xtdb_check('plant')").code, SQLITE_NOMEM);
              }),
              0);
  }
  WriteFile(ContainerPath(), sound);
  Reopen();
  EXPECT_EQ(Points(), kAllPoints);
}

TEST_F(HostileContainerTest, AnotherContainerInItsPlaceWhileItIsOpenIsNotTakenForIt) {
  TestDatabase(folder_ / "other.db").Run("CREATE VIRTUAL TABLE v USING xtdb(path='other.xtdb')");
  std::filesystem::rename(folder_ / "other.xtdb", ContainerPath());
  EXPECT_EQ(Points(), kAllPoints);
  TestDatabase second(DatabasePath());
  EXPECT_THAT(second.Exec("SELECT * FROM plant").message,
              AnyOf(HasSubstr("another container"), HasSubstr("chunk_size")));
}

TEST_F(HostileContainerTest, AContainerCutShortWhileItIsOpenIsDamage) {
  Run("SELECT xtdb_flush('plant')");
  for (const uint64_t size : {uint64_t{40'000}, uint64_t{16'384}, uint64_t{1'000}, uint64_t{0}}) {
    SCOPED_TRACE(size);
    std::filesystem::resize_file(ContainerPath(), size);
    const Outcome outcome = Exec("SELECT * FROM plant");
    EXPECT_NE(outcome.code, SQLITE_OK);
    EXPECT_NE(Line("SELECT xtdb_check('plant')"), "ok");
  }
  Exec(kInsert);
}

TEST_F(HostileContainerTest, JunkInSharedMemoryKillsNobodyAndLosesNothing) {
  const std::string shm = ContainerPath() + "-shm";
  for (const char fill : {'\0', '\x01', '\x7F', '\xFF'}) {
    for (const size_t begin : {size_t{0}, size_t{72}, size_t{4096}}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(fill) << " from " << begin);
      // Points that are in the log alone.
      Run("INSERT INTO plant(tag, ts, value) VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 3)");
      const size_t size = std::filesystem::file_size(shm);
      const std::string junk(size - begin, fill);
      std::fstream(shm, std::ios::binary | std::ios::in | std::ios::out)
          .seekp(static_cast<std::streamoff>(begin))
          .write(junk.data(), static_cast<std::streamsize>(junk.size()));
      Exec("SELECT * FROM plant");
      Exec("SELECT xtdb_check('plant')");
      Reopen();
      EXPECT_EQ(Points(), kAllPoints);
    }
  }
}

}  // namespace
}  // namespace xtdb
