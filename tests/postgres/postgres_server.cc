#include "tests/postgres/postgres_server.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace xtdb {
namespace {

// Nothing: PostgreSQL is not installed.
std::string FindPrograms() {
  std::string newest;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    const std::string bin = entry.path().string() + "/bin";
    if (std::filesystem::exists(bin + "/initdb", error) && bin > newest) newest = bin;
  }
  return newest;
}

bool Run(const std::string& command) { return std::system(command.c_str()) == 0; }

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// An error becomes a value, so that each expression gives one row.
constexpr const char* kEvaluate = R"(
CREATE OR REPLACE FUNCTION evaluate(expression text) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE result text;
BEGIN
  EXECUTE 'SELECT (' || expression || ')::text' INTO result;
  RETURN coalesce(result, 'NULL');
EXCEPTION WHEN others THEN RETURN 'ERROR: ' || sqlerrm;
END $body$;
)";

}  // namespace

PostgresServer::~PostgresServer() {
  if (!bin_.empty()) {
    Run(Command("pg_ctl") + " -D " + folder_.path() + "/data -m immediate stop >/dev/null 2>&1");
  }
}

const PostgresServer* PostgresServer::Shared(std::string* why) {
  static std::string failure;
  static const std::unique_ptr<PostgresServer> server = [] {
    std::unique_ptr<PostgresServer> started(new PostgresServer);
    if (!started->Start(&failure)) started.reset();
    return started;
  }();
  *why = failure;
  return server.get();
}

std::string PostgresServer::Command(const std::string& program) const {
  const std::string as_other = ::geteuid() == 0 ? "runuser -u postgres -- " : "";
  return as_other + bin_ + "/" + program;
}

bool PostgresServer::Start(std::string* why) {
  const std::string bin = FindPrograms();
  if (bin.empty()) {
    *why = "PostgreSQL is not installed (Debian: postgresql-15)";
    return false;
  }
  bin_ = bin;
  const std::string log = folder_.path() + "/log";
  const std::string quiet = " >" + log + " 2>&1";
  const std::string owner = ::geteuid() == 0 ? "chown postgres " + folder_.path() + " && " : "";
  if (!Run("chmod 755 " + folder_.path() + " && " + owner + "cd " + folder_.path() + " && " +
           Command("initdb") + " -D " + folder_.path() +
           "/data -N -A trust -U xtdb -E UTF8 --locale=C" + quiet) ||
      !Run("cd " + folder_.path() + " && " + Command("pg_ctl") + " -D " + folder_.path() +
           "/data -w -l " + folder_.path() +
           "/data/log -o \"-F -c listen_addresses='' -c timezone=UTC -k " + folder_.path() +
           "\" start" + quiet)) {
    *why = "PostgreSQL does not start: " + ReadFile(log) + ReadFile(folder_.path() + "/data/log");
    return false;
  }
  return true;
}

std::vector<std::string> PostgresServer::Evaluate(const std::vector<std::string>& expressions,
                                                  const std::string& settings) const {
  const std::string script = folder_.path() + "/script.sql";
  const std::string output = folder_.path() + "/output";
  {
    std::ofstream out(script);
    out << kEvaluate << settings << ";\n";
    for (const std::string& expression : expressions) {
      out << "SELECT evaluate($xtdb$" << expression << "$xtdb$);\n";
    }
  }
  Run(bin_ + "/psql -X -q -A -t -h " + folder_.path() + " -U xtdb -d postgres -f " + script + " >" +
      output + " 2>&1");
  std::vector<std::string> values;
  std::ifstream in(output);
  for (std::string line; std::getline(in, line);) values.push_back(line);
  return values;
}

}  // namespace xtdb
