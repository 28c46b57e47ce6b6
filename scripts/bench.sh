#!/usr/bin/env bash
# Measures on this machine how fast jobs are polled, how soon events arrive and what open streams cost.
# Prints a Markdown table; ends with 1 when a target is missed.   scripts/bench.sh [--seconds 2] [--rounds 5]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh
environment requirements.lock
exec python scripts/bench.py "$@"
