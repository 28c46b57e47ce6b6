#!/usr/bin/env bash
# Puts Debian's prometheus and promtool, without installing or starting anything, into a folder: scripts/prometheus.sh FOLDER
set -euo pipefail
folder="${1:?a folder}"
[ -x "$folder/promtool" ] && exit 0
here="$(mktemp -d)"
trap 'rm -rf "$here"' EXIT
chmod 755 "$here"
cd "$here"
apt-get download --quiet=2 prometheus 2>/dev/null || {
  if [ "$(id -u)" = 0 ]; then apt-get update --quiet=2; else sudo --non-interactive apt-get update --quiet=2; fi
  apt-get download --quiet=2 prometheus
} >&2
dpkg-deb --extract prometheus_*.deb all
mkdir -p "$folder"
mv all/usr/bin/prometheus all/usr/bin/promtool "$folder/"
