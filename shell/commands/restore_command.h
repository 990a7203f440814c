#pragma once

#include <functional>
#include <string>

#include "engine/base/status.h"
#include "shell/terminal/terminal.h"

namespace xtdb {

struct RestoreOptions {
  std::string backup;
  std::string container;
  bool force = false;  // replaces a container that nobody has open
  bool json = false;
};

// Checks the backup, copies it to the container's name and checks the copy. Until the copy is whole
// and right, what stands under that name stays.
//   kCorruption: the backup is damaged. kAlreadyExists: the container exists, without force, or
//   what has its name is no container.
//   kBusy: some program has it open.
//   stop_asked: looked at between steps; true ends the work, and nothing of it is left. Empty:
//   never
Status RunRestore(const RestoreOptions& options, const Terminal& terminal,
                  const std::function<bool()>& stop_asked = {});

}  // namespace xtdb
