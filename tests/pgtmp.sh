#!/bin/sh
# A throw-away PostgreSQL for the tests; the bench starts one in the same way.
exec "$(dirname "$0")/../deploy/pgtmp.sh" "$@"
