#include "tests/crash/sql_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>
#include <vector>

namespace xtdb {

namespace {

constexpr uid_t kNobody = 65534;
constexpr int kRequestFd = 3;
constexpr int kAnswerFd = 4;

bool WriteAll(int fd, const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(fd, from, size);
    if (written <= 0) return false;
    from += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

bool ReadAll(int fd, void* data, size_t size) {
  char* to = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(fd, to, size);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

bool Send(int fd, int code, const std::string& text) {
  const std::array<uint32_t, 2> head = {static_cast<uint32_t>(code),
                                        static_cast<uint32_t>(text.size())};
  return WriteAll(fd, head.data(), sizeof(head)) && WriteAll(fd, text.data(), text.size());
}

bool Receive(int fd, int* code, std::string* text) {
  std::array<uint32_t, 2> head{};
  if (!ReadAll(fd, head.data(), sizeof(head))) return false;
  *code = static_cast<int>(head[0]);
  text->resize(head[1]);
  return ReadAll(fd, text->data(), text->size());
}

using Answer = SqlProcess::Answer;

sqlite3* OpenDatabase(const std::string& path) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path.c_str(), &db) != SQLITE_OK) std::abort();
  sqlite3_enable_load_extension(db, 1);
  if (sqlite3_load_extension(db, XTDB_BINARY_DIR "/xtdb.so", nullptr, nullptr) != SQLITE_OK) {
    std::abort();
  }
  return db;
}

class SqlServer {
 public:
  explicit SqlServer(std::string path) : path_(std::move(path)), db_(OpenDatabase(path_)) {}

  void Serve() {
    int code = 0;
    std::string what;
    while (Receive(kRequestFd, &code, &what)) {
      const Answer answer = Do(what);
      if (!Send(kAnswerFd, answer.code, answer.text)) break;
    }
    Close();
  }

 private:
  Answer Do(const std::string& what) {
    if (what.starts_with(".cursor ")) return Prepare(what.substr(8));
    if (what.starts_with(".rows ")) return Rows(std::atoi(what.c_str() + 6));
    if (what == ".finish") return {sqlite3_finalize(std::exchange(cursor_, nullptr)), ""};
    if (what == ".fork") return Fork();
    if (what.starts_with(".threads ")) return Threads(what.substr(9));
    if (what == ".close") return Close();
    if (what == ".reopen") {
      const Answer closed = Close();
      db_ = OpenDatabase(path_);
      return closed;
    }
    return Run(db_, what);
  }

  static Answer Run(sqlite3* db, const std::string& sql) {
    Answer answer{SQLITE_OK, ""};
    const auto add_row = [](void* context, int count, char** values, char**) {
      std::string& text = static_cast<Answer*>(context)->text;
      if (!text.empty()) text += "\n";
      for (int i = 0; i < count; ++i) {
        text += std::string(i == 0 ? "" : "|") + (values[i] == nullptr ? "NULL" : values[i]);
      }
      return 0;
    };
    answer.code = sqlite3_exec(db, sql.c_str(), add_row, &answer, nullptr);
    if (answer.code != SQLITE_OK) answer.text = sqlite3_errmsg(db);
    return answer;
  }

  Answer Prepare(const std::string& sql) {
    const int code = sqlite3_prepare_v2(db_, sql.c_str(), -1, &cursor_, nullptr);
    return {code, code == SQLITE_OK ? "" : sqlite3_errmsg(db_)};
  }

  Answer Rows(int count) {
    Answer answer{SQLITE_OK, ""};
    while (count-- > 0 && (answer.code = sqlite3_step(cursor_)) == SQLITE_ROW) {
      if (!answer.text.empty()) answer.text += "\n";
      for (int i = 0; i < sqlite3_column_count(cursor_); ++i) {
        if (i > 0) answer.text += "|";
        answer.text += reinterpret_cast<const char*>(sqlite3_column_text(cursor_, i));
      }
    }
    if (answer.code != SQLITE_ROW && answer.code != SQLITE_DONE) answer.text = sqlite3_errmsg(db_);
    return answer;
  }

