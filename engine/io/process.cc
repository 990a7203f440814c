#include "engine/io/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>

namespace xtdb {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::string ProgramName(const std::string& pid) {
  const std::string path = "/proc/" + pid + "/comm";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "unknown program";
  char name[64];
  const ssize_t size = read(fd, name, sizeof(name));
  close(fd);
  if (size <= 0) return "unknown program";
  std::string text(name, static_cast<size_t>(size));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool HasOpen(const std::string& pid, const struct stat& wanted) {
  const std::string folder = "/proc/" + pid + "/fd";
  const Directory fds(opendir(folder.c_str()));
  if (!fds) return false;
  while (const dirent* entry = readdir(fds.get())) {
    struct stat found;
    const std::string path = folder + "/" + entry->d_name;
    if (stat(path.c_str(), &found) == 0 && found.st_dev == wanted.st_dev &&
        found.st_ino == wanted.st_ino) {
      return true;
    }
  }
  return false;
}

std::atomic<uint64_t> fork_generation{0};

bool IsNumber(const char* text) {
  return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

}  // namespace

int64_t CurrentProcessId() { return getpid(); }

std::string CurrentProgramName() { return ProgramName("self"); }

uint64_t ForkGeneration() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1); });
  static_cast<void>(registered);
  return fork_generation.load();
}

void FillRandom(std::span<uint8_t> out) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = getrandom(out.data() + done, out.size() - done, 0);
    if (got > 0) done += static_cast<size_t>(got);
  }
}

std::array<uint8_t, 16> RandomUuid() {
  std::array<uint8_t, 16> uuid;
  FillRandom(uuid);
  uuid[6] = static_cast<uint8_t>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<uint8_t>((uuid[8] & 0x3F) | 0x80);
  return uuid;
}

std::string DescribeHolders(const std::string& path) {
  struct stat wanted;
  if (stat(path.c_str(), &wanted) != 0) return "";
  const Directory processes(opendir("/proc"));
  if (!processes) return "";
  const std::string self = std::to_string(getpid());
  std::string holders;
  while (const dirent* entry = readdir(processes.get())) {
    const std::string pid = entry->d_name;
    if (!IsNumber(entry->d_name) || pid == self || !HasOpen(pid, wanted)) continue;
    if (!holders.empty()) holders += ", ";
    holders += "process " + pid + " (" + ProgramName(pid) + ")";
  }
  return holders;
}

}  // namespace xtdb
