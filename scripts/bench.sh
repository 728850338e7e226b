#!/usr/bin/env bash
# Runs the end-to-end benchmark workloads with the release build that `make bench` made, and P3's yardstick in C beside them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
albatross="$(swift build -c release --show-bin-path)/albatross"
if [[ ! -x $albatross ]]; then
    echo "bench: $albatross is not there; run 'make bench'" >&2
    exit 1
fi
mkdir -p .build/bench
"$albatross" bench all --output .build/bench/results.json "$@"
cc -O2 -o .build/bench/append Benchmarks/C/append.c -lsqlite3
for batch in 1 10 100; do
    rm -f .build/bench/append.sqlite*
    .build/bench/append .build/bench/append.sqlite "$batch" 64 10
done
rm -f .build/bench/append.sqlite*
Benchmarks/http_floor.py --floor "$(swift build -c release --show-bin-path)/HTTPFloor" --output .build/bench/http-floor.json
echo "figures: .build/bench/results.json"
