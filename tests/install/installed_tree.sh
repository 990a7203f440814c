#!/usr/bin/env bash
# Installs into an empty folder, and uses what is there as others would: the examples by pkg-config
# and by find_package, the extension in the stock shell, the program, the Python package.
#   installed_tree.sh BUILD_FOLDER
set -euo pipefail
build=$(readlink -f "$1")
source=$(readlink -f "$(dirname "$(readlink -f "$0")")/../..")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
tree=$folder/tree

cmake --install "$build" --prefix "$tree" >"$folder/log" || { cat "$folder/log"; exit 1; }
lib=$(dirname "$(find "$tree" -type f -name xtdb.so)")
export LD_LIBRARY_PATH=$lib

if command -v pkg-config >/dev/null; then
  export PKG_CONFIG_PATH=$lib/pkgconfig
  read -r -a flags <<<"$(pkg-config --cflags --libs xtdb)"
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

# In the place that PREFIX/bin/python3 searches; the package finds the extension by itself, also when
# the tree has been moved.
python=/usr/bin/python3
if [ -x "$python" ]; then
  module=$(find "$tree" -name __init__.py)
  expected=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
  [ "$module" = "$tree/lib/$expected/site-packages/xtdb/__init__.py" ]
  cd "$folder"
  mv "$tree" "$folder/moved"
  tree=$folder/moved
  count=$(env -u LD_LIBRARY_PATH PYTHONPATH="$tree/lib/$expected/site-packages" "$python" -c "
import sqlite3, xtdb
db = sqlite3.connect('c.db')
xtdb.load(db)
db.execute('CREATE VIRTUAL TABLE c USING xtdb(path=\'c.xtdb\')')
print(len(xtdb.read(db, 'c', 'boiler.temp')))")
  [ "$count" = 50 ]
  "$python" -B "$source/tests/docs/links_test.py" "$tree/share/doc/xtdb"
fi
echo "the installed tree works"
