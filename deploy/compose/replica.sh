#!/bin/sh
# A replica: copies the primary when its data folder is empty, then follows it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  until PGPASSWORD=$REPLICATION_PASSWORD pg_basebackup -h postgres -U replicator -D "$PGDATA" -R -X stream -S replica1 -c fast; do
    echo "The primary does not answer yet; trying again." >&2
    find "$PGDATA" -mindepth 1 -delete
    sleep 2
  done
  chmod 700 "$PGDATA"
  cp /etc/qunzhu/replica.conf "$PGDATA/replica.conf"
  echo "include 'replica.conf'" >> "$PGDATA/postgresql.conf"
fi
exec postgres
