#!/usr/bin/env bash
# Checks the system packages of the named groups; installs what is missing when
# it may (root, or sudo without a password), otherwise says what to install.
set -euo pipefail

wanted() {
  case "$1" in
    venv)
      # Debian's python3 comes without ensurepip; other Pythons bring it along.
      python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv ;;
    pdf) echo libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk ;;
    browser) [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || echo chromium ;;
    *) echo "packages.sh: no group $1" >&2; exit 2 ;;
  esac
}

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

if ! command -v python3 >/dev/null; then
  echo "Python 3.11 or newer is needed: apt-get install python3 python3-venv" >&2
  exit 1
fi
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Python 3.11 or newer is needed; python3 is $(python3 -V 2>&1)." >&2
  exit 1
}

missing=()
for group in "$@"; do
  for package in $(wanted "$group"); do
    if ! command -v dpkg-query >/dev/null; then
      echo "This is no Debian system: see that $package, or its like, is installed." >&2
    elif ! installed "$package"; then
      missing+=("$package")
    fi
  done
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
  as_root=(sudo -n)
else
  echo "Some system packages are missing. Install them and start again:" >&2
  echo "apt-get install ${missing[*]}" >&2
  exit 1
fi

echo "Installing system packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install -y -qq --no-install-recommends "${missing[@]}")
# The package lists may be fresh enough already; they are fetched only when not.
if ! "${as_root[@]}" "${install[@]}" >/dev/null 2>&1; then
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" "${install[@]}" >/dev/null
fi
