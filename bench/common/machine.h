#pragma once

#include <string>

namespace xtdb::bench {

std::string DescribeMachine();  // processor, cores, memory, kernel
std::string DescribeLoad();     // of the last 1, 5 and 15 minutes
std::string DescribeBuild();

}  // namespace xtdb::bench
