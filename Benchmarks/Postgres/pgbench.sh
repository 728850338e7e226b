#!/usr/bin/env bash
# Plain INSERTs by pgbench, the yardstick of workload P4 (append-postgres).
#
#   Benchmarks/Postgres/pgbench.sh URL [CLIENTS] [SECONDS]
#
# URL is a database that may be written to; a table plain_event is made in it and dropped again. Prints events a second for
# one row a transaction, and for 100 rows in one INSERT. synchronous_commit is on, as for the store.
set -euo pipefail

url=${1:?give the URL of a database}
clients=${2:-32}
seconds=${3:-15}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# script ROWS: one INSERT of as many rows, each client and transaction with a stream of its own
script() {
    local rows=$1 row separator=''
    printf '\\set high random(0, 281474976710655)\n\\set low random(0, 281474976710655)\n'
    printf 'INSERT INTO plain_event (version, recorded_at, crc, schema, tenant, stream, event_id, correlation, category, type, payload) VALUES\n'
    for (( row = 1; row <= rows; row++ )); do
        printf "%s(%d, 1767323045000, %d, 1, '019b0000-0000-7000-8000-000000000001', " "$separator" "$row" "$row"
        # 24 hexadecimal digits of two random numbers are the end of the stream's id.
        printf "('019b0000' || lpad(to_hex(:high::bigint), 12, '0') || lpad(to_hex(:low::bigint), 12, '0'))::uuid, gen_random_uuid(), "
        printf "'019b0000-0000-7000-8000-000000000002', 'flight', 'flight.positions-recorded', "
        printf "decode(repeat('a5', 200), 'hex'))"
        separator=$',\n'
    done
    printf ';\n'
}

run() {
    local rows=$1 tps
    script "$rows" > "$work/insert.sql"
    psql -q "$url" -f "$here/schema.sql"
    tps=$(pgbench -n -c "$clients" -j 2 -T "$seconds" -M prepared -f "$work/insert.sql" "$url" 2>&1 | awk '/^tps/ { print $3 }')
    awk -v tps="$tps" -v rows="$rows" -v clients="$clients" \
        'BEGIN { printf "%4d rows, %d clients: %9.0f events/s (%.0f transactions/s)\n", rows, clients, tps * rows, tps }'
}

run 1
run 100
psql -q "$url" -c 'DROP TABLE plain_event'
