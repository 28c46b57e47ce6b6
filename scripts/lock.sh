#!/usr/bin/env bash
# Writes the lock files: exact versions with hashes for every Python and platform, without any address.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lock() {
  uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
    --no-emit-index-url --no-emit-find-links --quiet "$@" >/dev/null
}
lock --extra build --output-file requirements.lock
lock --extra build --extra dev --constraint requirements.lock --output-file requirements-dev.lock
lock --extra build --extra audit --constraint requirements.lock --output-file requirements-audit.lock
