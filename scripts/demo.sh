#!/usr/bin/env bash
# Makes one picture book on a machine that has nothing but Python, then goes on serving.
#   scripts/demo.sh ["a little fox who is afraid of the dark"] [--age 3-5|5-7|7-9|adult] [--style watercolor|...]
#                   [--language ko|en|ja] [--pages 4-12] [--out DIR] [--once] [--port N]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/scripts/environment.sh"
environment requirements.lock
export STORYBOOK_DATA_DIR="${STORYBOOK_DATA_DIR:-$root/.data}"
exec storybook make "$@"
