#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/crash/counter_writer.h"
#include "tests/crash/sql_process.h"
#include "tests/crash/stress_roles.h"

// The tests, or what a test has started this program for once more.
int main(int argc, char** argv) {
  if (argc == 5 && std::string(argv[1]) == "--writer") {
    xtdb::CounterWriterOptions options;
    options.folder = argv[2];
    options.synchronous = argv[3];
    options.seed = std::strtoull(argv[4], nullptr, 10);
    options.ack_fd = 3;
    return xtdb::WriteCounters(options);
  }
  const int role = xtdb::RunStressRoleIfAsked(argc, argv);
  if (role >= 0) return role;
  const int served = xtdb::ServeSqlIfAsked(argc, argv);
  if (served >= 0) return served;
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
