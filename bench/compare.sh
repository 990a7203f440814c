#!/usr/bin/env bash
# Builds Release and prints xTdb's figures beside a plain SQLite table's, measured in one run.
#   bench/compare.sh [--rows N] [--runs N] [--folder DIR]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

scripts/install_dependencies.sh
cmake --preset release -Wno-dev --log-level=WARNING
cmake --build build -j "${XTDB_JOBS:-2}" --target bench_compare -- --quiet
exec build/bench/compare "$@"
