#!/usr/bin/env bash
# Installs into an empty folder, and uses what is there as others would: the examples by pkg-config
# and by find_package, the extension in the stock shell, the program.
#   installed_tree.sh BUILD_FOLDER
set -euo pipefail
build=$(readlink -f "$1")
source=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree

cmake --install "$build" --prefix "$tree" >"$folder/log" || { cat "$folder/log"; exit 1; }
lib=$(dirname "$(find "$tree" -name xtdb.so)")
export LD_LIBRARY_PATH=$lib

if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$lib/pkgconfig
  # The file is made for where it is to be installed; this is somewhere else.
  read -r -a flags <<<"$(pkg-config --define-variable=prefix="$tree" --cflags --libs xtdb)"
  cc -std=c11 -Wall -Wextra -Werror "$source/capi/examples/logger.c" "${flags[@]}" -lm \
    -o "$folder/logger"
  "$folder/logger" "$folder/by_pkg_config.xtdb" boiler.temp 20 | grep '^boiler.temp: ' >/dev/null
else
  echo "no pkg-config: that part is left out"
fi

cmake -S "$source/capi/examples" -B "$folder/examples" -DCMAKE_PREFIX_PATH="$tree" \
  >"$folder/log" 2>&1 && cmake --build "$folder/examples" >>"$folder/log" 2>&1 ||
  { cat "$folder/log"; exit 1; }
"$folder/examples/logger" "$folder/c.xtdb" boiler.temp 50 | grep '^boiler.temp: ' >/dev/null
"$folder/examples/report" "$folder/c.xtdb" boiler.temp 31536000 | grep ': 50 values, ' >/dev/null

# The same file by SQL, by the extension that was installed beside it, and by the program.
count=$(sqlite3 :memory: ".load $lib/xtdb" \
  "CREATE VIRTUAL TABLE c USING xtdb(path='$folder/c.xtdb'); SELECT count(*) FROM c")
[ "$count" = 50 ]
"$tree/bin/xtdb" stats "$folder/c.xtdb" | grep 50 >/dev/null
[ "$("$tree/bin/xtdb" sql "$folder/c.xtdb" "SELECT count(*) FROM c")" = 50 ]
echo "the installed tree works"
