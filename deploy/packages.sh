#!/bin/sh
# usage: deploy/packages.sh PACKAGE…
# As root it installs Debian packages, and starts no service of theirs, now or at boot; the tests
# start PostgreSQL, PgBouncer and nginx themselves. Anybody else is told what to run as root.
set -eu
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  {
    printf 'Missing on this machine: %s\n' "$*"
    printf 'On Debian and Ubuntu install it as root, once, then run the same command again:\n'
    printf '  sudo %s %s\n' "$0" "$*"
    printf 'It installs these packages from your distribution and starts no service.\n'
  } >&2
  exit 1
fi
log=$(mktemp)
before=$(mktemp)
policy=/usr/sbin/policy-rc.d # what Debian asks before it starts a service
ours=""

# Links by which the machine starts something at boot: of systemd, and of its predecessor.
started_at_boot() {
  find /etc/systemd/system /etc/rc[2-5].d -name '*.service' -o -name 'S[0-9]*' 2>/dev/null | sort
}

# A package has its service started at every boot. What was not started before stays so.
clean() {
  started_at_boot | comm -13 "$before" - | sed 's|.*/||; s|\.service$||; s|^S[0-9]*||' | sort -u |
    while read -r service; do
      update-rc.d "$service" disable >/dev/null 2>&1 || systemctl disable --quiet "$service" ||
        echo "$service will start at boot." >&2
    done
  [ -z "$ours" ] || rm -f "$policy"
  rm -f "$log" "$before"
}

# A line for each tenth of the way, on any terminal.
progress() {
  shown=""
  while IFS=: read -r kind _package percent _words; do
    case $kind in dlstatus) step=downloaded ;; pmstatus) step=installed ;; *) continue ;; esac
    percent=${percent%%[.,]*}
    now="$step $((percent / 10 * 10)) %"
    [ "$now" = "$shown" ] || echo "  $now"
    shown=$now
  done
}

started_at_boot >"$before"
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ ! -e "$policy" ]; then
  ours=yes
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
echo "Looking for packages (apt-get update) …"
apt-get update -q >"$log" 2>&1 </dev/null || true # without a network what is there may do
number=$(apt-get install -q -s --no-install-recommends "$@" 2>>"$log" | grep -c '^Inst ' || true)
echo "Installing $* and what they need, $number packages (apt-get) …"
# Descriptor 3 is where apt-get tells how far it is; 4 keeps its verdict apart from that.
install() {
  apt-get install -q -y --no-install-recommends -o APT::Status-Fd=3 "$@" \
    3>&1 >>"$log" 2>&1 </dev/null
}
verdict=$({ { install "$@" && echo 0 >&4 || echo $? >&4; } | progress >&2; } 4>&1)
if [ "$verdict" != 0 ]; then
  cat "$log" >&2
  echo "apt-get could not install: $*" >&2
  exit 1
fi
