#!/usr/bin/env python3
"""Runs the browser flows, against a server of their own or one that is already up.

    python3 Tests/Browser/run.py --albatross PATH [name …]

    ALBATROSS_URL=http://127.0.0.1:8080 ALBATROSS_TENANT=demo \\
    ALBATROSS_STAFF_ID=… ALBATROSS_STAFF_PASSWORD=… ALBATROSS_PILOT_ID=… ALBATROSS_PILOT_PASSWORD=… \\
    python3 Tests/Browser/run.py [name …]

Words select the flows whose names contain one of them. ALBATROSS_SHOTS names a folder for photographs.
The last line is "N passed, N failed"; the exit code is 0 only when none failed. A flow that lacks what it needs has failed.
"""

import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from playwright.sync_api import sync_playwright  # noqa: E402


def main() -> int:
    wanted = sys.argv[1:]
    server = None
    if wanted[:1] == ["--albatross"]:
        import world

        server = world.Server(wanted[1])
        wanted = wanted[2:]
        os.environ.update(
            ALBATROSS_URL=server.url, ALBATROSS_TENANT="demo", ALBATROSS_STAFF_ID="VMS0002", ALBATROSS_STAFF_PASSWORD=world.PASSWORD,
            ALBATROSS_PILOT_ID="VMS0007", ALBATROSS_PILOT_PASSWORD=world.PASSWORD)
    try:
        return run(wanted, server)
    finally:
        if server:
            server.close()


def run(wanted, server) -> int:
    # Imported here: these read the environment that says where the server is.
    import flows
    import support

    support.SERVER = server
    chosen = [(name, each) for name, each in vars(flows).items() if name.startswith("flow_") and (not wanted or any(word in name for word in wanted))]
    passed, failed = 0, 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("ALBATROSS_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for name, flow in chosen:
            started = time.monotonic()
            try:
                flow(browser)
                passed += 1
                print(f"ok    {name} {time.monotonic() - started:.1f} s", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {name} {time.monotonic() - started:.1f} s\n{traceback.format_exc(limit=4)}", flush=True)
        browser.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
