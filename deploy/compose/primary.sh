#!/bin/sh
# Runs once, when the primary's data folder is made: a role and a slot for the replica, and who may connect.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$REPLICATION_PASSWORD" -U "$POSTGRES_USER" -d "$POSTGRES_DB" <<'SQL'
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'password';
SELECT pg_create_physical_replication_slot('replica1');
SQL
cp /etc/qunzhu/primary.conf "$PGDATA/primary.conf"
echo "include 'primary.conf'" >> "$PGDATA/postgresql.conf"
echo "host replication replicator samenet scram-sha-256" >> "$PGDATA/pg_hba.conf"
