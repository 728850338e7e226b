#!/usr/bin/env bash
# Runs the end-to-end benchmark workloads with the release build that `make bench` made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
albatross="$(swift build -c release --show-bin-path)/albatross"
if [[ ! -x $albatross ]]; then
    echo "bench: $albatross is not there; run 'make bench'" >&2
    exit 1
fi
exec "$albatross" bench all "$@"
