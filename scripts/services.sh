#!/usr/bin/env bash
# Private PostgreSQL, RabbitMQ and Redis for tests: on loopback, on ports that the kernel chose, with throw-away data in a
# folder. Only processes that this script started are ever signalled (pid and start time are kept in the folder).
#
#   scripts/services.sh start [--owner PID] FOLDER [postgres] [rabbitmq] [redis] [redis-tls]
#         starts these (default: postgres rabbitmq redis) side by side with empty data, waits until each answers, and
#         writes and prints FOLDER/env: the addresses as `export ALBATROSS_TEST_...=...`, and the pids. With --owner they
#         end and their files go when that process is gone, however it went
#   scripts/services.sh stop FOLDER [NAME...]     graceful end of these, default all
#   scripts/services.sh kill FOLDER NAME          SIGKILL of the main process; returns when it and its children are gone
#   scripts/services.sh restart FOLDER NAME       starts it again on the same port and data; Redis keeps none
#
# Needs PostgreSQL, RabbitMQ and Redis as Debian packages them; runs as root (PostgreSQL then as user postgres) and as an
# ordinary user. Exit status 0, or 1 with one line on what is wrong.
set -uo pipefail

# Whoever starts this from a thread of a pool may have signals blocked, and servers that inherit this never see SIGTERM.
while read -r label mask; do
    if [[ $label == SigBlk: ]] && (( 16#${mask: -8} & 0x4003 )); then
        exec python3 -c 'import os, signal, sys
signal.pthread_sigmask(signal.SIG_SETMASK, [])
os.execv(sys.argv[1], sys.argv[1:])' "$(realpath "$0")" "$@"
    fi
done < /proc/self/status

# Servers must not keep open what the caller had open by chance, such as its listening sockets.
for open_file in /proc/$$/fd/*; do
    # All but the one from which bash reads these lines.
    if (( ${open_file##*/} > 2 )) && [[ ! $open_file -ef $0 ]]; then eval "exec ${open_file##*/}>&-"; fi
done

# A server that needs longer than this to answer or to end is counted as failed.
declare -A patience=([postgres]=60 [rabbitmq]=180 [redis]=30 [redis-tls]=30)
declare -A launched_at attempts

fail() { echo "services: $*" >&2; exit 1; }
usage() { sed -n '2,15s/^# \{0,1\}//p' "$0"; }

# --- processes -------------------------------------------------------------------------------------------------------

# start_time PID: in clock ticks since boot; nothing for a process that is gone or only waits to be reaped
start_time() {
    local line
    line=$(cat "/proc/$1/stat" 2> /dev/null) || return 1
    # The name, in parentheses, may hold anything; what follows the last one is "state ppid ...".
    read -r -a fields <<< "${line##*) }"
    [[ ${fields[0]} != Z && ${fields[0]} != X ]] || return 1
    echo "${fields[19]}"
}

# running FILE: whether the process that FILE names ("pid start") still is that process; leaves its number in $pid
running() {
    local began
    pid=
    [[ -s $1 ]] || return 1
    read -r pid began < "$1"
    [[ $(start_time "$pid") == "$began" ]]
}

remember() { echo "$1 $(start_time "$1")" > "$2"; }

# children PID: "pid start" of each descendant
children() {
    local child
    for child in $(cat "/proc/$1/task/"*/children 2> /dev/null); do
        echo "$child $(start_time "$child")"
        children "$child"
    done
}

# until_gone SECONDS FILE: FILE holds lines "pid start"
until_gone() {
    local deadline=$(( SECONDS + $1 )) process began left
    while :; do
        left=no
        while read -r process began; do
            if [[ -n $began && $(start_time "$process") == "$began" ]]; then left=yes; fi
        done < "$2"
        if [[ $left == no ]]; then return 0; fi
        if (( SECONDS >= deadline )); then return 1; fi
        sleep 0.05
    done
}

