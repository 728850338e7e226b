#!/usr/bin/env bash
# Installs, by name through apt, the system packages that are missing.
#
#   scripts/install-deps.sh            what a build and the demonstration need
#   scripts/install-deps.sh --test     also what the tests need
#   scripts/install-deps.sh --bench    also what the benchmarks need
#   scripts/install-deps.sh --proto    also the Protobuf compiler (only for `make proto`)
#
# When nothing is missing it changes nothing and needs neither network nor root.
set -euo pipefail

fail() { echo "install-deps: $*" >&2; exit 1; }

# What the Swift toolchain itself needs: the linker, C and C++ headers and start files, time zones, git.
toolchain=(binutils gcc g++ libc6-dev tzdata git)
# Shared libraries that its programs load, as "file package". Looked for by file name, because the packages' names differ
# between Debian and Ubuntu releases (libcurl4 and libcurl4t64).
libraries=(
    "libcurl.so.4 libcurl4" "libxml2.so.2 libxml2" "libncurses.so.6 libncurses6" "libsqlite3.so.0 libsqlite3-0"
    "libz.so.1 zlib1g" "libuuid.so.1 libuuid1"
)
# What the sources link against, and the tools that the scripts use.
build=(
    pkg-config libssl-dev libsqlite3-dev zlib1g-dev libpq-dev librabbitmq-dev libhiredis-dev libxml2-dev
    python3 python3-venv python3-pip curl ca-certificates sqlite3
)
test=(strace wrk openssl nginx-light rabbitmq-server redis-server)
bench=(wrk nginx-light)
proto=(protobuf-compiler)

packages=("${toolchain[@]}" "${build[@]}")
want_tests=no
for argument in "$@"; do
    case "$argument" in
        --test) packages+=("${test[@]}"); want_tests=yes ;;
        --bench) packages+=("${bench[@]}") ;;
        --proto) packages+=("${proto[@]}") ;;
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) fail "unknown argument '$argument'; see --help" ;;
    esac
done
if [[ $want_tests == yes ]]; then
    # A server of any major version that is there will do. Debian 12's goes by its version, others by their default.
    if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' > /dev/null; then
        if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then
            packages+=(postgresql-15)
        else
            packages+=(postgresql)
        fi
    fi
    # Ubuntu's chromium package is a stub that needs snap, so take any browser that already works there.
    if ! command -v chromium > /dev/null; then packages+=(chromium); fi
fi

command -v dpkg-query > /dev/null ||
    fail "this is not Debian or Ubuntu; install these packages' counterparts by hand: ${packages[*]}"

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null || true)
    if [[ $state != installed ]]; then missing+=("$package"); fi
done

known=$(/sbin/ldconfig -p)
for entry in "${libraries[@]}"; do
    read -r library package <<< "$entry"
    if [[ $known != *"$library "* ]]; then missing+=("$package"); fi
done

if (( ${#missing[@]} > 0 )); then
    root=()
    if (( EUID != 0 )); then
        command -v sudo > /dev/null ||
            fail "packages are missing and neither root nor sudo is at hand; as root run: apt-get install ${missing[*]}"
        root=(sudo)
    fi
    echo "==> Installing ${#missing[@]} system packages through apt (1 to 3 minutes): ${missing[*]}"

    # Packages that bring a service must not start it. A guard that is already there stays as it is.
    guard=/usr/sbin/policy-rc.d
    log=$(mktemp)
    made_guard=no
    cleanup() {
        if [[ $made_guard == yes ]]; then "${root[@]}" rm -f "$guard"; fi
        rm -f "$log"
    }
    trap cleanup EXIT
    if [[ ! -e $guard ]]; then
        made_guard=yes
        printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$guard" > /dev/null
        "${root[@]}" chmod 755 "$guard"
    fi
    "${root[@]}" apt-get update > "$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "apt-get update failed (above); check network and apt sources, then run this again"; }
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" \
        > "$log" 2>&1 ||
        { tail -n 20 "$log" >&2; fail "apt-get install failed (above); mend what it names, then run this again"; }
fi

command -v swift > /dev/null ||
    fail "no 'swift' on PATH; install Swift 6.1 or later from https://www.swift.org/install/linux/ and add its usr/bin to PATH"
version=$(swift --version 2>&1) ||
    fail "'swift --version' does not run: $(printf '%s' "$version" | head -n 1)"
number=$(printf '%s' "$version" | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
if [[ -z $number || $(printf '%s\n6.1\n' "$number" | sort -V | head -n 1) != 6.1 ]]; then
    fail "Swift ${number:-of unknown version} is on PATH; Swift 6.1 or later is needed (https://www.swift.org/install/linux/)"
fi
if (( ${#missing[@]} > 0 )); then echo "==> System packages are in place; Swift $number"; fi
