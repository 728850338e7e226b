#!/usr/bin/env python3
"""Makes Sources/CReferenceData/demo_tracks.c: the recorded flights that `albatross demo` flies, thinned, from
Fixtures/flights; the output is committed. Around take-off and landing every row is kept."""
import csv
import datetime
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FLIGHTS = ROOT / "Fixtures" / "flights"
OUTPUT = ROOT / "Sources" / "CReferenceData" / "demo_tracks.c"
MOST = 1450                                  # rows of one track
DENSE = 45.0                                 # seconds on both sides of a ground contact

# name, file, first row's time or None; the two recordings that are made of faults keep their order, every n-th row.
TRACKS = [
    ("lfpg-lfbo", "full-flight-surface-2024-07-06.csv", None),
    ("lfpg-lfbo-jump", "afr34zg-jump.csv", None),
    ("lirf-llbg", "4xela-lirf-llbg-2019-11-03.csv", None),
    ("kmsp-kden", "n899dn-day-2025-02-04.csv", "2025-02-05T18:00:00.000Z"),
    ("lppr-lszh", "time-jumps-2022-07-13.csv", None),
    ("ltfm-engm", "gps-spoofing-2024-09-17.csv", None),
]

HEAD = """\
// Made by scripts/make-demo-tracks.py from Fixtures/flights (samples of the PyPI package traffic, MIT licence, see
// docs/licences/traffic.txt). Do not edit: change the script and run it again.

#include "demo_tracks.h"

static const char tracks[] =
"""
TAIL = """\
    "";

const char *alb_demo_tracks(size_t *length) {
    if (length) *length = sizeof(tracks) - 1;
    return tracks;
}
"""


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def is_ground(row: dict[str, str]) -> bool:
    if row["on_ground"]:
        return row["on_ground"] == "1"
    altitude = row["altitude_ft"]
    return (not altitude or float(altitude) == 0) and float(row["ground_speed_kt"] or 0) < 200


def thin(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    times = [moment(row["time"]) for row in rows]
    if any(b < a for a, b in zip(times, times[1:])) or len({*times}) < len(times):
        step = -(-len(rows) // MOST)
        return rows[::step] if (len(rows) - 1) % step == 0 else rows[::step] + rows[-1:]
    contacts = [times[i] for i in range(1, len(rows)) if is_ground(rows[i]) != is_ground(rows[i - 1])]
    seconds = 0.0
    while True:
        kept, last = [], None
        for row, time in zip(rows, times):
            dense = any(abs((time - contact).total_seconds()) <= DENSE for contact in contacts)
            if last is None or dense or row is rows[-1] or (time - last).total_seconds() >= seconds:
                kept.append(row)
                last = time
        if len(kept) <= MOST:
            return kept
        seconds += 0.5


def number(text: str, digits: int) -> str:
    if not text:
        return ""
    shown = f"{float(text):.{digits}f}"
    if "." in shown:
        shown = shown.rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def main() -> None:
    with OUTPUT.open("w", encoding="ascii", newline="\n") as out:
        out.write(HEAD)
        for name, file, start in TRACKS:
            with (FLIGHTS / file).open(encoding="ascii", newline="") as source:
                rows = [row for row in csv.DictReader(source) if row["lat"] and row["lon"]]
            if start:
                rows = [row for row in rows if row["time"] >= start]
            rows = thin(rows)
            begin = moment(rows[0]["time"])
            callsign = next((row["callsign"] for row in rows if row["callsign"]), "")
            out.write(f'    ">{name}\\t{rows[0]["time"]}\\t{callsign}\\n"\n')
            for row in rows:
                cells = [
                    number(str((moment(row["time"]) - begin).total_seconds()), 1),
                    number(row["lat"], 6), number(row["lon"], 6), number(row["altitude_ft"], 0),
                    number(row["ground_speed_kt"], 1), number(row["track_deg"], 1),
                    number(row["vertical_rate_fpm"], 0), row["on_ground"],
                ]
                out.write('    "' + "\\t".join(cells) + '\\n"\n')
            print(f"{name}: {len(rows)} rows of {file}")
        out.write(TAIL)
    print(f"Wrote {OUTPUT.relative_to(ROOT)}: {OUTPUT.stat().st_size} bytes")


main()
