#!/usr/bin/env bash
# Builds everything in build/ and runs every test; the last lines are the summary.
#   tests/run.sh [arguments for ctest]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

scripts/install_dependencies.sh
cmake --preset release -Wno-dev --log-level=WARNING
cmake --build build -j "${XTDB_JOBS:-2}" -- --quiet
exec ctest --test-dir build --output-on-failure -j "${XTDB_JOBS:-2}" "$@"
