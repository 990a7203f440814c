#!/usr/bin/env bash
# Fetches DuckDB's shared library into build/duckdb/, for bench/compare.sh alone: Debian has no
# package of it, the npm package of its Node binding carries it.
#   bench/install_duckdb.sh [VERSION]    default: the newest
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

folder=$PWD/build/duckdb
[ $# -eq 0 ] && [ -e "$folder/libduckdb.so" ] && exit 0

case "$(uname -m)" in
  x86_64) package=@duckdb/node-bindings-linux-x64 ;;
  aarch64) package=@duckdb/node-bindings-linux-arm64 ;;
  *)
    echo "xtdb: no DuckDB library for $(uname -m)" >&2
    exit 1
    ;;
esac

if ! command -v npm >/dev/null; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
    --no-install-recommends npm >/dev/null
fi

mkdir -p "$folder"
fetched=$(mktemp -d)
trap 'rm -rf "$fetched"' EXIT
(cd "$fetched" && npm pack --silent "$package@${1:-latest}" >/dev/null)
tar -xzf "$fetched"/*.tgz -C "$fetched"
# Moved last, so that an interrupted run leaves nothing that looks complete.
mv "$fetched/package/LICENSE" "$folder/LICENSE"
mv "$fetched/package/libduckdb.so" "$folder/libduckdb.so"
echo "xtdb: $package $(sed -n 's/.*"version": *"\([^"]*\)".*/\1/p' "$fetched/package/package.json") in build/duckdb"
