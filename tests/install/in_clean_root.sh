#!/usr/bin/env bash
# What a user does in the clean root of clean_root.sh, where the package is installed.
#   in_clean_root.sh alone|beside_tools
set -Eeuo pipefail
trap 'echo "FAILED: in_clean_root.sh, line $LINENO: $BASH_COMMAND"' ERR
cd "$HOME"

# expect WANTED GOT
expect() {
  [ "$1" = "$2" ] && return
  printf 'wanted: %s\ngot:    %s\n' "$1" "$2"
  return 1
}

# The package alone: the program, and what Debian always has.
alone() {
  printf 'tag,time,value\nboiler.temp,2026-07-01 12:00,71.25\nboiler.temp,2026-07-01 12:01,71.5\n' \
    >plant.csv
  xtdb import plant.xtdb plant.csv --timezone Europe/Berlin | grep '2 points of 1 tag'
  xtdb check plant.xtdb | grep '^no problems:'
  expect "boiler.temp,2026-07-01 10:01:00.000,71.5,192" \
    "$(xtdb export plant.xtdb --no-definitions | tail -n 1)"
  xtdb plot plant.xtdb boiler.temp | grep 71 >/dev/null
  # sqlite3 is only recommended, and the error names it.
  local said
  said=$(xtdb sql plant.xtdb 'SELECT 1' 2>&1) && return 1
  [[ "$said" == *sqlite3* ]]
}

in_sqlite() {
  sqlite3 sql.db '.load xtdb' "CREATE VIRTUAL TABLE plant USING xtdb(path='sql.xtdb')" \
    "INSERT INTO plant(tag, time, value) VALUES ('t', '2026-01-02', 1.5), ('t', '2026-01-03', 2.5)"
  expect '2026-01-03 00:00:00.000|2.5' \
    "$(sqlite3 sql.db '.load xtdb' "SELECT time, value FROM plant WHERE time > '2026-01-02'")"
  expect 2 "$(xtdb sql plant.xtdb 'SELECT count(*) FROM plant')"
}

in_python() {
  python3 - <<'PYTHON'
import sqlite3
import xtdb

db = sqlite3.connect("python.db", isolation_level=None)
xtdb.load(db)
db.execute("CREATE VIRTUAL TABLE plant USING xtdb(path='python.xtdb')")
xtdb.append(db, "plant", "t", [1767225600000000, 1767225601000000], [71.25, 71.5])
assert list(xtdb.read(db, "plant", "t").value) == [71.25, 71.5]
PYTHON
}

in_c() {
  local flags
  read -r -a flags <<<"$(pkg-config --cflags --libs xtdb)"
  cc -std=c11 -Wall -Wextra -Werror logger.c "${flags[@]}" -lm -o logger
  ./logger logger.xtdb boiler.temp 20 | grep '^boiler.temp: '
}

# bash-completion loads what belongs to a command when it is completed first.
completed() {
  bash -c '. /usr/share/bash-completion/bash_completion
           _completion_loader xtdb
           COMP_WORDS=(xtdb "$1"); COMP_CWORD=1; _xtdb; echo "${COMPREPLY[*]}"' bash "$1"
}

beside_tools() {
  in_sqlite
  in_python
  in_c
  expect /usr/share/man/man1/xtdb.1 "$(man -w xtdb)"
  man xtdb | grep 'xtdb import' >/dev/null
  expect "import" "$(completed im)"
  [ -e /usr/share/zsh/vendor-completions/_xtdb ]
  grep -q 'time-series store' /usr/share/doc/xtdb/README.md
}

"$1"
echo "$1: all as it should be"
