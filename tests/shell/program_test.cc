// The program as a process: exit codes, streams and signals.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "shell/commands/command.h"
#include "shell/mirror/sqlite_database.h"
#include "tests/shell/captured_terminal.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "vtab/text/one_line.h"

#ifdef XTDB_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace xtdb {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

struct Ended {
  int exit_code = -1;  // -1: killed
  std::string out;
  std::string err;
};

class ProgramTest : public testing::Test {
 protected:
  pid_t Start(std::vector<std::string> arguments, bool closes_streams = false) {
    arguments.insert(arguments.begin(), XTDB_BINARY_DIR "/xtdb");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_.c_str(), flags, 0600);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_.c_str(), flags, 0600);
    for (int fd = STDIN_FILENO; closes_streams && fd <= STDERR_FILENO; ++fd) {
      ::posix_spawn_file_actions_addclose(&actions, fd);
    }
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(error, 0);
    return pid;
  }

  Ended Wait(pid_t pid) {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    // A device may never end.
    const std::string out = std::filesystem::is_regular_file(out_) ? ReadText(out_) : "";
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, out, ReadText(err_)};
  }

  Ended Run(std::vector<std::string> arguments) { return Wait(Start(std::move(arguments))); }

  const TemporaryDirectory folder_;
  std::string out_ = folder_ / "out";
  const std::string err_ = folder_ / "err";
};

TEST_F(ProgramTest, HelpNamesEveryCommandAndTheExitCodes) {
  const Ended help = Run({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.err, IsEmpty());
  for (const char* command :
       {"record", "import", "export", "tags", "stats", "check", "backup", "restore", "salvage",
        "compact", "retain", "mirror", "bench", "plot", "sql"}) {
    EXPECT_THAT(help.out, HasSubstr(command));
    const Ended command_help = Run({command, "--help"});
    EXPECT_EQ(command_help.exit_code, 0);
    EXPECT_THAT(command_help.out, AllOf(HasSubstr("Examples:"), HasSubstr("Exit codes: 0 ")));
  }
  EXPECT_THAT(Run({"--version"}).out, StartsWith("xtdb "));
}

TEST_F(ProgramTest, WhoAsksForNothingGetsHelp) {
  const Ended ended = Run({});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.out, IsEmpty());
  EXPECT_THAT(ended.err, HasSubstr("Examples:"));
}

