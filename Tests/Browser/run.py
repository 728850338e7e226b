#!/usr/bin/env python3
"""Runs the browser flows against a server that is already up.

    ALBATROSS_URL=http://127.0.0.1:8080 ALBATROSS_TENANT=demo \\
    ALBATROSS_STAFF_ID=… ALBATROSS_STAFF_PASSWORD=… ALBATROSS_PILOT_ID=… ALBATROSS_PILOT_PASSWORD=… \\
    python3 Tests/Browser/run.py [name …]

Words select the flows whose names contain one of them. ALBATROSS_SHOTS names a folder for photographs.
The last line is "N passed, N failed, N skipped"; the exit code is 0 only when none failed.
"""

import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from playwright.sync_api import sync_playwright  # noqa: E402

import flows  # noqa: E402
from support import Skip  # noqa: E402


def main() -> int:
    wanted = sys.argv[1:]
    chosen = [(name, each) for name, each in vars(flows).items() if name.startswith("flow_") and (not wanted or any(word in name for word in wanted))]
    passed, failed, skipped = 0, 0, 0
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
            except Skip as reason:
                skipped += 1
                print(f"skip  {name}: {reason}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {name} {time.monotonic() - started:.1f} s\n{traceback.format_exc(limit=4)}", flush=True)
        browser.close()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