  Answer Fork() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(kRequestFd);
      ::close(kAnswerFd);
      const Answer found = Run(db_, "SELECT count(*) FROM plant");
      Send(ends[1], found.code, found.text);
      while (true) ::pause();
    }
    ::close(ends[1]);
    Answer found;
    if (!Receive(ends[0], &found.code, &found.text)) found.code = -1;
    ::close(ends[0]);
    return {SQLITE_OK, std::to_string(child) + "|" + std::to_string(found.code) + "|" + found.text};
  }

  Answer Threads(const std::string& counts) {
    char* rest = nullptr;
    const int64_t threads = std::strtoll(counts.c_str(), &rest, 10);
    const int64_t points = std::strtoll(rest, nullptr, 10);
    std::vector<Answer> answers(static_cast<size_t>(threads), Answer{SQLITE_OK, ""});
    std::vector<std::thread> running;
    for (Answer& answer : answers) {
      running.emplace_back([&answer, this, points, number = running.size()] {
        sqlite3* const db = OpenDatabase(path_);
        sqlite3_busy_timeout(db, 120'000);
        const std::string tag = std::to_string(::getpid()) + "." + std::to_string(number);
        for (int64_t i = 1; i <= points && answer.code == SQLITE_OK; ++i) {
          answer = Run(db, "INSERT INTO plant(tag, ts, value) VALUES ('" + tag + "', " +
                               std::to_string(i) + ", 1)");
          if (answer.code == SQLITE_OK && i % 16 == 0) {
            answer = Run(db, "SELECT count(*) FROM plant WHERE tag = '" + tag + "'");
            if (answer.text != std::to_string(i)) answer.code = SQLITE_ERROR;
          }
        }
        sqlite3_close(db);
      });
    }
    for (std::thread& thread : running) thread.join();
    for (const Answer& answer : answers) {
      if (answer.code != SQLITE_OK) return answer;
    }
    return {SQLITE_OK, "ok"};
  }

  Answer Close() {
    sqlite3_finalize(std::exchange(cursor_, nullptr));
    return {sqlite3_close(std::exchange(db_, nullptr)), ""};
  }

  const std::string path_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* cursor_ = nullptr;
};

}  // namespace

SqlProcess::SqlProcess(const std::string& database, bool as_nobody) {
  std::array<int, 2> requests{};
  std::array<int, 2> answers{};
  if (::pipe2(requests.data(), O_CLOEXEC) != 0 || ::pipe2(answers.data(), O_CLOEXEC) != 0) {
    std::abort();
  }
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Out of the way of each other first.
    const int in = ::fcntl(requests[0], F_DUPFD, 10);
    const int out = ::fcntl(answers[1], F_DUPFD, 10);
    ::dup2(in, kRequestFd);
    ::dup2(out, kAnswerFd);
    ::close(in);
    ::close(out);
    ::execl("/proc/self/exe", "sql_process", as_nobody ? "--sql-as-nobody" : "--sql",
            database.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(requests[0]);
  ::close(answers[1]);
  requests_ = requests[1];
  answers_ = answers[0];
}

SqlProcess::~SqlProcess() {
  ::close(requests_);
  if (pid_ != 0) ::waitpid(pid_, nullptr, 0);
  ::close(answers_);
}

void SqlProcess::Begin(const std::string& what) { Send(requests_, 0, what); }

SqlProcess::Answer SqlProcess::End() {
  Answer answer;
  if (!Receive(answers_, &answer.code, &answer.text)) return {};
  return answer;
}

std::string SqlProcess::Text(const std::string& what) {
  const Answer answer = Run(what);
  const bool is_good =
      answer.code == SQLITE_OK || answer.code == SQLITE_ROW || answer.code == SQLITE_DONE;
  return is_good ? answer.text : std::to_string(answer.code) + ": " + answer.text;
}

void SqlProcess::Signal(int signal) const { ::kill(pid_, signal); }

void SqlProcess::Kill() {
  Signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int ServeSqlIfAsked(int argc, char** argv) {
  if (argc != 3 || !std::string(argv[1]).starts_with("--sql")) return -1;
  if (std::string(argv[1]) == "--sql-as-nobody") {
    // The extension stays loaded, wherever it may stand.
    sqlite3_close(OpenDatabase(":memory:"));
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) return 1;
  }
  SqlServer(argv[2]).Serve();
  return 0;
}

}  // namespace xtdb
