#!/usr/bin/env bash
# Style, templates, types, import contracts: everything that is checked by reading.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
step() { echo "== $*"; }

step ruff
$bin/ruff check --quiet .
$bin/ruff format --quiet --check .
step djlint
$bin/djlint --lint --quiet templates
step mypy
$bin/mypy lms
step imports
$bin/lint-imports --no-logo 2>/dev/null || $bin/lint-imports
