#pragma once

namespace xtdb {

const char* CApiVersion();

}  // namespace xtdb
