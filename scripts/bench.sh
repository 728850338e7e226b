#!/usr/bin/env bash
# Runs the benchmark workloads with the release build that `make bench` made, their yardsticks beside them, and writes the figures into
# docs/benchmarks.md. Arguments go to `albatross bench`: --seconds 10 --warmup 3 is a quick look.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
built="$(swift build -c release --show-bin-path)"
if [[ ! -x $built/albatross || ! -x $built/HTTPFloor ]]; then
    echo "bench: $built/albatross is not there; run 'make bench'" >&2
    exit 1
fi
# Kill points are for debug builds alone (ADR 7).
if grep -q ALBATROSS_KILL_AT "$built/albatross"; then
    echo "bench: the release build has kill points in it" >&2
    exit 1
fi
mkdir -p .build/bench
table=.build/bench/table.md

# Servers and yardsticks for the workloads that need them; they end with this script.
services=$PWD/.build/bench/services
trap 'scripts/services.sh stop "$services"; rm -rf "$services"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
rm -rf "$services"
scripts/services.sh start --owner $$ "$services" postgres rabbitmq > /dev/null
# shellcheck disable=SC1091
source "$services/env"
peers=.build/bench/peers
mkdir -p "$peers/Postgres"
cp Benchmarks/Postgres/* "$peers/Postgres/"
cc -O2 -o "$peers/confirm" Benchmarks/C/confirm.c -lrabbitmq
export ALBATROSS_BENCH_POSTGRES=$ALBATROSS_TEST_POSTGRES ALBATROSS_BENCH_RABBITMQ=$ALBATROSS_TEST_RABBITMQ ALBATROSS_BENCH_PEERS=$PWD/$peers

"$built/albatross" bench all --output .build/bench/results.json "$@" | tee "$table"
# The codecs alone, their allocations counted by a library that is put in front of the C library's.
cc -O2 -shared -fPIC -o .build/bench/allocations.so Benchmarks/C/allocations.c
LD_PRELOAD="$PWD/.build/bench/allocations.so" "$built/albatross" bench decode --output .build/bench/decode.json | grep -v '^|---\|^| name' \
    | tee -a "$table"
cc -O2 -o .build/bench/append Benchmarks/C/append.c -lsqlite3
for batch in 1 10 100; do
    rm -f .build/bench/append.sqlite*
    .build/bench/append .build/bench/append.sqlite "$batch" 64 10 | tee -a "$table"
done
rm -f .build/bench/append.sqlite*
Benchmarks/http_floor.py --floor "$built/HTTPFloor" --output .build/bench/http-floor.json | tee -a "$table"
python3 - "$table" << 'PYTHON'
import datetime, pathlib, re, sys

rows = pathlib.Path(sys.argv[1]).read_text().strip().splitlines()
table = [row for row in rows if row.startswith("|")]
columns = table[0].count("|") - 1
table = [row if row.count("|") - 1 >= columns else row.rstrip(" |") + " |" * (columns - row.count("|") + 2) for row in table]
notes = [row for row in rows if not row.startswith("|")]
page = pathlib.Path("docs/benchmarks.md")
block = "\n".join([f"Last run: {datetime.date.today()}.", "", *table, "", *notes])
text, count = re.subn(r"(<!-- figures -->\n).*?(\n<!-- end of figures -->)", lambda m: m[1] + block + m[2], page.read_text(), flags=re.S)
if count != 1:
    sys.exit("bench: docs/benchmarks.md has no place for the figures")
page.write_text(text)
PYTHON
echo "figures: docs/benchmarks.md, .build/bench/results.json"
