#!/usr/bin/env bash
# Says everything that is wrong with the settings of a file, in plain words and without any value; ends with 1 then.
# The rules are those by which the service starts.
#   scripts/check-env.sh [--mode development|production|ci] [--env-file .env] [--secrets infra/secrets]
# --secrets is the folder with a file for each secret; what this shell has set counts for nothing.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/environment.sh"
environment requirements.lock
exec env -i PATH="$PATH" HOME="${HOME:-/}" LANG=C.UTF-8 PYTHONPATH="${PYTHONPATH:-}" \
  python "$root/scripts/check_env.py" "$@"
