#!/usr/bin/env bash
# Installs what xtdb is built and tested with, on Debian and its relatives. What is there already is
# left alone, and when nothing is missing no network is needed.
#   install_dependencies.sh        to build and test
#   install_dependencies.sh --ci   also what .ci/run needs
set -euo pipefail

packages=(g++ cmake ninja-build ccache git sqlite3 python3 pkgconf dpkg-dev file
          libsqlite3-dev libgtest-dev libgmock-dev libbenchmark-dev libzstd-dev libspdlog-dev
          libfmt-dev libdeflate-dev libcli11-dev libabsl-dev libxxhash-dev rapidjson-dev zlib1g-dev
          tzdata)
case "${1:-}" in
  '') ;;
  --ci) packages+=(clang clang-format clang-tidy libclang-rt-14-dev) ;;
  *)
    echo "usage: $0 [--ci]" >&2
    exit 2
    ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "xtdb: this is no Debian system; install by hand the counterparts of: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Abbrev}\n' "$package" 2>/dev/null || true)
  grep -q '^.i' <<<"$state" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "xtdb: missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y "$@" >>"$log" 2>&1; }
echo "xtdb: installing ${missing[*]}"
# The package lists may be old or absent: they are fetched only if the first attempt needs them.
if ! apt install --no-install-recommends "${missing[@]}"; then
  if ! { apt update && apt install --no-install-recommends "${missing[@]}"; }; then
    tail -n 20 "$log" >&2
    echo "xtdb: apt-get could not install: ${missing[*]}" >&2
    exit 1
  fi
fi
