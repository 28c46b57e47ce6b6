#!/usr/bin/env bash
# Kills, stops and starts the service while it makes books, and prints what was promised and what was seen.
# It starts a PostgreSQL, an S3 server, a simulator of the vendors and real server processes, all of its own.
#   scripts/chaos.sh [--kills 10] [--books 10] [--seed 1] [--painter replicate|fal|openai]   kill -9 at random
#   scripts/chaos.sh --points [ABCDEFGH]           a kill at each named point of each step
#   scripts/chaos.sh --stops 200                   SIGSTOP until others have the jobs, and SIGCONT
#   scripts/chaos.sh --leave                       SIGTERM with twenty books at work
#   scripts/chaos.sh --real-lease 6                kills under the lease of production
#   scripts/chaos.sh --postgres 20 --redis 20 --books 50   crashes of the database; a Redis that forgets, under workers
#   scripts/chaos.sh --celery --kills 20 --books 20   kills of Celery workers and processes of their pools
#   scripts/chaos.sh --controls                    everything is broken in turn: every check has to go red once
#   scripts/chaos.sh --break fence --stops 5       one of these
#   scripts/chaos.sh --release                     all forms in which a release is tried, one after another
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STORYBOOK_VENV="${STORYBOOK_VENV:-$PWD/.venv-dev}"
. scripts/environment.sh
environment requirements-dev.lock
PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" exec python -m scripts.chaos "$@"
