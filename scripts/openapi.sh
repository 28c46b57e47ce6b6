#!/usr/bin/env bash
# Writes openapi.json, the description of the API that clients are made from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
document="$(storybook openapi)"
printf '%s\n' "$document" >openapi.json
