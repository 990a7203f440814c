#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "vtab/sketch/timed_number.h"

namespace xtdb {

// The points that a line needs to look like the line through all of them: Largest Triangle Three
// Buckets, of S. Steinarsson, "Downsampling Time Series for Visual Representation", University of
// Iceland, 2013. The first and the last are always among them.
//   points: by time; wanted: at least 3
std::vector<TimedNumber> LargestTriangles(std::span<const TimedNumber> points, size_t wanted);

}  // namespace xtdb
