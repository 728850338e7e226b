#!/usr/bin/env python3
"""P13: requests per CPU-second of the gateway's HTTP stack alone, beside nginx answering the same POST.

    Benchmarks/http_floor.py --floor PROGRAM [--pairs 3] [--seconds 10] [--output FILE]

Both run one after the other in each pair, so that the ratio is taken under the same load of the machine. wrk is the driver
for both: 64 keep-alive connections, a POST with the 252 bytes of a smartCARS 3 position. nginx answers without reading the body into
memory; the stack under test reads it whole and sends it back.
"""
import argparse
import json
import os
import pathlib
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BODY = (
    '{"bidID":1,"latitude":49.0123,"longitude":2.5,"heading":124,"altitude":33012,"groundSpeed":447,"distanceRemaining":104,'
    '"timeRemaining":0.31,"route":["MID","UN615","XAMAB"],"phase":"CRUISE","network":"VATSIM","aircraft":1}'
)


def fail(message):
    sys.exit(f"http_floor: {message}")


def processes(root):
    """The process and everything below it."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        fields = text[text.rindex(")") + 2:].split()
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu_seconds(root):
    total = 0
    for pid in processes(root):
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
        fields = text[text.rindex(")") + 2:].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    fail(f"nothing answers on port {port}")


def start_nginx(folder):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{BODY}'; }} }}
}}
""")
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
    wait_for(port)
    return process, port


def start_floor(program):
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    ready, _, _ = select.select([process.stdout], [], [], 20)
    line = process.stdout.readline().split() if ready else []
    if len(line) != 2 or line[0] != "ready":
        fail(f"{program} did not start")
    return process, int(line[1])


def leg(process, port, seconds, script):
    command = ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}/"]
    before = cpu_seconds(process.pid)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    used = cpu_seconds(process.pid) - before
    if "Non-2xx" in text or "Socket errors" in text:
        fail(f"the run was not clean:\n{text}")
    requests = int(re.search(r"(\d+) requests in", text).group(1))
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    scale = {"us": 0.001, "ms": 1, "s": 1000}[p99.group(2)]
    return {
        "requests": requests, "per_second": requests / seconds, "cpu_us": used / requests * 1e6,
        "per_cpu_second": requests / used, "p99_ms": float(p99.group(1)) * scale,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--output")
    options = parser.parse_args()
    for tool in ("wrk", "nginx"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            fail(f"{tool} is missing; run: scripts/install-deps.sh --bench")
    os.environ["PATH"] += ":/usr/sbin"
    folder = pathlib.Path(tempfile.mkdtemp(prefix="http-floor-"))
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{BODY}'\nwrk.headers['Content-Type'] = 'application/json'\n"
        "wrk.headers['Authorization'] = 'Bearer 0123456789abcdef0123456789abcdef'\n")
    nginx, nginx_port = start_nginx(folder)
    floor, floor_port = start_floor(options.floor)
    pairs = []
    try:
        for process, port in ((nginx, nginx_port), (floor, floor_port)):
            leg(process, port, 3, script)
        for _ in range(options.pairs):
            pairs.append({
                "nginx": leg(nginx, nginx_port, options.seconds, script),
                "floor": leg(floor, floor_port, options.seconds, script),
            })
    finally:
        for process in (nginx, floor):
            process.terminate()
            process.wait()
        shutil.rmtree(folder)
    ratios = [pair["floor"]["per_cpu_second"] / pair["nginx"]["per_cpu_second"] for pair in pairs]
    for name in ("nginx", "floor"):
        rows = [pair[name] for pair in pairs]
        print(f"| P13 http-floor | {'nginx 2 workers' if name == 'nginx' else 'HTTPListener, echo'} | "
              f"{sum(row['requests'] for row in rows)} | {statistics.median(row['per_second'] for row in rows):.0f} | "
              f"{statistics.median(row['cpu_us'] for row in rows):.1f} |  | "
              f"{statistics.median(row['p99_ms'] for row in rows):.2f} |  |  |  |  |")
    print(f"P13 ratio of requests per CPU-second: median {statistics.median(ratios):.2f}, "
          f"from {min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} pairs (goal 0.4)")
    if options.output:
        pathlib.Path(options.output).write_text(json.dumps({"pairs": pairs, "ratios": ratios}, indent=2))


main()
