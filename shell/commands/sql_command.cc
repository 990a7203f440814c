#include "shell/commands/sql_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "shell/commands/command.h"
#include "vtab/text/quote_text.h"

namespace xtdb {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter = R"(
Opens the sqlite3 shell with the extension loaded and the container as a table that has the file's
name: plant.xtdb is the table plant. What follows CONTAINER goes to sqlite3.
Where the container or its folder cannot be written it is opened --read-only.

Examples:
  xtdb sql plant.xtdb
  xtdb sql plant.xtdb "SELECT tag, count(*), avg(value) FROM plant GROUP BY tag"
  xtdb sql plant.xtdb -csv -header "SELECT * FROM plant WHERE tag = 'boiler.temp'"

The extension xtdb.so is looked for in $XTDB_EXTENSION, beside the program, and in ../lib.

)";

std::string SqlText(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

// A word of a dot command, which knows C's escapes between double quotes.
std::string DotWord(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Writing takes a log beside the container.
bool MayWrite(const fs::path& container) {
  const auto may_write = [](const fs::path& path) {
    return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
  };
  std::error_code error;
  const fs::path file = fs::canonical(container, error);
  return may_write(file) && may_write(file.parent_path());
}

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// Debian's lib folders: lib, lib64, lib/x86_64-linux-gnu.
std::optional<fs::path> FindInLib(const fs::path& prefix) {
  for (const char* lib : {"lib", "lib64"}) {
    if (IsFile(prefix / lib / "xtdb.so")) return prefix / lib / "xtdb.so";
    std::error_code error;
    for (fs::directory_iterator entry(prefix / lib, error), end; !error && entry != end;
         entry.increment(error)) {
      if (IsFile(entry->path() / "xtdb.so")) return entry->path() / "xtdb.so";
    }
  }
  return std::nullopt;
}

Status Execute(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::execvp(argv[0], argv.data());
  if (errno == ENOENT) {
    return Status::NotFound(
        "the sqlite3 shell is not installed; install the package sqlite3 ('apt-get install "
        "sqlite3')");
  }
  return Status::FromErrno("sqlite3", errno);
}

Status RunSql(SqlOptions options, const Terminal& terminal) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const char* const variable = std::getenv("XTDB_EXTENSION");
  XTDB_ASSIGN_OR_RETURN(
      const std::string extension,
      FindExtension(variable == nullptr ? std::nullopt : std::optional<std::string>(variable),
                    program.string()));
  if (!options.create && !fs::exists(options.container, error)) {
    return Status::NotFound(options.container +
                            ": no such container; --create, in front of it, makes one");
  }
  const fs::path container = fs::absolute(options.container, error);
  const bool exists = fs::exists(container, error);
  options.read_only = options.read_only || (exists && !MayWrite(container));
  return Execute(SqliteArguments(options, extension, container.string(), terminal.out_is_tty));
}

}  // namespace

std::string TableNameFor(const std::string& container_path) {
  std::string name = fs::path(container_path).stem().string();
  for (char& c : name) {
    if (!IsLetter(c) && !IsDigit(c) && static_cast<unsigned char>(c) < 0x80) c = '_';
  }
  if (name.empty() || IsDigit(name[0])) name.insert(0, "_");
  return name;
}

Result<std::string> FindExtension(const std::optional<std::string>& variable,
                                  const std::string& program_path) {
  if (variable) {
    std::error_code ignored;
    // sqlite3 would look for a bare name in the linker's folders only.
    if (IsFile(*variable)) return fs::absolute(*variable, ignored).string();
    return Status::NotFound("XTDB_EXTENSION names no file: " + *variable);
  }
  const fs::path folder = fs::path(program_path).parent_path();
  if (IsFile(folder / "xtdb.so")) return (folder / "xtdb.so").string();
  if (const std::optional<fs::path> found = FindInLib(folder.parent_path())) {
    return found->string();
  }
  return Status::NotFound("the extension xtdb.so is neither in " + folder.string() +
                          " nor in ../lib of it; set XTDB_EXTENSION to its path");
}

std::vector<std::string> SqliteArguments(const SqlOptions& options,
                                         const std::string& extension_path,
                                         const std::string& container_path, bool interactive) {
  // Names are quoted: the file may be called order.xtdb.
  std::vector<std::string> arguments = {
      "sqlite3",
      "-cmd",
      ".load " + DotWord(extension_path),
      "-cmd",
      "CREATE VIRTUAL TABLE temp.\"" + TableNameFor(container_path) + "\" USING xtdb(path=" +
          SqlText(container_path) + (options.read_only ? ", read_only=on);" : ");"),
  };
  if (interactive) arguments.emplace_back("-box");
  arguments.emplace_back(":memory:");
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  return arguments;
}

void AddSqlCommand(CLI::App& app, Command& command) {
  CLI::App& sql = *app.add_subcommand("sql", "Open the sqlite3 shell on a container");
  const auto options = std::make_shared<SqlOptions>();
  // -h begins many of sqlite3's options.
  sql.set_help_flag("--help", "Print this help message and exit");
  sql.add_flag("--create", options->create, "Make the container if there is none");
  sql.add_flag("--read-only", options->read_only, "Change nothing")->excludes("--create");
  sql.add_option("CONTAINER", options->container, "The file to open")->required();
  sql.prefix_command();
  sql.footer(std::string(kFooter) + kExitCodes);
  sql.callback([options, &sql, &command] {
    options->arguments = sql.remaining();
    command = [options](const Terminal& terminal) -> Result<ExitCode> {
      XTDB_RETURN_IF_ERROR(RunSql(*options, terminal));
      return ExitCode::kOk;
    };
  });
}

}  // namespace xtdb