# end SIGNAL FILE SECONDS: ends the process of FILE and waits for its children; SIGKILL for all when it takes too long
end() {
    local family=$2.family process began
    running "$2" || { rm -f "$2"; return 0; }
    { echo "$(< "$2")"; children "$pid"; } > "$family"
    kill -s "$1" "$pid" 2> /dev/null
    if ! until_gone "$3" "$family"; then
        echo "services: $(basename "$2" .pid) did not end within $3 s of SIG$1; killed" >&2
        while read -r process began; do
            if [[ -n $began && $(start_time "$process") == "$began" ]]; then kill -KILL "$process" 2> /dev/null; fi
        done < "$family"
        until_gone 10 "$family" || { rm -f "$family"; return 1; }
    fi
    rm -f "$2" "$family"
}

# ports N: that many free ports of 127.0.0.1, all held at once so that none comes twice
ports() {
    python3 - "$1" << 'PYTHON'
import socket, sys
held = []
for _ in range(int(sys.argv[1])):
    held.append(socket.socket())
    held[-1].bind(("127.0.0.1", 0))
print(*[one.getsockname()[1] for one in held])
PYTHON
}

# launch NAME COMMAND...: in a session of its own, so that a Ctrl-C at the terminal reaches the caller alone
launch() {
    local name=$1
    shift
    setsid "$@" < /dev/null >> "$folder/$name.log" 2>&1 &
    remember $! "$folder/$name.pid"
    launched_at[$name]=$SECONDS
}

# --- one server each: prepare_NAME (once, empty data), launch_NAME, answers_NAME ---------------------------------------

find_postgres() {
    local candidate
    postgres=
    for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v postgres || echo /)")"
    do
        if [[ -x $candidate/postgres && -x $candidate/initdb ]]; then postgres=$candidate; return; fi
    done
    fail "PostgreSQL's server is not installed (Debian: postgresql-15); scripts/install-deps.sh --test does it"
}

# PostgreSQL refuses to run as root.
as_postgres() {
    if (( EUID == 0 )); then
        setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    else
        "$@"
    fi
}

