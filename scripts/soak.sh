#!/usr/bin/env bash
# Runs the long forms of the fault tests, one part after the other, and writes what they showed as a table into docs/reliability.md.
# The parts are those of the matrix there: F1 F2 F3 F4 F6 F11 F12 N1 N4 N5 N6; without arguments all of them, which takes a night.
# ALBATROSS_SOAK_CYCLES=n replaces the number of cycles. `make soak PARTS="F1 F6"` calls this.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

declare -A filters=(
    [F1]=FaultsCrashTests/losesNothingToKills [F2]=FaultsCrashTests/losesNothingAtAnyStep
    [F3]=FaultsServicesTests/postmasterIsKilled [F4]=FaultsServicesTests/brokerAndCacheAreKilled
    [F6]=FaultsStorageTests/refusesWhileTheDiskIsFullAndGoesOn [F11]=FaultsShutdownTests
    [F12]=FaultsStorageTests/upgrades [N1]=FaultsServicesTests/networksAreParted [N4]=FaultsReplyTests/cutRepliesFileOnce
    [N5]=FaultsReplyTests/otherReportsUnderAKeyAreRefused [N6]=FaultsReplyTests/concurrentSendsFileOnce)
if (( $# == 0 )); then set -- F1 F2 F3 F4 F6 F11 F12 N1 N4 N5 N6; fi
for part in "$@"; do
    if [[ -z ${filters[$part]:-} ]]; then
        echo "soak: there is no part '$part'; choose among ${!filters[*]}" >&2
        exit 2
    fi
done

folder=.build/soak
mkdir -p "$folder"
rows=$PWD/$folder/rows.md
: > "$rows"
services=$PWD/.build/soak-services
if [[ $services == *[[:space:]\'\"\\]* ]]; then services=${TMPDIR:-/tmp}/albatross-soak-services.$$; fi
end_services() {
    scripts/services.sh stop "$services"
    rm -rf "$services"
}
trap end_services EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
swift build --build-tests || exit 1
scripts/services.sh start --owner $$ "$services" > /dev/null || exit 1
# shellcheck disable=SC1091
source "$services/env"

failed=0
for part in "$@"; do
    echo "==> $part, from $(date -u +%H:%M) UTC"
    began=$SECONDS
    : > "$folder/part.md"
    if ALBATROSS_SOAK=1 ALBATROSS_SOAK_ROWS=$PWD/$folder/part.md swift test --skip-build --disable-xctest --filter "${filters[$part]}" 2>&1 |
        tee "$folder/$part.log" | grep --line-buffered -E '^[FN][0-9]+[ :,]|^✘'; then
        result=passed
    else
        result=failed
        failed=1
        # What a failed run says of itself is not what it showed.
        printf '| %s | long form | **failed** |\n' "$part" > "$folder/part.md"
    fi
    cat "$folder/part.md" >> "$rows"
    echo "==> $part $result after $(( SECONDS - began )) s ($folder/$part.log)"
done

# Rows of parts that did not run stay as they are.
python3 - "$rows" "$(git rev-parse --short HEAD)" << 'PYTHON'
import datetime, pathlib, re, sys

page = pathlib.Path("docs/reliability.md")
stamp = f"{datetime.date.today()}, {sys.argv[2]}"
new = [row.rstrip()[:-1] + f"| {stamp} |" for row in pathlib.Path(sys.argv[1]).read_text().splitlines() if row.startswith("|")]
text = page.read_text()
found = re.search(r"(<!-- soak -->\n)(.*?)(<!-- end of soak -->)", text, flags=re.S)
if not found:
    sys.exit("soak: docs/reliability.md has no place for the table")


def name(row):
    # The part and what it ran on; a number of cycles may differ from run to run.
    return re.sub(r"\d+ ×", "×", "|".join(row.split("|")[1:3]))


def order(row):
    part = row.split("|")[1].strip()
    return part[0], int(part[1:]), row


rows = {name(row): row for row in found[2].splitlines() if re.match(r"\| [FN]\d", row)}
rows.update({name(row): row for row in new})
table = ["| id | what | shown | when |", "|---|---|---|---|", *sorted(rows.values(), key=order)]
page.write_text(text[: found.start()] + found[1] + "\n".join(table) + "\n" + found[3] + text[found.end():])
PYTHON
exit "$failed"
