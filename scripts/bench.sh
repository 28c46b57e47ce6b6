#!/usr/bin/env bash
# Measures on this machine how fast jobs are polled, how soon events arrive and what open streams cost.
# Then how long a book of simulated vendors takes, what it costs in CPU, how outages pass and what traces cost (--only).
# Prints a Markdown table; ends with 1 when a target is missed.
#   scripts/bench.sh [--seconds 2] [--rounds 5] [--books N]
#       [--only service|telemetry|vendors|books|crowd|outages|away|busy|told|hanging|unjudged|caps]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh
environment requirements.lock
PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" exec python scripts/bench.py "$@"
