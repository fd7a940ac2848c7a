#!/usr/bin/env bash
# environment.sh <lock file>: makes .venv hold exactly what the lock file says.
# A stamp remembers what was installed, so an unchanged lock costs nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1
stamp=.venv/.installed

# The development lock contains the other one: what tests need also runs.
want=$(cat requirements.lock "$lock" | sha256sum | cut -c1-64)
full=$(cat requirements.lock requirements-dev.lock | sha256sum | cut -c1-64)
have=$(cat "$stamp" 2>/dev/null || true)
if [ -n "$have" ] && { [ "$have" = "$want" ] || [ "$have" = "$full" ]; }; then exit 0; fi

if [ ! -x .venv/bin/python ]; then
  echo "Creating .venv"
  if ! python3 -m venv .venv; then
    rm -rf .venv
    echo "apt-get install python3-venv" >&2
    exit 1
  fi
fi
if [ ! -x .venv/bin/uv ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tools/uv.lock
fi

# uv does not read pip's settings: hand over the index and certificates set there.
setting() { .venv/bin/python -m pip config get "$1" 2>/dev/null || true; }
index=${PIP_INDEX_URL:-$(setting global.index-url)}
certificates=${PIP_CERT:-$(setting global.cert)}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"; fi
if [ -n "$certificates" ]; then export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"; fi

echo "Installing $lock"
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes "$lock"
echo "$want" >"$stamp"
