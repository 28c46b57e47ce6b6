#!/bin/sh
# What a container of the image does:
#   api | worker | beat | migrate            the parts of the service
#   backup FOLDER | restore FOLDER           see scripts/backup.sh
#   smoke [URL] | check-env ...              see the scripts of these names
#   health                                   whether the part of this container can work
#   anything else                            goes to the storybook command, such as: doctor, audit, grant
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
PATH="$(cd "$here/../../.." && pwd)/bin:$PATH"
export PATH STORYBOOK_ENVIRONMENT=ready
command="${1:-api}"
alive="${TMPDIR:-/tmp}/storybook.alive"
[ $# -eq 0 ] || shift
case "$command" in
  api) exec storybook serve --host "${HOST:-0.0.0.0}" --port "${PORT:-8000}" "$@" ;;
  worker | beat) exec storybook "$command" --alive "$alive" "$@" ;;
  health) exec python "$here/health.py" "$alive" "http://127.0.0.1:${PORT:-8000}/health/ready" ;;
  backup | restore | smoke | check-env) exec "$here/../$command.sh" "$@" ;;
  *) exec storybook "$command" "$@" ;;
esac
