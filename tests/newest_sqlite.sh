#!/usr/bin/env bash
# Runs the tests of the SQL surface again with the newest SQLite: that of the npm package
# better-sqlite3, which carries its one source file, in the place of the system's library.
#   tests/newest_sqlite.sh            needs build/, as tests/run.sh makes it
#   tests/newest_sqlite.sh --fetch    the library only; not again if it is the newest
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=$PWD/build/newest_sqlite
library=$folder/libsqlite3.so.0
fetch() {
  local source newest
  if ! command -v npm >/dev/null; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
      --no-install-recommends npm >/dev/null
  fi
  newest=$(npm view better-sqlite3 version)
  [ -e "$library" ] && [ "$(cat "$folder/package" 2>/dev/null)" = "$newest" ] && return
  mkdir -p "$folder"
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  (cd "$fetched" && npm pack --silent "better-sqlite3@$newest" >/dev/null)
  tar -xzf "$fetched"/*.tgz -C "$fetched"
  source=$(find "$fetched/package" -name sqlite3.c | head -n 1)
  # With what Debian's has, as far as a test asks for it.
  cc -O2 -shared -fPIC -Wl,-soname,libsqlite3.so.0 -o "$library.part" "$source" \
    -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DBSTAT_VTAB \
    -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_STMTVTAB -DSQLITE_ENABLE_BYTECODE_VTAB \
    -DSQLITE_ENABLE_FTS5 \
    -DSQLITE_MAX_VARIABLE_NUMBER=250000 -lm -lpthread -ldl
  sed -n 's/^#define SQLITE_VERSION  *"\(.*\)"/\1/p' "$source" | head -n 1 >"$folder/version"
  echo "$newest" >"$folder/package"
  mv "$library.part" "$library"
}
if [ "${1:-}" = --fetch ]; then
  fetch
  exit
fi
[ -e "$library" ] || fetch

echo "xtdb: the SQL tests with SQLite $(cat "$folder/version")"
export XTDB_EXPECTED_SQLITE
XTDB_EXPECTED_SQLITE=$(cat "$folder/version")
LD_LIBRARY_PATH=$folder exec ctest --test-dir build --output-on-failure \
  -j "${XTDB_JOBS:-2}" -L '^vtab$' -LE long
