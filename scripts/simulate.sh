#!/usr/bin/env bash
# Serves a simulator of the vendors' wires on loopback, to try the service with every provider and without a bill.
# Prints its address; each call that it charges becomes a line of its journal.
#   scripts/simulate.sh [--port 8900] [--journal .data/simulator.jsonl]
# Then, for example: LLM_PROVIDER=openai LLM_API_KEY=any LLM_BASE_URL=http://127.0.0.1:8900/openai/v1
# Base addresses: /openai/v1 /anthropic /replicate/v1 /fal /google/v1 /elevenlabs; told what to do under /_simulator/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/environment.sh
environment requirements.lock
PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" exec python -m tests.simulator "$@"
