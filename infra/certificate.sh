#!/bin/sh
# Puts a new certificate where nginx reads it, and has nginx read it. For `certbot --deploy-hook`, which names its folder
# in RENEWED_LINEAGE; or:      infra/certificate.sh FOLDER       (a folder with fullchain.pem and privkey.pem)
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
from="${1:-${RENEWED_LINEAGE:?the folder of the new certificate}}"
to="${STORYBOOK_TLS:-$here/tls}"
owner=""
# The user of nginx in its container.
[ "$(id -u)" != 0 ] || owner="--owner=101 --group=101"
install --directory --mode=0700 $owner "$to"
for file in privkey.pem fullchain.pem; do
  install --mode=0400 $owner "$from/$file" "$to/$file.new"
  mv "$to/$file.new" "$to/$file"
done
compose="docker compose --file $here/docker-compose.prod.yml"
[ -z "$($compose ps --status running --quiet nginx)" ] || $compose kill --signal HUP nginx
