#!/usr/bin/env bash
# Runs every test and check, and ends with `N passed, N failed`, counted from the reports of what really ran.
# Nothing is skipped: a part that cannot run, gives no report or runs no test counts as failed. `make test` calls this.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

reports=.build/test-reports
rm -rf "$reports"
mkdir -p "$reports"
passed=0
failed=0
summary=()
began=$SECONDS

# Under .build unless its path holds what PostgreSQL's and RabbitMQ's own scripts cannot bear.
services=$PWD/.build/test-services
if [[ $services == *[[:space:]\'\"\\]* ]]; then services=${TMPDIR:-/tmp}/albatross-test-services.$$; fi

say() { printf '\n==> %s\n' "$*"; }

second=
end_services() {
    # A lane in the background hears no Ctrl-C.
    if [[ -n $second ]]; then
        pkill -TERM -P "$second" || true
        kill "$second" 2> /dev/null || true
    fi
    scripts/services.sh stop "$services"
    rm -rf "$services"
}
trap end_services EXIT
# With these the trap above runs at a Ctrl-C too.
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# count NAME PASSED FAILED SECONDS
count() {
    passed=$(( passed + $2 ))
    failed=$(( failed + $3 ))
    summary+=("$(printf '%-28s %5d passed %4d failed %6d s' "$1" "$2" "$3" "$4")")
}

finish() {
    if cat "$reports"/failed-*.txt 2> /dev/null | grep -q .; then
        say "Failed Swift tests"
        cat "$reports"/failed-*.txt
    fi
    say "Summary"
    printf '%s\n' "${summary[@]}"
    printf '%-28s %31d s\n\n' "all parts" "$(( SECONDS - began ))"
    echo "$passed passed, $failed failed"
    if (( failed > 0 || passed == 0 )); then exit 1; fi
    exit 0
}

# check NAME COMMAND...: a check that is one result
check() {
    local name=$1 start=$SECONDS
    shift
    say "$name"
    if "$@"; then count "$name" 1 0 $(( SECONDS - start )); else count "$name" 0 1 $(( SECONDS - start )); fi
}

say "Building the tests (debug, about 10 minutes the first time on 2 cores)"
start=$SECONDS
if ! swift build --build-tests; then
    count "build of the tests" 0 1 $(( SECONDS - start ))
    finish
fi
echo "built in $(( SECONDS - start )) s"

say "Starting PostgreSQL, RabbitMQ and Redis on loopback (10 s)"
start=$SECONDS
if scripts/services.sh start --owner $$ "$services"; then
    # shellcheck disable=SC1091
    source "$services/env"
else
    count "servers for the tests" 0 1 $(( SECONDS - start ))
fi

# Not `swift test`, of which only one runs at a time in a build folder.
bundle=$(swift build --show-bin-path)/albatross-gatewayPackageTests.xctest

# swift_tests NAME FILE ARGUMENT...: one run of the Swift tests, its results in reports/FILE*.xml
swift_tests() {
    local name=$1 file=$2 start=$SECONDS status counts good bad skipped
    shift 2
    say "$name (a few minutes)"
    # The time limit only ends a hang; no test is judged by it.
    timeout --kill-after=20 2400 "$bundle" --testing-library swift-testing --xunit-output "$reports/$file.xml" "$@"
    status=$?
    # All tests are Swift Testing's (soundness.sh refuses XCTest). Prints "passed failed skipped", writes which
    # failed and which took longest.
    counts=$(python3 - "$reports" "$file" << 'PYTHON'
import pathlib, sys
import xml.etree.ElementTree as tree

folder, part = pathlib.Path(sys.argv[1]), sys.argv[2]
seen, good, bad, skipped, failures = {}, 0, 0, 0, []
for path in sorted(folder.glob(f"{part}*.xml")):
    try:
        cases = tree.parse(path).getroot().iter("testcase")
    except tree.ParseError as error:
        print(f"test: {path.name} cannot be read: {error}", file=sys.stderr)
        bad += 1
        continue
    for case in cases:
        name = f"{case.get('classname', '')}.{case.get('name', '')}"
        wrong = case.findall("failure") + case.findall("error")
        if case.find("skipped") is not None:
            skipped += 1
        elif wrong:
            bad += 1
            failures += [f"{part}: {name}\n"] + [f"    {failure.get('message', '')[:2000]}\n" for failure in wrong]
        else:
            good += 1
        seen[name] = max(seen.get(name, 0.0), float(case.get("time") or 0))
slowest = sorted(seen.items(), key=lambda item: -item[1])[:10]
(folder / f"slowest-{part}.txt").write_text("".join(f"{seconds:9.2f} s  {name}\n" for name, seconds in slowest))
(folder / f"failed-{part}.txt").write_text("".join(failures))
print(good, bad, skipped)
PYTHON
) || counts="0 1 0"
read -r good bad skipped <<< "$counts"
    if (( skipped > 0 )); then
        echo "test: $skipped tests were skipped; none may be" >&2
        bad=$(( bad + skipped ))
    fi
    if (( good + bad == 0 )); then
        echo "test: the Swift tests left no results (exit status $status)" >&2
        bad=1
    elif (( status != 0 && bad == 0 )); then
        echo "test: swift test ended with status $status though its report names no failure (a crash, or the time limit)" >&2
        bad=1
    fi
    count "$name" "$good" "$bad" $(( SECONDS - start ))
}

# About time limits of 250 ms: beside nothing else.
swift_tests "Redis faults" redis --no-parallel --filter RedisCacheFaultTests

# Two lanes beside each other: most of these tests wait for their servers. What the second one says is shown at its end.
second_lane() {
    summary=()
    # A process of their own: they compute without a pause, and tests that wait would get no thread beside them.
    swift_tests "codec tests" codec --filter '^ProtocolsTests'
    swift_tests "end-to-end, faults" faults --filter 'EndToEnd/Faults'
    # PostgreSQL, RabbitMQ, Redis; two processes each that ingest, project and query. The order in which positions come is judged
    # by the same code in every shape; flying five flights for it takes long over six processes.
    ALBATROSS_TEST_SHAPE=split swift_tests "end-to-end, split roles" split \
        --filter 'EndToEndTests.*(SmartCARS3Conformance|Filing|Flight|Position|Live)Tests' --filter 'EndToEndTests.*/IsolationTests' \
        --skip judgesTheSameHoweverThePositionsArrive
    printf '%s\n' "${summary[@]}" > "$reports/second-lane.txt"
}
second_lane > "$reports/second-lane.log" 2>&1 &
second=$!
swift_tests "unit and store tests" unit --skip EndToEndTests --skip RedisCacheFaultTests --skip '^ProtocolsTests'
swift_tests "end-to-end, one process" single --filter EndToEndTests --skip 'EndToEnd/Faults'
wait "$second"
second=
cat "$reports/second-lane.log"
if [[ ! -s $reports/second-lane.txt ]]; then count "end-to-end, second lane" 0 1 0; fi
while read -r line; do
    summary+=("$line")
    [[ $line =~ ([0-9]+)\ passed\ +([0-9]+)\ failed ]]
    passed=$(( passed + BASH_REMATCH[1] ))
    failed=$(( failed + BASH_REMATCH[2] ))
done < <(cat "$reports/second-lane.txt" 2> /dev/null)

check "swift format lint" swift format lint --strict --recursive Sources Tests Package.swift
check "soundness" scripts/soundness.sh

say "Browser tests (about 3 minutes; the first time also a virtual environment)"
start=$SECONDS
requirements=Tests/Browser/requirements.txt
environment() {
    local wanted
    wanted=$(python3 -c 'import hashlib, sys; print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' \
        "$requirements") || return 1
    if [[ -f .venv/made-from && $(< .venv/made-from) == "$wanted" ]]; then return 0; fi
    rm -rf .venv
    python3 -m venv .venv || return 1
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements" || return 1
    printf '%s\n' "$wanted" > .venv/made-from
}
if ! environment; then
    echo "test: the virtual environment for the browser tests could not be made (above); 'rm -rf .venv' and try again" >&2
    count "browser tests" 0 1 $(( SECONDS - start ))
    finish
fi
timeout --kill-after=20 1200 .venv/bin/python Tests/Browser/run.py \
    --albatross "$(swift build --show-bin-path)/albatross" 2>&1 | tee "$reports/browser.log"
status=${PIPESTATUS[0]}
good=0
bad=0
line=$(grep -E '^([A-Za-z]+: )?[0-9]+ passed, [0-9]+ failed' "$reports/browser.log" | tail -n 1)
if [[ $line =~ ([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
    good=${BASH_REMATCH[1]}
    bad=${BASH_REMATCH[2]}
fi
if (( good + bad == 0 )); then
    echo "test: the browser tests left no results (exit status $status)" >&2
    bad=1
elif (( status != 0 && bad == 0 )); then
    echo "test: the browser tests ended with status $status though they name no failure" >&2
    bad=1
fi
count "browser tests" "$good" "$bad" $(( SECONDS - start ))

say "Ten slowest Swift tests"
cat "$reports"/slowest-*.txt 2> /dev/null | sort -rn | head -n 10
finish
