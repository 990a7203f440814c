#pragma once

#include <cstddef>
#include <functional>

#include "engine/base/status.h"

namespace xtdb {

// Calls work(i) for every i below `count`, on the caller and as many threads beside it as are worth
// it, at most `threads_max` in all, which end with the call: nothing is left that a fork, a close
// or an unload would have to know of. Without memory or threads for more, the caller does it alone.
//   work: must be safe to be called from several threads; what it throws becomes a Status.
// The error of the least i that failed. After an error the rest may be left out.
Status ParallelFor(size_t count, size_t threads_max, const std::function<Status(size_t)>& work);

// What a container's work is spread over unless an option says otherwise: the cores, at most 8.
size_t DefaultThreads();

}  // namespace xtdb
