#!/bin/sh
# Makes the environment of the image in an empty folder: what the lock file names, by its hashes, and our own wheel.
#   scripts/image/build.sh FOLDER       (run at the top of a checkout; PYTHON names another interpreter)
set -eu
to="$1"
root="$(cd "$(dirname "$0")/../.." && pwd)"
pip="$to/bin/python -m pip --disable-pip-version-check --quiet"
wheels="$(mktemp -d)"
trap 'rm -rf "$wheels"' EXIT

"${PYTHON:-python3}" -m venv --clear "$to"
$pip install --no-compile --require-hashes --requirement "$root/requirements.lock"
$pip wheel --no-deps --no-build-isolation --wheel-dir "$wheels" "$root"
$pip install --no-compile --no-deps "$wheels"/*.whl
# Nothing is built or installed where the service runs.
$pip uninstall --yes hatchling editables
$pip uninstall --yes pip
mkdir -p "$to/storybook/scripts/image"
cp "$root"/scripts/image/entry.sh "$root"/scripts/image/health.py "$to/storybook/scripts/image/"
for script in environment.sh smoke.sh smoke.py backup.sh restore.sh archive.py archive_tables.py check-env.sh check_env.py; do
  cp "$root/scripts/$script" "$to/storybook/scripts/"
done
"$to/bin/python" -m compileall -q -j 0 "$to/lib" "$to/storybook"
