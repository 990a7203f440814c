#!/usr/bin/env bash
# Installs PostgreSQL, with whose answers tests compare ours: the programs alone, no server that
# runs by itself. What is there already is left alone.
set -euo pipefail

compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || exit 1
  as_root=(sudo)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y install --no-install-recommends "$@" >>"$log" 2>&1
}
echo "xtdb: installing postgresql, for tests"
if ! install postgresql-common; then
  "${as_root[@]}" apt-get -qq update >>"$log" 2>&1 && install postgresql-common
fi
"${as_root[@]}" sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' \
  /etc/postgresql-common/createcluster.conf
if ! install postgresql; then
  tail -n 5 "$log" >&2
  exit 1
fi
