#!/usr/bin/env bash
# Fuzzes codecs with libFuzzer and the address sanitizer: scripts/fuzz.sh NAME|all [SECONDS]
# NAME is an adapter's id, json or xml. Seeds are Fixtures/wire; what was learnt stays in .build/fuzz/corpus/NAME, a finding
# in .build/fuzz/findings/NAME-*, and the last lines of each run in .build/fuzz/NAME.log. Ends with 1 if there is a finding.
# A finding becomes a fixture or a test: `FUZZ_TARGET=NAME .build/fuzz/fuzz FILE` shows it again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
name="${1:?usage: scripts/fuzz.sh NAME|all [SECONDS]}"
seconds="${2:-600}"
out=.build/fuzz
names=(fsacars fsacars4 fsfk fspassengers json kacars phpvms7 smartcars2 smartcars3 smartcars3-v7 xacars xml)
[[ $name == all ]] || names=("$name")

# The modules that see bytes from outside are built again for this, with the sanitizers' counters in them.
flags=(-swift-version 6 -package-name albatross -O -g -wmo -parse-as-library -sanitize=fuzzer,address -use-ld=lld -I "$out"
    -I Sources/CLibXML2)
for feature in ExistentialAny MemberImportVisibility InternalImportsByDefault NonisolatedNonsendingByDefault; do
    flags+=(-enable-upcoming-feature "$feature")
done
# shellcheck disable=SC2046 # flags of the C library, one a word
for flag in $(pkg-config --cflags libxml-2.0); do flags+=(-Xcc "$flag"); done
if [[ ! -x $out/fuzz || -n $(find Fuzz Sources/Domain Sources/Protocols Sources/XMLReader -name '*.swift' -newer "$out/fuzz") ]]; then
    echo "==> building the fuzzers: about two minutes"
    mkdir -p "$out"
    for module in Domain XMLReader Protocols; do
        find "Sources/$module" -name '*.swift' -print0 | sort -z | xargs -0 swiftc "${flags[@]}" -module-name "$module" \
            -emit-module -emit-module-path "$out/$module.swiftmodule" -emit-object -o "$out/$module.o"
    done
    # shellcheck disable=SC2046
    swiftc "${flags[@]}" -module-name Fuzz Fuzz/FuzzTargets.swift "$out"/{Domain,XMLReader,Protocols}.o \
        $(pkg-config --libs libxml-2.0) -o "$out/fuzz"
fi
[[ $name != build ]] || exit 0

failed=0
mkdir -p "$out/findings"
for target in "${names[@]}"; do
    corpus="$out/corpus/$target"
    mkdir -p "$corpus"
    seeds=()
    case $target in
        json) seeds+=(Fixtures/wire/phpvms7 Fixtures/wire/smartcars3) ;;
        xml) seeds+=(Fixtures/wire/kacars Fixtures/wire/fsfk) ;;
        *) seeds+=("Fixtures/wire/$target") ;;
    esac
    # Readers of values get the bodies of frames, not their heads.
    if [[ $target == json || $target == xml ]]; then
        python3 - "$corpus" "${seeds[@]}" << 'PYTHON'
import hashlib, pathlib, sys

for folder in sys.argv[2:]:
    for frame in pathlib.Path(folder).glob("*.raw"):
        body = frame.read_bytes().replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")[2]
        pathlib.Path(sys.argv[1], hashlib.sha1(body).hexdigest()).write_bytes(body)
PYTHON
        seeds=()
    fi
    echo "==> $target: $seconds seconds"
    if ! FUZZ_TARGET="$target" "$out/fuzz" "$corpus" "${seeds[@]}" -max_total_time="$seconds" -max_len=16384 -timeout=60 \
        -rss_limit_mb=2048 -detect_leaks=0 -print_final_stats=1 -artifact_prefix="$out/findings/$target-" \
        > "$out/$target.log" 2>&1; then
        echo "fuzz: $target has a finding: see $out/$target.log" >&2
        failed=1
    fi
    grep -E "stat::number_of_executed_units|stat::average_exec_per_sec|SUMMARY|Done " "$out/$target.log" || true
done
exit "$failed"
