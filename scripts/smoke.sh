#!/usr/bin/env bash
# Uses a service that runs, as the app does: makes one book, follows it to its end, reads it and deletes it.
# A line for each check, PASS or FAIL; ends with 1 when one has failed.
#   scripts/smoke.sh [http://127.0.0.1:8000] [--patience 600]
# SSL_CERT_FILE names a certificate to trust beside the usual ones. The user it makes is deleted at the end; its book is
# paid with the welcome gift, of which a network gets GIFTS_PER_ADDRESS a day. To check more often, put the key of a user
# with credits in SMOKE_USER_KEY (`storybook grant USER N --reason smoke`): that user stays.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/environment.sh"
environment requirements.lock
exec python "$root/scripts/smoke.py" "$@"