TEST_F(ProgramTest, WrongUsageIsTwoAndSaysWhat) {
  const std::vector<std::vector<std::string>> wrong = {
      {"dance"},
      {"stats"},
      {"stats", "a.xtdb", "--shiny"},
      {"record", "a.xtdb", "--interval", "soon"},
      {"record", "a.xtdb", "--interval", "0"},
      {"import", "a.xtdb", "a.csv", "--on-error", "shrug"},
      {"import", "a.xtdb", "a.csv", "--quality", "256"},
      {"import", "a.xtdb", "a.csv", "--delimiter", "ab"},
      {"import", "a.xtdb", "a.csv", "--time-format", "lunar"},
      {"plot", "a.xtdb", "--from", "noon"},
      {"import", "a.xtdb", "a.csv", "--format", "xml"},
      {"import", "a.xtdb", "a.csv", "--timezone", "Mars/Base"},
      {"export", "a.xtdb", "--format", "xml"},
      {"export", "a.xtdb", "--from", "yesteryear"},
      {"retain", "a.xtdb", "--keep", "90"},
      {"retain", "a.xtdb", "--max-bytes", "much"},
      {"restore", "a.xtdb"},
      {"mirror", "a.xtdb", "a.db", "--rollup", "3"},
      {"mirror", "a.xtdb", "a.db", "--timezone", "UTC"},
      {"bench", ".", "--duration", "0"},
      {"import", "a.xtdb", "a.csv", "--commit-every", "0"},
      {"plot", "a.xtdb", "--width", "5"},
  };
  for (const auto& arguments : wrong) {
    const Ended ended = Run(arguments);
    SCOPED_TRACE(ended.err);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_THAT(ended.err, StartsWith("xtdb: "));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  EXPECT_THAT(Run({"exprot", "a.xtdb"}).err,
              StartsWith("xtdb: there is no command \"exprot\"; there is \"export\"\n"));
}

// What the program writes to a terminal of 50 columns and 12 rows.
class ProgramOnATerminalTest : public ProgramTest {
 protected:
  ProgramOnATerminalTest() : terminal_(::posix_openpt(O_RDWR | O_NOCTTY)) {}

  void SetUp() override {
    const char* const name = ::ptsname(terminal_);
    if (name == nullptr || ::access(name, R_OK | W_OK) != 0) {
      GTEST_SKIP() << "no pseudo-terminals: is /dev/pts mounted?";
    }
    EXPECT_EQ(::grantpt(terminal_), 0);
    EXPECT_EQ(::unlockpt(terminal_), 0);
    const winsize size = {.ws_row = 12, .ws_col = 50, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::ioctl(terminal_, TIOCSWINSZ, &size), 0);
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
  ~ProgramOnATerminalTest() override {
    ::unsetenv("NO_COLOR");
    ::close(terminal_);
  }

  std::string Shown(std::vector<std::string> arguments) {
    out_ = ::ptsname(terminal_);
    // While this is open what was written stays readable behind the program's end.
    const int kept = ::open(out_.c_str(), O_RDWR | O_NOCTTY);
    EXPECT_EQ(Wait(Start(std::move(arguments))).exit_code, 0);
    std::string shown;
    char bytes[4096];
    pollfd ready = {terminal_, POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1) {
      const ssize_t count = ::read(terminal_, bytes, sizeof(bytes));
      if (count <= 0) break;
      shown.append(bytes, static_cast<size_t>(count));
    }
    ::close(kept);
    return shown;
  }

  const int terminal_;
};

TEST_F(ProgramOnATerminalTest, APlotHasItsSizeAndColoursUnlessNobodyWantsThem) {
  WriteText(folder_ / "a.csv", "tag,time,value\na,2026-01-01,1\na,2026-01-02,2\nb,2026-01-01,2\n");
  const std::string container = folder_ / "a.xtdb";
  ASSERT_EQ(Run({"import", container, folder_ / "a.csv"}).exit_code, 0);
  const std::string coloured = Shown({"plot", container});
  EXPECT_THAT(coloured, HasSubstr("\x1b[32m\u2501\u2501 \x1b[0ma"));
  EXPECT_LE(std::count(coloured.begin(), coloured.end(), '\n'), 11);
  ::setenv("NO_COLOR", "1", 1);
  const std::string plain = Shown({"plot", container});
  EXPECT_THAT(plain, AllOf(Not(HasSubstr("\x1b")), HasSubstr("A a   B b")));
  EXPECT_THAT(plain, HasSubstr("\u2514\u252c")) << plain;
  const size_t axis = plain.find("\u2514");
  EXPECT_EQ(CharacterCount(plain.substr(0, plain.find('\r', axis))) -
                CharacterCount(plain.substr(0, plain.rfind('\n', axis) + 1)),
            50u)
      << plain;
}

TEST_F(ProgramTest, FailureIsOneAndOfACheckTwo) {
  const Ended absent = Run({"stats", folder_ / "absent.xtdb"});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_THAT(absent.err, AllOf(StartsWith("xtdb: "), HasSubstr("absent.xtdb")));
  WriteText(folder_ / "damaged.xtdb", std::string(20'000, 'x'));
  EXPECT_EQ(Run({"check", folder_ / "damaged.xtdb"}).exit_code, 1);
  EXPECT_EQ(Run({"check", folder_ / "absent.xtdb"}).exit_code, 2);
  EXPECT_EQ(Run({"salvage", folder_ / "damaged.xtdb", folder_ / "saved.xtdb"}).exit_code, 2);
}

TEST_F(ProgramTest, ImportTakesOptionsOfTheFile) {
  WriteText(folder_ / "a.txt", "31.12.2025 23:59:59\t4\n");
  const Ended imported = Run({"import", folder_ / "a.xtdb", folder_ / "a.txt", "--no-header",
                              "--delimiter", "tab", "--time-format", "dmy", "--tag", "t"});
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_THAT(Run({"stats", folder_ / "a.xtdb", "--json"}).out,
              HasSubstr("\"first_ts\": 1767225599000000"));
}

TEST_F(ProgramTest, AResultThatCannotBeWrittenIsAnError) {
  WriteText(folder_ / "a.csv", "tag,time,value\nt,2026-01-01,1\n");
  ASSERT_EQ(Run({"import", folder_ / "a.xtdb", folder_ / "a.csv"}).exit_code, 0);
  out_ = "/dev/full";
  const Ended ended = Run({"stats", folder_ / "a.xtdb"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(ended.err, HasSubstr("No space left on device"));
}

// As some that start daemons do. It waited for ever on a descriptor of its own.
TEST_F(ProgramTest, ClosedStreamsAreNoFiles) {
  const std::string container = folder_ / "a.xtdb";
  EXPECT_EQ(Wait(Start({"import", container, "-"}, true)).exit_code, 1);
  EXPECT_FALSE(std::filesystem::exists(container));
  const std::string csv = "tag,time,value,quality\na,2026-01-01 00:00:00.000,1,192\n";
  WriteText(folder_ / "a.csv", csv);
  ASSERT_EQ(Run({"import", container, folder_ / "a.csv"}).exit_code, 0);
  const std::string text = folder_ / "b.csv";
  const Ended ended =
      Wait(Start({"export", container, "--no-definitions", "--output", text}, true));
  EXPECT_EQ(ended.exit_code, 1) << "what it says of it cannot be written";
  EXPECT_EQ(ReadText(text), csv);
}

TEST_F(ProgramTest, SqlHandsItsArgumentsToTheStockShell) {
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 shell";
  if (kSanitized) GTEST_SKIP() << "the shell cannot load a sanitized extension";
  WriteText(folder_ / "a.csv", "tag,time,value\nt,2026-01-01,1\n");
  ASSERT_EQ(Run({"import", folder_ / "my plant.xtdb", folder_ / "a.csv"}).exit_code, 0);
  const Ended selected =
      Run({"sql", folder_ / "my plant.xtdb", "-header", "SELECT * FROM my_plant"});
  EXPECT_EQ(selected.exit_code, 0) << selected.err;
  EXPECT_EQ(selected.out,
            "tag|time|value|quality\n"
            "t|2026-01-01 00:00:00.000|1|192\n");
  EXPECT_NE(Run({"sql", folder_ / "my plant.xtdb", "SELECT nonsense"}).exit_code, 0);
  EXPECT_EQ(Run({"sql", folder_ / "absent.xtdb", "SELECT 1"}).exit_code, 1);
}

TEST_F(ProgramTest, AnExportGoesThroughAPipeIntoAnotherContainer) {
  WriteText(folder_ / "a.csv", "tag,time,value\nt,2026-01-01,1\nu,2026-01-02,\"a\nb\"\n");
  ASSERT_EQ(Run({"import", folder_ / "a.xtdb", folder_ / "a.csv"}).exit_code, 0);
  const std::string program = XTDB_BINARY_DIR "/xtdb";
  const std::string pipe = program + " export " + (folder_ / "a.xtdb") + " | " + program +
                           " import " + (folder_ / "b.xtdb") + " - >/dev/null";
  ASSERT_EQ(std::system(pipe.c_str()), 0);
  EXPECT_EQ(Run({"export", folder_ / "b.xtdb"}).out, Run({"export", folder_ / "a.xtdb"}).out);
}

// Goal: a mirror that is killed again and again is whole each time, and ends as one made anew.
TEST_F(ProgramTest, AMirrorSurvivesKills) {
  const std::string container = folder_ / "a.xtdb";
  ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(container));
  for (int kill = 0; kill < 10; ++kill) {
    const pid_t pid = Start({"mirror", container, folder_ / "kept.db", "--every", "1ms"});
    for (int i = 0; i < 200; ++i) {
      const int64_t ts_us = (kill * 200 + i) * int64_t{60'000'000};
      ASSERT_OK(engine->WritePoint("t" + std::to_string(i % 5), ts_us, Value::Integer(i), 192));
    }
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    EXPECT_EQ(Wait(pid).exit_code, -1);
  }
  for (const char* name : {"kept.db", "new.db"}) {
    const Ended ended = Run({"mirror", container, folder_ / name});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
  }
  ASSERT_OK_AND_ASSIGN(const auto db, SqliteDatabase::Open(folder_ / "kept.db", 0));
  ASSERT_OK(db->Execute("ATTACH '" + (folder_ / "new.db") + "' AS new"));
  for (const char* table : {"latest", "rollup_1h"}) {
    const std::string name = table;
    ASSERT_OK_AND_ASSIGN(SqliteStatement differing,
                         db->Prepare("SELECT count(*), (SELECT count(*) FROM new." + name +
                                     ") FROM (SELECT * FROM main." + name +
                                     " EXCEPT SELECT * FROM new." + name + ")"));
    ASSERT_OK_AND_ASSIGN(const bool found, differing.Step());
    ASSERT_TRUE(found);
    EXPECT_EQ(differing.Integer(0), 0) << table;
    EXPECT_GT(differing.Integer(1), 0) << table;
  }
}

TEST_F(ProgramTest, SqlReadsWhatItCannotWrite) {
  if (std::system("command -v sqlite3 >/dev/null") != 0) GTEST_SKIP() << "no sqlite3 shell";
  if (kSanitized) GTEST_SKIP() << "the shell cannot load a sanitized extension";
  const std::string read_only = folder_ / "read_only";
  std::filesystem::create_directory(read_only);
  {
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForWriting(read_only + "/plant.xtdb"));
    ASSERT_OK(engine->WritePoint("a", 1, Value::Integer(42), kQualityGood));
    ASSERT_OK(engine->Close());
  }
  const char* const insert = "INSERT INTO plant(tag, ts, value) VALUES ('a', 2, 1)";
  Ended sql = Run({"sql", "--read-only", read_only + "/plant.xtdb", insert});
  EXPECT_THAT(sql.err, HasSubstr("read_only"));
  if (::geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
  std::filesystem::permissions(read_only, std::filesystem::perms(0555));
  sql = Run({"sql", read_only + "/plant.xtdb", "SELECT value FROM plant"});
  EXPECT_EQ(sql.out, "42\n") << sql.err;
  std::filesystem::permissions(read_only, std::filesystem::perms(0755));
}

bool HasTags(const std::string& container) {
  const auto engine = OpenForReading(container);
  return engine.ok() && engine.value()->tags()->size() > 0;
}

TEST_F(ProgramTest, RecordEndsCleanlyAtASignal) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string container = folder_ / ("machine" + std::to_string(signal) + ".xtdb");
    const pid_t pid = Start({"record", container, "--interval", "20ms"});
    while (!HasTags(container) && ::waitpid(pid, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(::kill(pid, signal), 0);
    const Ended ended = Wait(pid);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("recorded "));
    EXPECT_FALSE(std::filesystem::exists(container + "-wal"));
    ASSERT_OK_AND_ASSIGN(const auto engine, OpenForReading(container));
    EXPECT_EQ(engine->Stats().recovered_transactions, 0U);
    EXPECT_GT(engine->tags()->size(), 0U);
  }
}

}  // namespace
}  // namespace xtdb
