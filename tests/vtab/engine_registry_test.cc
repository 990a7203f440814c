#include "vtab/engine_registry.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "engine/format/container_format.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/watched_file_system.h"

namespace xtdb {
namespace {

class EngineRegistryTest : public testing::Test {
 protected:
  EngineRegistryTest() : watched_(PosixFileSystem()) { ReplaceContainerFiles(&watched_); }
  ~EngineRegistryTest() override { ReplaceContainerFiles(nullptr); }
  Result<std::shared_ptr<EngineHandle>> Open(const std::string& name) {
    return EngineRegistry::Instance().Open(folder_ / name, {}, Existence::kMayCreate);
  }

  TemporaryDirectory folder_;
  WatchedFileSystem watched_;
};

TEST_F(EngineRegistryTest, AChildOpensWhileAThreadOfItsParentWasOpening) {
  std::promise<void> is_opening;
  std::promise<void> may_go_on;
  watched_.after_lock = [&](uint64_t offset) {
    if (offset != kLockRecovery) return;
    watched_.after_lock = {};
    is_opening.set_value();
    may_go_on.get_future().wait();
  };
  std::thread opener([&] { EXPECT_OK(Open("parent.xtdb")); });
  is_opening.get_future().wait();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    ::_exit(Open("child.xtdb").ok() ? 0 : 1);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  may_go_on.set_value();
  opener.join();
  EXPECT_TRUE(WIFEXITED(status)) << "it hung";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace xtdb
