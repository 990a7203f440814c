#!/usr/bin/env bash
# Builds the Debian package and installs it into a root that has nothing but Debian, first alone and
# then beside what users have; tries there what users do (in_clean_root.sh), and removes it.
#   clean_root.sh BUILD_FOLDER
# The root is in memory, and goes with the last process of this test, however that ends. What it is
# made of comes from where apt of this machine gets its packages; it is kept as
# BUILD_FOLDER/clean_root/NAME.tar, and made anew if that is removed.
# Exit code 77: the machine cannot do this, and the message says why.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
build=$(readlink -f "$1")
tools=(sqlite3 python3 man-db bash-completion gcc libc6-dev pkgconf)

skip() {
  echo "the clean root is left out: $1"
  exit 77
}

# A fresh namespace: what is mounted and started in it ends with it.
if [ "${2:-}" != inside ]; then
  [ "$(id -u)" -eq 0 ] || skip "only root can make one"
  for program in debootstrap cpack dpkg-shlibdeps file unshare; do
    command -v "$program" >/dev/null ||
      skip "there is no $program; scripts/install_tools.sh --all installs debootstrap"
  done
  unshare --mount --pid --fork --mount-proc true 2>/dev/null || skip "nothing may be mounted here"
  exec unshare --mount --pid --fork --kill-child "$0" "$build" inside
fi

codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
architecture=$(dpkg --print-architecture)
kept=$build/clean_root/$codename-$architecture.tar
root=$build/clean_root/root
log=$build/clean_root/log
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
[ -z "${http_proxy:-}" ] || export http_proxy
mkdir -p "$root"
mount -t tmpfs -o size=2G,mode=755 tmpfs "$root"

# Nothing of this machine's environment but the way to the packages.
in_root() {
  env -i HOME=/var/tmp PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} chroot "$root" "$@"
}
apt() { in_root apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1; }
fail() {
  tail -n 20 "$log"
  echo "FAILED: $1"
  exit 1
}

make_root() {
  local mirror
  # An archive's first line of main is its own; updates and security only add to it.
  mirror=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk -v release="$codename" '$1 == release && $2 == "main" && !found { print $3; found = 1 }')
  [ -n "$mirror" ] || skip "apt of this machine knows no packages of '$codename'"
  echo "making $kept; this is done once"
  debootstrap --variant=minbase "$codename" "$root" "$mirror" >"$log" 2>&1 &&
    in_root apt-get clean && apt -o Acquire::Languages=none update &&
    apt install --download-only "${tools[@]}" ||
    { tail -n 5 "$log"; skip "debootstrap or apt-get has no $codename from $mirror"; }
  tar -C "$root" -cf "$kept.part" --one-file-system .
  mv "$kept.part" "$kept"
}

if [ -e "$kept" ]; then
  tar -C "$root" -xf "$kept"
else
  make_root
fi
: >"$log"
mount -t proc proc "$root/proc"
cp /etc/resolv.conf "$root/etc/"

# umask: what is packaged does not depend on that of who packages.
packages=$root/var/tmp/packages
(umask 077 && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$packages") >>"$log" 2>&1 ||
  fail "cpack"
mv "$packages"/xtdb_*.deb "$root/var/tmp/xtdb.deb"
rm -rf "$packages"
needs=$(dpkg-deb -f "$root/var/tmp/xtdb.deb" Depends | tr ',' '\n' | awk '{ print $1 }' | sort -u |
  xargs)
[ "$needs" = "libc6 libgcc-s1 libsqlite3-0 libstdc++6 tzdata" ] || fail "it depends on: $needs"

in_root useradd --create-home --home-dir /srv/user --shell /bin/bash user
cp "$here/in_clean_root.sh" "$here/../../capi/examples/logger.c" "$root/srv/user/"
as_user() {
  in_root env HOME=/srv/user PATH=/usr/bin:/bin setpriv --reuid=user --regid=user \
    --clear-groups bash /srv/user/in_clean_root.sh "$@"
}

apt install /var/tmp/xtdb.deb || fail "the package cannot be installed"
as_user alone
apt install "${tools[@]}" || fail "the tools cannot be installed"
as_user beside_tools
# Python writes its own code beside the module when root imports it.
in_root python3 -c 'import xtdb'
[ -e "$root/usr/lib/python3/dist-packages/xtdb/__pycache__" ] || fail "Python keeps no code"

files=$(in_root dpkg -L xtdb | sort)
apt remove xtdb || fail "the package cannot be removed"
left=$(in_root find / -xdev \( -path /proc -o -path /srv -o -path /var/tmp \) -prune -o \
  -path '*xtdb*' -not -path '/var/lib/dpkg/*' -not -path '/var/log/*' -print)
[ -z "$left" ] || fail "left behind: $left"
# A folder that has no xtdb in its path is one that other packages have, too.
for file in $files; do
  [[ "$file" == *xtdb* || ! -e "$root$file" ]] || in_root dpkg -S "$file" >/dev/null 2>>"$log" ||
    fail "left behind: $file"
done
echo "the package works in a clean root, and leaves nothing"
