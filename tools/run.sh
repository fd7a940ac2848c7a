#!/usr/bin/env bash
# Brings the data up to date, then runs web server and worker until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
address="http://$HOST:$PORT"
mkdir -p "$ZHIXING_HOME"

if (exec 3<>"/dev/tcp/$HOST/$PORT") 2>/dev/null; then
  echo "Port $PORT is taken. Choose another one: make run PORT=$((PORT + 1))" >&2
  exit 1
fi

sign_ins=$($bin/python tools/prepare.py)

started=()
stop() {
  trap - INT TERM EXIT
  [ ${#started[@]} -gt 0 ] && kill -TERM "${started[@]}" 2>/dev/null
  wait
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

$bin/flask worker &
started+=($!)
$bin/gunicorn 'lms.app:serve()' --preload --worker-class gthread --workers "${WEB_WORKERS:-2}" --threads 8 \
  --bind "$HOST:$PORT" --graceful-timeout 3 --log-level warning &
started+=($!)

for _ in $(seq 150); do
  $bin/python tools/answers.py "$address/healthz" && break
  for process in "${started[@]}"; do
    kill -0 "$process" 2>/dev/null || { echo "The server did not start." >&2; exit 1; }
  done
  sleep 0.2
done

echo
echo "  知行 Zhixing: $address"
echo
if [ -n "$sign_ins" ]; then echo "$sign_ins"; fi
echo "  Ctrl-C stops it."

# When one of the two ends by itself, the other is stopped too and the failure is told.
wait -n "${started[@]}" || true
echo "A process ended unexpectedly." >&2
exit 1
