#!/usr/bin/env bash
# Saves the database, the files, the pepper and the secret of tokens, all in one new folder, while the service runs.
#   scripts/backup.sh FOLDER
# The settings say what is saved. The folder holds children's names and secrets: keep it where nobody else can read.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/environment.sh"
environment requirements.lock
exec python "$root/scripts/archive.py" backup "$@"
