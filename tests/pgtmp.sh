#!/bin/sh
# usage: tests/pgtmp.sh start FOLDER PORT | stop FOLDER
# A throw-away PostgreSQL on 127.0.0.1, with a database "qunzhu". PostgreSQL refuses to run as root: then it runs as postgres.
set -eu
PGBIN=${PGBIN:-$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; else as=""; fi

case "$1" in
start)
  folder=$2
  port=$3
  mkdir -p "$folder"
  chmod 700 "$folder"
  [ -z "$as" ] || chown postgres: "$folder"
  cd "$folder"
  $as "$PGBIN/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null
  # Nothing here outlives the tests, so nothing waits for the disk.
  printf '%s\n' "listen_addresses='127.0.0.1'" "port=$port" "unix_socket_directories='$folder'" \
    "fsync=off" "synchronous_commit=off" "full_page_writes=off" "max_connections=60" >>"$folder/data/postgresql.conf"
  $as "$PGBIN/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s start || { cat "$folder/log" >&2; exit 1; }
  "$PGBIN/psql" -h 127.0.0.1 -p "$port" -U postgres -qc 'create database qunzhu'
  ;;
stop)
  folder=$2
  cd "$folder"
  $as "$PGBIN/pg_ctl" -D "$folder/data" -m immediate -w -s stop
  ;;
*)
  sed -n '2,3s/^# //p' "$0" >&2
  exit 2
  ;;
esac
