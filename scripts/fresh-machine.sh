#!/usr/bin/env bash
# Shows that a command works on a machine that has only Swift, git, make, Python 3 and apt: makes a Debian 12 root folder,
# clones the repository into it and runs the command there.
#
#   scripts/fresh-machine.sh FOLDER REPOSITORY COMMAND...
#   scripts/fresh-machine.sh /tmp/fresh . make test
#
# FOLDER       made new with debootstrap; one that this script made before is used again as it is, with a new clone
# REPOSITORY   what to clone: a path or an address; only what is committed is seen
# SWIFT_HOME   the folder that holds usr/bin/swift; without it, the one of the `swift` on PATH. Mounted read-only
#
# Needs root and debootstrap. Package sources of the host are used inside too: apt's sources, pip's settings, git's address
# rewriting; local folders that these name are mounted read-only. Mounts and processes live in namespaces of their
# own, so they are gone when this ends, however it ends. FOLDER stays: remove it when it is no longer wanted.
set -euo pipefail

fail() { echo "fresh-machine: $*" >&2; exit 1; }

if (( $# < 3 )); then sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
(( EUID == 0 )) || fail "needs root, for debootstrap and chroot"
command -v debootstrap > /dev/null || fail "debootstrap is missing; run: apt-get install debootstrap"
if [[ -z ${SWIFT_HOME:-} ]]; then
    swift=$(command -v swift) || fail "no 'swift' on PATH; set SWIFT_HOME to the folder that holds usr/bin/swift"
    SWIFT_HOME=$(cd "$(dirname "$(readlink -f "$swift")")/../.." && pwd)
fi
[[ -x $SWIFT_HOME/usr/bin/swift ]] || fail "$SWIFT_HOME/usr/bin/swift is not there; set SWIFT_HOME"
[[ $SWIFT_HOME != / ]] || fail "Swift is installed into / itself; unpack a toolchain into a folder and set SWIFT_HOME"

if [[ ${FRESH_MACHINE_INSIDE:-} != yes ]]; then
    export FRESH_MACHINE_INSIDE=yes SWIFT_HOME
    exec unshare --mount --propagation private --pid --fork --kill-child "$BASH" "$0" "$@"
fi

root=$1
repository=$2
shift 2
mkdir -p "$root"
root=$(cd "$root" && pwd)
[[ $root != / ]] || fail "FOLDER must not be /"
if [[ -e $repository ]]; then repository=$(cd "$repository" && pwd); fi

# 1. The system
if [[ ! -f $root/.fresh-machine ]]; then
    [[ -z $(ls -A "$root") ]] || fail "$root is not empty and was not made by this script"
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 2> /dev/null |
        awk '$2 == "bookworm" { print $1; exit }')
    echo "==> debootstrap of Debian 12 into $root (1 to 3 minutes)"
    if ! debootstrap --variant=minbase --include=git,make,python3,apt,ca-certificates \
        bookworm "$root" "${mirror:-http://deb.debian.org/debian}" > "$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        fail "debootstrap failed (above)"
    fi
    rm -f "$root.log"
    touch "$root/.fresh-machine"
fi

# 2. What the host knows about where packages come from
binds=("$SWIFT_HOME")
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/hosts "$root/etc/hosts"
if [[ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") == bookworm ]]; then
    rm -rf "$root/etc/apt/sources.list" "$root/etc/apt/sources.list.d"
    mkdir -p "$root/etc/apt/sources.list.d"
    if [[ -f /etc/apt/sources.list ]]; then cp -L /etc/apt/sources.list "$root/etc/apt/"; fi
    cp -rL /etc/apt/sources.list.d/. "$root/etc/apt/sources.list.d/"
    for keys in /etc/apt/trusted.gpg.d /etc/apt/keyrings /usr/share/keyrings; do
        if [[ -d $keys ]]; then mkdir -p "$root$keys"; cp -rL "$keys/." "$root$keys/"; fi
    done
fi
apt-config dump | grep -E '^Acquire::(http|https|Check-|Retries|ForceIPv)' > "$root/etc/apt/apt.conf.d/99host" || true
# Certificates: the host's own additions, and the bundle as it is there.
if [[ -d /usr/local/share/ca-certificates ]]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
fi
mkdir -p "$root/etc/ssl/certs"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
# pip: its settings, as files and as environment
home=${HOME:-/root}
for file in /etc/pip.conf "$home/.config/pip/pip.conf" "$home/.pip/pip.conf"; do
    if [[ -f $file ]]; then
        target=$root${file/#"$home"/\/root}
        mkdir -p "$(dirname "$target")"
        cp -L "$file" "$target"
        while read -r value; do
            if [[ -d $value ]]; then binds+=("$value"); fi
        done < <(sed -n 's/^[^#=]*= *//p' "$file" | tr ' ' '\n' | sed 's|^file://||' | grep '^/')
    fi
done
pass=()
while IFS='=' read -r name value; do
    pass+=("$name=$value")
    if [[ $value == /* && -d $value ]]; then binds+=("$value"); fi
done < <(env | grep -E '^(PIP_[A-Z_]*|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|CI)=' || true)
# git: address rewriting only, and that local package repositories may be read
: > "$root/etc/gitconfig"
while read -r key value; do
    git config --file "$root/etc/gitconfig" --add "$key" "$value"
    base=${key#url.}
    base=${base%.*}
    if [[ $base == /* && -d $base ]]; then binds+=("$base"); fi
done < <(git config --get-regexp '^url\..*\.(insteadof|pushinsteadof)$' || true)
git config --file "$root/etc/gitconfig" --add safe.directory '*'

# 3. Mounts, in this mount namespace only
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while read -r folder; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
    mount -o remount,bind,ro "$root$folder"
done < <(printf '%s\n' "${binds[@]%/}" | sort -u)

# 4. A new clone, and the command in it
rm -rf "$root/srv/albatross"
git -c safe.directory='*' clone --quiet --no-hardlinks "$repository" "$root/srv/albatross"
echo "==> In $root: $*"
began=$SECONDS
status=0
chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "${pass[@]}" \
    PATH="$SWIFT_HOME/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    /bin/bash -c 'cd /srv/albatross && exec "$@"' bash "$@" || status=$?
echo "==> ended with status $status after $(( SECONDS - began )) s"
exit "$status"
