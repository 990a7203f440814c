#include "vtab/sqlite_api.h"

extern "C" {
const sqlite3_api_routines* sqlite3_api = nullptr;
}
