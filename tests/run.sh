#!/usr/bin/env bash
# Builds everything in build/ and runs the tests; the last lines are the summary.
#   tests/run.sh            all but the long ones
#   tests/run.sh --long     those: a thousand kills, every byte flipped, many more seeds
#   tests/run.sh ARGUMENTS  with arguments for ctest
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

selection=(-LE long)
case "${1:-}" in
  "") ;;
  --long) selection=(-L long) ;;
  *) selection=("$@") ;;
esac

scripts/install_dependencies.sh
scripts/install_postgres.sh || echo "xtdb: no PostgreSQL: the tests beside it are skipped" >&2
scripts/install_tools.sh || echo "xtdb: tests of tools that are not installed are skipped" >&2
cmake --preset release -Wno-dev --log-level=WARNING
cmake --build build -j "${XTDB_JOBS:-2}" -- --quiet
exec ctest --test-dir build --output-on-failure -j "${XTDB_JOBS:-2}" "${selection[@]}"
