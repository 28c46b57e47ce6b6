#!/usr/bin/env bash
# Sets up and runs every test. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
PATH="$PATH:/usr/sbin"
if ! command -v nginx >/dev/null || ! command -v envsubst >/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The tests need nginx and envsubst (Debian: nginx, gettext-base); please install them and run this again." >&2
    exit 2
  fi
  echo "Installing nginx and envsubst (once) ..." >&2
  apt-get update --quiet=2 >&2
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends nginx gettext-base >&2
fi
if ! command -v promtool >/dev/null; then
  tools="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/storybook"
  scripts/prometheus.sh "$tools" || { echo "The tests need promtool (Debian: prometheus); please install it." >&2; exit 2; }
  PATH="$PATH:$tools"
fi
exec python -m pytest --numprocesses "${TEST_PROCESSES:-3}" --dist loadfile --no-loadscope-reorder "$@"