prepare_postgres() {
    find_postgres
    local data=$folder/postgres
    if (( EUID == 0 )); then
        id postgres > /dev/null 2>&1 || fail "there is no user postgres, and PostgreSQL refuses to run as root"
        as_postgres test -x "$folder" || data=$(mktemp -d "${TMPDIR:-/tmp}/albatross-postgres.XXXXXX")
        as_postgres test -x "$(dirname "$data")" || fail "user postgres can enter neither $folder nor ${TMPDIR:-/tmp}"
        install -d -m 700 -o postgres "$data"
    fi
    echo "$data" > "$folder/postgres.data"
    if ! (cd / && as_postgres "$postgres/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C -N) \
        > "$folder/postgres.log" 2>&1; then
        fail "initdb failed: $(last_line postgres)"
    fi
}

launch_postgres() {
    local data
    find_postgres
    data=$(< "$folder/postgres.data")
    # A killed server leaves this. It is gone, children included, so nobody else can be meant.
    rm -f "$data/postmaster.pid"
    local demote=()
    if (( EUID == 0 )); then demote=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi
    launch postgres "${demote[@]}" "$postgres/postgres" -D "$data" -p "$(< "$folder/postgres.port")" \
        -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 -c fsync=on
}

answers_postgres() {
    "$postgres/pg_isready" -q -h 127.0.0.1 -p "$(< "$folder/postgres.port")" -U postgres -d postgres
}

find_rabbitmq() {
    local candidate
    # The script in sbin becomes another user and drops the environment, so the one below it is called.
    for candidate in /usr/lib/rabbitmq/bin/rabbitmq-server /usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server; do
        if [[ -x $candidate ]]; then rabbitmq=$candidate; return; fi
    done
    fail "RabbitMQ is not installed (Debian: rabbitmq-server); scripts/install-deps.sh --test does it"
}

prepare_rabbitmq() {
    find_rabbitmq
    command -v epmd > /dev/null || fail "there is no epmd (Debian: erlang-base), which RabbitMQ needs"
    mkdir -p "$folder/rabbitmq/home" "$folder/rabbitmq/mnesia" "$folder/rabbitmq/log"
    : > "$folder/rabbitmq/env.conf"
    : > "$folder/rabbitmq/enabled_plugins"
}

launch_rabbitmq() {
    find_rabbitmq
    local place=$folder/rabbitmq port epmd_port distribution_port
    port=$(< "$folder/rabbitmq.port")
    if running "$folder/epmd.pid"; then
        epmd_port=$(< "$place/epmd.port")
        read -r distribution_port <<< "$(ports 1)"
    else
        read -r epmd_port distribution_port <<< "$(ports 2)"
        echo "$epmd_port" > "$place/epmd.port"
        launch epmd epmd -port "$epmd_port" -address 127.0.0.1
    fi
    printf 'listeners.tcp.1 = 127.0.0.1:%s\nlog.console = true\nlog.file = false\n' "$port" > "$place/rabbitmq.conf"
    # RUNNING_UNDER_SYSTEMD makes the script become the Erlang machine, so that the pid is the broker's. The busy waiting
    # of its schedulers is off: the cores are shared with what is tested.
    launch rabbitmq env -u NOTIFY_SOCKET RUNNING_UNDER_SYSTEMD=true HOME="$place/home" \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd_port" RABBITMQ_DIST_PORT="$distribution_port" \
        RABBITMQ_NODENAME=albatross@localhost RABBITMQ_CONF_ENV_FILE="$place/env.conf" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none' \
        RABBITMQ_MNESIA_BASE="$place/mnesia" RABBITMQ_LOG_BASE="$place/log" RABBITMQ_CONFIG_FILE="$place/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$place/enabled_plugins" RABBITMQ_PID_FILE="$place/pid" "$rabbitmq"
}

# A broker that greets has finished its start: it opens its port last.
answers_rabbitmq() {
    python3 - "$(< "$folder/rabbitmq.port")" << 'PYTHON' 2> /dev/null
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2) as stream:
    stream.sendall(b"AMQP\x00\x00\x09\x01")
    sys.exit(0 if stream.recv(1) == b"\x01" else 1)
PYTHON
}

find_redis() {
    command -v redis-server > /dev/null && command -v redis-cli > /dev/null ||
        fail "Redis is not installed (Debian: redis-server); scripts/install-deps.sh --test does it"
}

prepare_redis() { find_redis; mkdir -p "$folder/redis"; }

launch_redis() {
    launch redis redis-server --port "$(< "$folder/redis.port")" --bind 127.0.0.1 --dir "$folder/redis" \
        --save '' --appendonly no --daemonize no
}

answers_redis() {
    [[ $(timeout 5 redis-cli -h 127.0.0.1 -p "$(< "$folder/redis.port")" ping 2> /dev/null) == PONG ]]
}

# ca.pem signs server.pem for `localhost` and 127.0.0.1. The server listens on 127.0.0.2 too, which the certificate does
# not name; other-ca.pem signed nothing.
prepare_redis-tls() {
    find_redis
    command -v openssl > /dev/null || fail "there is no openssl command (Debian: openssl), which makes the certificates"
    local place=$folder/redis-tls
    mkdir -p "$place"
    (
        set -e
        cd "$place"
        for name in ca other-ca; do
            openssl req -x509 -newkey rsa:2048 -nodes -keyout $name.key -out $name.pem -days 30 \
                -subj "/CN=Albatross test $name" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign
        done
        openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=Albatross test server"
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' > server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 30 \
            -extfile server.ext
    ) > "$folder/redis-tls.log" 2>&1 || fail "openssl made no certificates: $(last_line redis-tls)"
}

launch_redis-tls() {
    local place=$folder/redis-tls
    launch redis-tls redis-server --port 0 --tls-port "$(< "$folder/redis-tls.port")" --bind 127.0.0.1 127.0.0.2 \
        --dir "$place" --save '' --appendonly no --daemonize no --tls-cert-file "$place/server.pem" \
        --tls-key-file "$place/server.key" --tls-ca-cert-file "$place/ca.pem" --tls-auth-clients no
}

