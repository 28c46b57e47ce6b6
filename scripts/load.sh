#!/usr/bin/env bash
# Puts the load of many phones on a service: each orders a book, polls it every two seconds, opens its pages and
# pictures, looks at its library and streak. Prints rate, times and errors; ends with 1 when a call has failed.
#   scripts/load.sh [http://127.0.0.1:8000] [--users 50] [--spawn-rate 5] [--run-time 60s]
# Serve with roomy limits (RATE_LIMIT_READS, GIFTS_PER_ADDRESS ...), as all phones come from one address.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
host=http://127.0.0.1:8000
case "${1:-}" in http*) host="$1"; shift ;; esac
exec locust --locustfile scripts/load.py --headless --only-summary --host "$host" \
  --users 50 --spawn-rate 5 --run-time 60s --stop-timeout 5s "$@"
