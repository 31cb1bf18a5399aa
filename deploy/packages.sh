#!/bin/sh
# usage: deploy/packages.sh PACKAGE…: installs Debian packages when root can; otherwise says what to install, and fails.
# The tests start PostgreSQL, PgBouncer and nginx by themselves, on ports of their own: none is started as a service here.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  printf 'Missing on this machine: %s\nInstall it as root, then run the same command again. On Debian and Ubuntu:\n' "$*" >&2
  printf '  sudo apt-get install --no-install-recommends %s\n' "$*" >&2
  exit 1
fi
echo "Installing $* (apt-get) …"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
policy=/usr/sbin/policy-rc.d # what Debian asks before it starts a service
if [ ! -e "$policy" ]; then
  trap 'rm -f "$log" "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update -q && apt-get install -q -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "apt-get could not install: $*" >&2
  exit 1
fi
