#!/usr/bin/env bash
# Installs the tools in which tests try xtdb, on Debian and its relatives. What is there already is
# left alone, what cannot be had is told and left out, and its tests are skipped.
#   install_tools.sh        the light ones, 85 MB: modules of Python, ODBC, PHP, Perl
#   install_tools.sh --all  also Java with its driver (270 MB), Node with better-sqlite3 (220 MB),
#                           DB Browser for SQLite with a screen (120 MB), LibreOffice (290 MB),
#                           debootstrap, for the test of the Debian package in a root of its own
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

packages=(python3-numpy python3-pandas python3-apsw python3-pyodbc unixodbc odbcinst libsqliteodbc
          libdbd-sqlite3-perl php-cli php-sqlite3)
all=no
case "${1:-}" in
  '') ;;
  --all)
    all=yes
    packages+=(libxerial-sqlite-jdbc-java sqlitebrowser xvfb xdotool
               libreoffice-calc libreoffice-base python3-uno debootstrap)
    # Those of another source than Debian's are as good.
    command -v java >/dev/null || packages+=(default-jdk-headless)
    command -v node >/dev/null || packages+=(nodejs)
    command -v npm >/dev/null || packages+=(npm)
    ;;
  *)
    echo "usage: $0 [--all]" >&2
    exit 2
    ;;
esac
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || exit 1

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Abbrev}\n' "$package" 2>/dev/null || true)
  grep -q '^.i' <<<"$state" || missing+=("$package")
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=()
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || exit 1
    as_root=(sudo)
  fi
  apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" >>"$log" 2>&1; }
  install() { apt install --no-install-recommends "$@"; }
  echo "xtdb: installing, for tests of tools: ${missing[*]}"
  if ! install "${missing[@]}"; then
    apt update
    # One at a time, so that one that is not to be had does not hold back the others.
    for package in "${missing[@]}"; do install "$package" || failed+=("$package"); done
  fi
fi

# Node's module is compiled or fetched; it stands in the build folder, with nothing of the system.
if [ "$all" = yes ] && [ ! -e build/tools/node_modules/better-sqlite3 ]; then
  echo "xtdb: installing better-sqlite3, for tests of tools"
  mkdir -p build/tools
  npm install --silent --no-fund --prefix build/tools better-sqlite3 >>"$log" 2>&1 ||
    failed+=(better-sqlite3)
fi

# The npm package sqlite3 carries SQLite's sources with the shell, which better-sqlite3 does not.
build_shell() {
  local fetched
  fetched=$(mktemp -d)
  (
    cd "$fetched" && npm pack --silent sqlite3 && tar -xzf sqlite3-*.tgz &&
      tar -xzf package/deps/sqlite-autoconf-*.tar.gz --strip-components=1 &&
      cc -O1 -w shell.c sqlite3.c -DSQLITE_ENABLE_MATH_FUNCTIONS -lm -lpthread -ldl -o sqlite3
  ) >>"$log" 2>&1 && mkdir -p build/tools && mv "$fetched/sqlite3" build/tools/
  local status=$?
  rm -rf "$fetched"
  return "$status"
}
if [ "$all" = yes ] && [ ! -x build/tools/sqlite3 ]; then
  echo "xtdb: building a newer sqlite3 shell, for tests of tools"
  build_shell || failed+=(sqlite3)
fi

if [ ${#failed[@]} -gt 0 ]; then
  tail -n 5 "$log" >&2
  echo "xtdb: could not install: ${failed[*]}" >&2
  exit 1
fi
