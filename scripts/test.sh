#!/usr/bin/env bash
# Sets up and runs every test. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
exec python -m pytest --numprocesses "${TEST_PROCESSES:-2}" --dist loadgroup "$@"
