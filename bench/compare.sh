#!/usr/bin/env bash
# Builds Release and prints xTdb's figures beside SQLite's and DuckDB's, measured in one run.
#   bench/compare.sh [--rows N] [--runs N] [--folder DIR] [--only WORK[,WORK...]]
# docs/benchmarks.md says what each row means.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

scripts/install_dependencies.sh
cmake --preset release -Wno-dev --log-level=WARNING
cmake --build build -j "${XTDB_JOBS:-2}" --target bench_compare -- --quiet
bench/install_duckdb.sh || echo "xtdb: DuckDB cannot be fetched; its columns stay empty" >&2
exec build/bench/compare "$@"
