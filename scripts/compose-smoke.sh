#!/usr/bin/env bash
# Builds the image, checks both compose files, starts the development one and uses it. Needs Docker.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
development=(docker compose --file infra/docker-compose.yml)
folder="$(mktemp -d)"
made=""
trap '"${development[@]}" down --volumes; rm -rf "$folder" $made' EXIT

infra/secrets.sh "$folder"
if [ ! -e infra/production.env ]; then
  made=infra/production.env
  cp infra/production.env.example infra/production.env
fi
STORYBOOK_SECRETS="$folder" docker compose --file infra/docker-compose.prod.yml config --quiet
"${development[@]}" config --quiet
"${development[@]}" build
"${development[@]}" up --wait --wait-timeout 300 api || { "${development[@]}" logs; exit 1; }
"${development[@]}" up --detach
scripts/smoke.sh http://127.0.0.1:8000
