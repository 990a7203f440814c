#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace xtdb {

// A PostgreSQL server of one's own in a folder of its own: reached by a socket, gone with the
// object. Its time zone is UTC.
class PostgresServer {
 public:
  // The one of this process, started at the first call. nullptr: there is none on this machine, or
  // it cannot be started, as `why` says.
  static const PostgresServer* Shared(std::string* why);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The text of each expression's value; "NULL", or "ERROR: " and the message.
  //   settings: statements that come first, such as SET timezone = 'Europe/Berlin'
  std::vector<std::string> Evaluate(const std::vector<std::string>& expressions,
                                    const std::string& settings = "") const;

 private:
  PostgresServer() = default;
  bool Start(std::string* why);
  // A program of the server's, as its user, who is not root.
  std::string Command(const std::string& program) const;

  const TemporaryDirectory folder_;
  std::string bin_;
};

}  // namespace xtdb