answers_redis-tls() {
    [[ $(timeout 5 redis-cli --tls --cacert "$folder/redis-tls/ca.pem" -h 127.0.0.1 \
        -p "$(< "$folder/redis-tls.port")" ping 2> /dev/null) == PONG ]]
}

# --- commands --------------------------------------------------------------------------------------------------------

last_line() { grep -v '^[[:space:]]*$' "$folder/$1.log" 2> /dev/null | tail -n 1 | cut -c 1-200; }

# await NAME...: until each answers. One whose port was taken meanwhile gets another, unless the port has to stay.
await() {
    local waiting=("$@") still name
    while (( ${#waiting[@]} > 0 )); do
        still=()
        for name in "${waiting[@]}"; do
            if ! running "$folder/$name.pid"; then
                attempts[$name]=$(( ${attempts[$name]:-1} + 1 ))
                if (( attempts[$name] > 5 )) ||
                    ! tail -n 50 "$folder/$name.log" | grep -qiE 'address already in use|eaddrinuse'; then
                    echo "services: $name ended while starting: $(last_line "$name") ($folder/$name.log)" >&2
                    return 1
                fi
                if [[ $keep_port == no ]]; then ports 1 > "$folder/$name.port"; else sleep 1; fi
                "launch_$name"
                still+=("$name")
            elif "answers_$name" && running "$folder/$name.pid"; then
                continue
            elif (( SECONDS - launched_at[$name] > patience[$name] )); then
                echo "services: $name does not answer after ${patience[$name]} s: $(last_line "$name")" \
                    "($folder/$name.log)" >&2
                return 1
            else
                still+=("$name")
            fi
        done
        waiting=("${still[@]}")
        if (( ${#waiting[@]} > 0 )); then sleep 0.1; fi
    done
}

write_env() {
    local name variable port address
    : > "$folder/env.new"
    for name in postgres rabbitmq redis redis-tls; do
        running "$folder/$name.pid" || continue
        port=$(< "$folder/$name.port")
        case $name in
            postgres) variable=POSTGRES; address=postgres://postgres@127.0.0.1:$port/postgres ;;
            rabbitmq) variable=RABBITMQ; address=amqp://guest:guest@127.0.0.1:$port/%2f ;;
            redis) variable=REDIS; address=redis://127.0.0.1:$port/0 ;;
            redis-tls)
                variable=REDIS_TLS
                address=rediss://127.0.0.1:$port/0
                printf 'export ALBATROSS_TEST_REDIS_CA=%q\n' "$folder/redis-tls/ca.pem" >> "$folder/env.new" ;;
        esac
        printf 'export ALBATROSS_TEST_%s=%s\nexport ALBATROSS_TEST_%s_PID=%s\n' "$variable" "$address" "$variable" "$pid" \
            >> "$folder/env.new"
    done
    mv -f "$folder/env.new" "$folder/env"
}

stop_one() {
    case $1 in
        postgres) end INT "$folder/postgres.pid" 30 ;;
        rabbitmq)
            end TERM "$folder/rabbitmq.pid" 30
            end TERM "$folder/epmd.pid" 5 ;;
        *) end TERM "$folder/$1.pid" 15 ;;
    esac
}

# Takes away data that user postgres could not have inside the folder.
drop_outside_data() {
    local data
    [[ -s $folder/postgres.data ]] || return 0
    data=$(< "$folder/postgres.data")
    if [[ $data != "$folder/postgres" && $data == */albatross-postgres.* ]]; then rm -rf "$data"; fi
    rm -f "$folder/postgres.data"
}

# Ends everything and removes its files once the process of FOLDER/owner is gone. Ends by itself after a `stop` of all.
watch_owner() {
    local mark=$1
    while [[ -s $folder/owner && $(< "$folder/owner") == "$mark" ]]; do
        if ! running "$folder/owner"; then
            "$0" stop "$folder"
            for name in "${!patience[@]}" epmd; do
                rm -rf "${folder:?}/$name" "$folder/$name.log" "$folder/$name.port"
            done
            rm -f "$folder/env"
            rmdir "$folder" 2> /dev/null
            return
        fi
        sleep 0.5
    done
}

