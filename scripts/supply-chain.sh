#!/usr/bin/env bash
# What this product is made of, and whether it is safe. Ends with 1 when something was found.
#   scripts/supply-chain.sh vulnerabilities     known ones in what requirements.lock names
#   scripts/supply-chain.sh secrets             keys and passwords in any file; --accept: those found are none
#   scripts/supply-chain.sh sbom FILE           the list of parts, as CycloneDX
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-audit}"
. scripts/environment.sh
environment requirements-audit.lock
case "${1:-}" in
  vulnerabilities) exec pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict ;;
  secrets) exec python scripts/find_secrets.py "${@:2}" ;;
  sbom)
    mkdir -p "$(dirname "${2:?a file to write to}")"
    exec cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --output-reproducible --output-file "$2"
    ;;
  *) sed -n 's/^# \{0,1\}//;2,6p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
