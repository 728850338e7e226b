#!/usr/bin/env python3
"""Writes Sources/CReferenceData/airports.c from the PyPI package airportsdata (MIT licence).

    python3 scripts/make-airports.py                  # fetches the pinned wheel with pip
    python3 scripts/make-airports.py --wheel FILE     # uses a wheel that is already there

The output is committed, so a build needs neither network nor Python. Run this again only to take a newer list:
change VERSION and SHA256, run it, read the diff.
"""
import argparse
import csv
import hashlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

VERSION = "20260905"
SHA256 = "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868"
ROOT = pathlib.Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "Sources" / "CReferenceData" / "airports.c"
LICENCE = ROOT / "docs" / "licences" / "airportsdata.txt"

HEAD = """\
// Made by scripts/make-airports.py from airportsdata {version} (MIT licence, see docs/licences/airportsdata.txt).
// Do not edit: change the script and run it again. {count} airports.

#include "reference_data.h"

static const char airports[] =
"""
TAIL = """\
    "";

const char *alb_airports_tsv(size_t *length) {
    if (length) *length = sizeof(airports) - 1;
    return airports;
}
"""


def fetch(folder: str) -> pathlib.Path:
    print(f"Fetching airportsdata {VERSION} with pip (1 MB) ...")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    if subprocess.run(command + ["--dest", folder, f"airportsdata=={VERSION}"]).returncode != 0:
        sys.exit("make-airports: pip could not fetch the wheel; fetch it elsewhere and pass it with --wheel FILE")
    return next(pathlib.Path(folder).glob("airportsdata-*.whl"))


def degrees(text: str) -> str:
    value = float(text)
    return f"{value:.6f}".rstrip("0").rstrip(".")


def literal(text: str) -> str:
    """A C string literal; bytes outside printable ASCII as three-digit octal, which cannot run into what follows."""
    out = []
    for byte in text.encode("utf-8"):
        if byte == 0x09:
            out.append("\\t")
        elif byte == 0x0A:
            out.append("\\n")
        elif byte in (0x22, 0x5C):
            out.append("\\" + chr(byte))
        elif byte == 0x3F:
            out.append("\\?")          # never a trigraph
        elif 0x20 <= byte < 0x7F:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:03o}")
    return '"' + "".join(out) + '"'


def rows(table: str):
    seen = set()
    for row in csv.DictReader(io.StringIO(table)):
        icao = row["icao"]
        if not re.fullmatch(r"[A-Z0-9]{4}", icao):
            continue                   # the package's own stand-ins, such as _LSG
        if icao in seen:
            sys.exit(f"make-airports: {icao} occurs twice")
        seen.add(icao)
        latitude, longitude, elevation = float(row["lat"]), float(row["lon"]), float(row["elevation"])
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and -2000 <= elevation <= 20000):
            sys.exit(f"make-airports: {icao} has a position or elevation out of range")
        name = " ".join(row["name"].split())
        yield icao, row["iata"], name, row["country"], degrees(row["lat"]), degrees(row["lon"]), f"{elevation:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the built-in list of airports.")
    parser.add_argument("--wheel", type=pathlib.Path, help="the airportsdata wheel, if it is already there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or fetch(folder)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if digest != SHA256:
            sys.exit(f"make-airports: {wheel.name} has SHA-256 {digest}, expected {SHA256}")
        with zipfile.ZipFile(wheel) as archive:
            table = archive.read("airportsdata/airports.csv").decode("utf-8")
            licence = archive.read(f"airportsdata-{VERSION}.dist-info/licenses/LICENSE")
    airports = sorted(rows(table))
    with OUTPUT.open("w", encoding="ascii", newline="\n") as out:
        out.write(HEAD.format(version=VERSION, count=len(airports)))
        for airport in airports:
            out.write("    " + literal("\t".join(airport) + "\n") + "\n")
        out.write(TAIL)
    LICENCE.parent.mkdir(parents=True, exist_ok=True)
    LICENCE.write_bytes(licence)
    print(f"Wrote {OUTPUT.relative_to(ROOT)}: {len(airports)} airports, {OUTPUT.stat().st_size} bytes")


main()
