#!/bin/sh
# usage: deploy/pgtmp.sh start FOLDER PORT [durable] | stop FOLDER [fast]
# A throw-away PostgreSQL on 127.0.0.1, with a database "qunzhu". PostgreSQL refuses to run as root: then it runs as postgres.
# "durable": it waits for the disk as a real one does, and has the memory of a small server; the bench measures such a one.
set -eu
PGBIN=${PGBIN:-$(dirname "$(find /usr/lib/postgresql -name initdb | sort -V | tail -n 1)")}
if [ "$(id -u)" = 0 ]; then as="runuser -u postgres --"; else as=""; fi

case "$1" in
start)
  folder=$2
  port=$3
  if [ -f "$folder/data/postmaster.pid" ] && kill -0 "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null; then
    echo "A PostgreSQL runs in $folder already." >&2
    exit 1
  fi
  mkdir -p "$folder"
  chmod 700 "$folder"
  [ -z "$as" ] || chown postgres: "$folder"
  cd "$folder"
  if [ ! -d "$folder/data" ]; then # else it was stopped, and goes on
    $as "$PGBIN/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >/dev/null
    if [ "${4:-}" = durable ]; then
      printf '%s\n' "shared_buffers=1GB" "work_mem=16MB" "maintenance_work_mem=256MB" "effective_cache_size=4GB" "max_wal_size=8GB" \
        "checkpoint_timeout=15min" "random_page_cost=1.1" "max_connections=100" >>"$folder/data/postgresql.conf"
    else # Nothing outlives the tests: nothing waits for the disk, nothing lies outside the folder.
      printf '%s\n' "fsync=off" "synchronous_commit=off" "full_page_writes=off" \
        "max_connections=60" "dynamic_shared_memory_type=mmap" >>"$folder/data/postgresql.conf"
    fi
    fresh=yes
  fi
  printf '%s\n' "listen_addresses='127.0.0.1'" "port=$port" "unix_socket_directories=''" \
    >>"$folder/data/postgresql.conf"
  $as "$PGBIN/pg_ctl" -D "$folder/data" -l "$folder/log" -w -s start || { cat "$folder/log" >&2; exit 1; }
  [ -z "${fresh:-}" ] || "$PGBIN/psql" -h 127.0.0.1 -p "$port" -U postgres -qc 'create database qunzhu'
  ;;
stop)
  folder=$2
  cd "$folder"
  # A cluster that will go on is stopped with a checkpoint; one that will be thrown away need not be.
  $as "$PGBIN/pg_ctl" -D "$folder/data" -m "${3:-immediate}" -w -s stop
  ;;
*)
  sed -n '2,4s/^# //p' "$0" >&2
  exit 2
  ;;
esac
