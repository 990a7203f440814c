#!/usr/bin/env bash
# Tries xtdb in one tool, on a fresh plant (plant.sql) in a folder of its own.
#   run.sh TOOL BUILD_FOLDER
# Each tool's program gets the extension and the folder. Exit code 77: the tool is not there, and
# the message says what installs it.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
tool=$1
build=$(readlink -f "$2")
extension=$build/xtdb.so

skip() {
  echo "$tool is left out: there is no $1; scripts/install_tools.sh${2:+ $2} installs it"
  exit 77
}
need() { command -v "$1" >/dev/null || skip "$@"; }
need_python() { /usr/bin/python3 -c "import $1" 2>/dev/null || skip "python3-$1" "${2:-}"; }
need_odbc_driver() { odbcinst -q -d -n SQLite3 >/dev/null 2>&1 || skip "ODBC driver of SQLite"; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() {
  sqlite3 "$folder/plant.db" ".load $extension" ".read $here/plant.sql" >"$folder/log" ||
    { cat "$folder/log"; exit 1; }
  "$@" "$extension" "$folder"
}

need sqlite3
case "$tool" in
  shell) run bash "$here/shell.sh" ;;
  newer_shell)
    [ -x "$build/tools/sqlite3" ] || skip "newer sqlite3 shell" --all
    run env PATH="$build/tools:$PATH" bash "$here/shell.sh" ;;
  isql) need isql; need_odbc_driver; run bash "$here/isql.sh" ;;
  odbc) need_python pyodbc; need_odbc_driver; run /usr/bin/python3 "$here/odbc.py" ;;
  python) run /usr/bin/python3 "$here/python_modules.py" ;;
  newest_python)
    library=$build/newest_sqlite
    [ -e "$library/libsqlite3.so.0" ] ||
      { echo "$tool is left out: run tests/newest_sqlite.sh --fetch"; exit 77; }
    run env LD_LIBRARY_PATH="$library" /usr/bin/python3 "$here/python_modules.py" ;;
  jdbc)
    jar=/usr/share/java/sqlite-jdbc.jar
    need java --all
    java --describe-module jdk.compiler >/dev/null 2>&1 || skip "compiler of Java" --all
    [ -e "$jar" ] || skip libxerial-sqlite-jdbc-java --all
    run java -Duser.timezone=UTC -cp "$jar" "$here/Jdbc.java" ;;
  node)
    need node --all
    export NODE_PATH=$build/tools/node_modules
    node -e 'require("better-sqlite3")' 2>/dev/null || skip better-sqlite3 --all
    run node "$here/better_sqlite3.js" ;;
  php)
    need php
    php -r 'exit(class_exists("SQLite3") ? 0 : 1);' || skip php-sqlite3
    run php -d sqlite3.extension_dir="$build" "$here/sqlite3.php" ;;
  perl)
    need perl
    perl -MDBD::SQLite -e 1 2>/dev/null || skip DBD::SQLite
    run perl "$here/dbd_sqlite.pl" ;;
  sqlitebrowser)
    for program in sqlitebrowser Xvfb xdotool; do need "$program" --all; done
    run bash "$here/sqlitebrowser.sh" ;;
  libreoffice)
    need soffice --all
    need_python uno --all
    need_odbc_driver
    run /usr/bin/python3 "$here/libreoffice.py" ;;
  loggers)
    export NODE_PATH=$build/tools/node_modules
    run /usr/bin/python3 "$here/loggers.py" ;;
  pages)
    export NODE_PATH=$build/tools/node_modules
    run /usr/bin/python3 "$here/pages.py" ;;
  *) echo "no test of a tool $tool"; exit 2 ;;
esac