give_up() { for name in "$@"; do stop_one "$name"; done; }

start() {
    local name free
    mkdir -p "$folder" || fail "cannot make the folder $folder"
    keep_port=no
    for name in "$@"; do
        stop_one "$name" || fail "an earlier $name of this folder does not end"
        if [[ $name == postgres ]]; then drop_outside_data; fi
        rm -rf "${folder:?}/$name" "$folder/$name.log" "$folder/$name.port"
    done
    trap 'give_up '"$*"'; exit 130' INT TERM HUP
    trap 'if (( $? != 0 )); then give_up '"$*"'; fi' EXIT
    free=$(ports $#) || exit 1
    # The slow one first: it starts while the others are prepared.
    for name in rabbitmq redis redis-tls postgres; do
        [[ " $* " == *" $name "* ]] || continue
        echo "${free%% *}" > "$folder/$name.port"
        free=${free#* }
        "prepare_$name"
        "launch_$name"
    done
    await "$@" || exit 1
    write_env
    if [[ -n $owner ]]; then
        remember "$owner" "$folder/owner"
        setsid "$0" watch "$folder" < /dev/null > /dev/null 2>&1 &
    fi
    cat "$folder/env"
}

restart() {
    [[ -s $folder/$1.port ]] || fail "no $1 was started in $folder"
    stop_one_but_epmd "$1" || fail "the $1 of $folder does not end"
    keep_port=yes
    trap 'give_up '"$1"'; exit 130' INT TERM HUP
    : > "$folder/$1.log"
    "launch_$1"
    await "$1" || { give_up "$1"; exit 1; }
    write_env
}

stop_one_but_epmd() {
    if [[ $1 == rabbitmq ]]; then end TERM "$folder/rabbitmq.pid" 30; else stop_one "$1"; fi
}

if (( $# >= 1 )) && [[ $1 == -h || $1 == --help ]]; then usage; exit 0; fi
(( $# >= 2 )) || { usage >&2; exit 1; }
command=$1
owner=
if [[ $command == start && $2 == --owner ]]; then
    (( $# >= 4 )) || { usage >&2; exit 1; }
    owner=$3
    shift 2
    start_time "$owner" > /dev/null || fail "there is no process '$owner' to be the owner"
fi
folder=$(realpath -m -- "$2")
shift 2
[[ $folder != *[[:space:]\'\"\\]* ]] || fail "the folder's path holds a space, quote or backslash: $folder"
for name in "$@"; do
    [[ -n ${patience[$name]:-} ]] || fail "unknown server '$name'; there are postgres, rabbitmq, redis and redis-tls"
done
case $command in
    start)
        if (( $# == 0 )); then set -- postgres rabbitmq redis; fi
        start "$@" ;;
    stop)
        everything=no
        if (( $# == 0 )); then everything=yes; set -- postgres rabbitmq redis redis-tls; fi
        [[ -d $folder ]] || exit 0
        status=0
        for name in "$@"; do stop_one "$name" & done
        for job in $(jobs -p); do wait "$job" || status=1; done
        if [[ $everything == yes ]]; then
            drop_outside_data
            rm -f "$folder/owner"
        fi
        write_env
        (( status == 0 )) || fail "not everything in $folder could be ended" ;;
    kill)
        (( $# == 1 )) || fail "kill needs the name of one server"
        running "$folder/$1.pid" || fail "no $1 runs in $folder"
        end KILL "$folder/$1.pid" 15 || fail "the $1 of $folder does not go"
        write_env ;;
    restart)
        (( $# == 1 )) || fail "restart needs the name of one server"
        restart "$1" ;;
    watch) watch_owner "$(< "$folder/owner")" ;;
    *) fail "unknown command '$command'; there are start, stop, kill and restart" ;;
esac
