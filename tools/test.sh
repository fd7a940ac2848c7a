#!/usr/bin/env bash
# The whole test run. Each pytest run leaves a report; the last lines add them up.
set -euo pipefail
cd "$(dirname "$0")/.."
export ZHIXING_PROFILE="${ZHIXING_PROFILE:-small}"
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

tools/lint.sh

# A failing run does not keep the next ones from telling what they know.
status=0
run() {
  local name=$1; shift
  echo "== tests: $name"
  .venv/bin/python -m pytest -q --junitxml "$reports/$name.xml" "$@" || status=1
}

ZHIXING_TEST_STORE=sqlite run 1-sqlite -n 2 -m "not browser"
ZHIXING_TEST_STORE=postgresql run 2-postgresql -n 2 -m "store and not browser"
ZHIXING_TEST_STORE=sqlite run 3-browser -n 2 -m browser

.venv/bin/python tools/summary.py "$reports"/*.xml || status=1
exit $status
