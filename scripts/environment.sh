# Sourced by the other scripts: makes the virtual environment when it is missing or out of date, and enters it.
#   environment <lock file>
# STORYBOOK_VENV names another place for it; STORYBOOK_ENVIRONMENT=ready uses what is on the PATH as it is.

_newest_python() {
  local name
  for name in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  echo "storybook: Python 3.11 or newer with venv and pip is needed; please install it and run this again." >&2
  return 2
}

environment() {
  local root lock venv stamp python
  if [ "${STORYBOOK_ENVIRONMENT:-}" = ready ]; then return; fi
  root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
  lock="$root/$1"
  venv="${STORYBOOK_VENV:-$root/.venv}"
  mkdir -p "$(dirname "$venv")"
  exec 9>"$venv.lock"
  if command -v flock >/dev/null; then flock 9; fi
  stamp="$(cat "$lock" "$root/pyproject.toml" | cksum) $root"
  if [ "$(cat "$venv/.installed" 2>/dev/null)" != "$stamp" ]; then
    python="$(_newest_python)" || return
    echo "Setting up in $venv (once) ..." >&2
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
      --editable "$root" >&2
    echo "$stamp" >"$venv/.installed"
  fi
  exec 9>&-
  PATH="$venv/bin:$PATH"
  export PATH
}
