#!/usr/bin/env bash
# Brings back what scripts/backup.sh has saved, and proves that every row and file is there. Stop the service before.
#   scripts/restore.sh FOLDER [--replace]
# Without --replace it refuses a database with rows and a storage with files.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/environment.sh"
environment requirements.lock
exec python "$root/scripts/archive.py" restore "$@"
