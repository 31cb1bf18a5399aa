#!/bin/sh
# PgBouncer in a container: the shipped settings, with the address and the account of this installation.
set -eu
umask 077
printf '"%s" "%s"\n' "$POSTGRES_USER" "$POSTGRES_PASSWORD" > /tmp/userlist.txt
sed -e 's|host=10.0.0.21|host=postgres|' -e 's|^listen_addr = .*|listen_addr = *|' -e 's|^auth_file = .*|auth_file = /tmp/userlist.txt|' \
  /etc/pgbouncer/pgbouncer.ini > /tmp/pgbouncer.ini
exec pgbouncer /tmp/pgbouncer.ini
