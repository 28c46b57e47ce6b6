#!/usr/bin/env bash
# Lint, format, types, layers, then every test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
ruff check .
ruff format --check .
mypy
lint-imports
exec scripts/test.sh "$@"
