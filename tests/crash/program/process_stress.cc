// process_stress --seconds 1800 --readers 8 --seed 1 --journal wal|delete --synchronous normal
// Prints the figures, and each broken promise; exits with 1 if there is one.

#include "tests/crash/process_stress.h"

#include <cstdlib>
#include <iostream>
#include <string>

#include "tests/crash/stress_roles.h"

int main(int argc, char** argv) {
  const int role = xtdb::RunStressRoleIfAsked(argc, argv);
  if (role >= 0) return role;
  xtdb::ProcessStressOptions options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
    } else if (name == "--readers") {
      options.readers = std::atoi(value.c_str());
    } else if (name == "--seed") {
      options.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (name == "--journal") {
      options.journal = value;
    } else if (name == "--synchronous") {
      options.synchronous = value;
    } else {
      std::clog << "process_stress [--seconds N] [--readers N] [--seed N] [--journal wal|delete]"
                   " [--synchronous full|normal|off]\n";
      return 2;
    }
  }
  const xtdb::ProcessStressReport report = xtdb::RunProcessStress(options);
  std::clog << "seed " << options.seed << ", journal " << options.journal << ", synchronous "
            << options.synchronous << ", " << options.readers << " readers: " << report;
  return report.problems.empty() ? 0 : 1;
}
