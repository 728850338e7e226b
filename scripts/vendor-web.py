#!/usr/bin/env python3
"""Fetches the third-party files of the web pages and writes Sources/Server/Public/vendor/.

Needs Python 3.9 and pip, nothing else. `pip download` installs nothing, so it also works where the system Python is
externally managed (PEP 668). Wheels are pinned by hash in vendor-web.txt; every member taken out of one is pinned
here as well, so that a change of this table is as visible as a change of that list. A second run returns at once.
"""

import csv
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "scripts" / "vendor-web.txt"
OUT = ROOT / "Sources" / "Server" / "Public" / "vendor"
WHEELS = Path(os.environ.get("ALBATROSS_WHEELS", ROOT / ".build-web" / "wheels"))

NE = "geopandas/datasets/naturalearth_"
MEMBERS = {
    "maplibre": {
        "maplibre/srcjs/maplibre-gl.js": "e380deae560bc5d182be4124a1b9cdd5086304b0cb82c92a5af23d018aa81015",
        "maplibre/srcjs/maplibre-gl.css": "792ac997dcf6ae6f643eb4e2dee4630c85e7056526bd8fb85ffe83c67d6c41b4",
    },
    "youplot": {
        "youplot/vendor/uplot.iife.min.js": "2d27e8ad3d228164525ce213f9dc716f39b4e3aee0cc773fb3491c96cf4921a2",
        "youplot/vendor/uplot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        "youplot-1.0.0.dist-info/licenses/LICENSE": "ad6317a060029a3f72e099a86d5776e7cecdf9dfcb43f8b5c0c077c2c4539cce",
    },
    "geopandas": {
        NE + "lowres/naturalearth_lowres.shp": "1f689e60b357e1e98702d5d9f774e95e77fc6b324487cadf57eb9317d533ce12",
        NE + "lowres/naturalearth_lowres.dbf": "5cfbcaa21ce5fad798abf2ec65ab0db59538f9bb8a37273ef62b6aa8121487fd",
        NE + "cities/naturalearth_cities.shp": "b9e20f6dd2896285370d049f3e09159b64317a4102fbbc2390171246e8b3a7d0",
        NE + "cities/naturalearth_cities.dbf": "e144e2db1ba39f352193c70870ddf745e1faef70990160f17d56eeea485e9a33",
    },
    "airportsdata": {
        "airportsdata/airports.csv": "516c57d9d999f7a3be28ca649d2badbe3b972f07e57dc6173ab973b72d51cf52",
        "airportsdata-20260905.dist-info/licenses/LICENSE": "1ab6bf365e1f6a1883ab6a2f797e761b221081b52a33273d86c157fd562106be",
    },
}


def main() -> int:
    stamp = OUT / ".stamp"
    want = hashlib.sha256(LIST.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == want:
        return 0

    files = read_members()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "LICENSES").mkdir(exist_ok=True)
    put("maplibre-gl.js", without_source_map(files["maplibre/srcjs/maplibre-gl.js"]))
    put("maplibre-gl.css", files["maplibre/srcjs/maplibre-gl.css"])
    put("uplot.iife.min.js", without_source_map(files["youplot/vendor/uplot.iife.min.js"]))
    put("uplot.min.css", files["youplot/vendor/uplot.min.css"])
    put("world.json", world(files))
    put("airports.json", airports(files["airportsdata/airports.csv"]))
    put("LICENSES/youplot.txt", files["youplot-1.0.0.dist-info/licenses/LICENSE"])
    put("LICENSES/airportsdata.txt", files["airportsdata-20260905.dist-info/licenses/LICENSE"])
    # These two are not in their wheels, so their texts live in the repository.
    for name in ("maplibre-gl-js.txt", "uplot.txt", "natural-earth.txt"):
        put("LICENSES/" + name, (OUT.parent / "licenses" / name).read_bytes())
    stamp.write_text(want)
    return 0


def put(name: str, content: bytes) -> None:
    (OUT / name).write_bytes(content)
    print(f"vendor/{name} {len(content)}")


def read_members() -> dict:
    """Members by path, each checked against its hash; downloads only wheels that are not there yet."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "--require-hashes", "--find-links", str(WHEELS), "-r", str(LIST), "-d", str(WHEELS)],
        check=True,
    )
    files = {}
    for package, members in MEMBERS.items():
        version = next(line.split()[0].split("==")[1] for line in LIST.read_text().splitlines()
                       if line.startswith(package + "=="))
        (wheel,) = WHEELS.glob(f"{package}-{version}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for member, digest in members.items():
                content = archive.read(member)
                if hashlib.sha256(content).hexdigest() != digest:
                    raise SystemExit(f"{wheel.name}: {member} is not the file that was reviewed")
                files[member] = content
    return files


def without_source_map(script: bytes) -> bytes:
    """A map that is not shipped would only be a failed request in every developer console."""
    lines = [line for line in script.splitlines() if not line.startswith(b"//# sourceMappingURL=")]
    return b"\n".join(lines) + b"\n"


def world(files: dict) -> bytes:
    """Countries as GeoJSON with two decimals (1 km, finer than the source), and larger cities as points."""
    names = dbf(files[NE + "lowres/naturalearth_lowres.dbf"])
    features = []
    for record, (kind, rings) in zip(names, shapes(files[NE + "lowres/naturalearth_lowres.shp"])):
        polygons = []
        for ring in rings:
            if area(ring) < 0 or not polygons:  # a shapefile's outer rings run clockwise
                polygons.append([ring])
            else:
                polygons[-1].append(ring)
        largest = max((p[0] for p in polygons), key=lambda ring: abs(area(ring)))
        features.append({
            "type": "Feature",
            "properties": {"n": record["name"], "c": centre(largest), "a": round(abs(area(largest)))},
            "geometry": {"type": "MultiPolygon", "coordinates": polygons},
        })
    cities = [
        [record["name"], *point]
        for record, (kind, point) in zip(dbf(files[NE + "cities/naturalearth_cities.dbf"]),
                                         shapes(files[NE + "cities/naturalearth_cities.shp"]))
    ]
    return dump({"land": {"type": "FeatureCollection", "features": features}, "cities": cities})


def area(ring: list) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:])) / 2


def centre(ring: list) -> list:
    size = area(ring) or 1
    x = sum((a[0] + b[0]) * (a[0] * b[1] - b[0] * a[1]) for a, b in zip(ring, ring[1:])) / (6 * size)
    y = sum((a[1] + b[1]) * (a[0] * b[1] - b[0] * a[1]) for a, b in zip(ring, ring[1:])) / (6 * size)
    return [round(x, 1), round(y, 1)]


def shapes(data: bytes):
    """Points and polygons of an ESRI shapefile, in file order."""
    at = 100
    while at < len(data):
        (length,) = struct.unpack(">i", data[at + 4:at + 8])
        body = data[at + 8:at + 8 + 2 * length]
        (kind,) = struct.unpack("<i", body[:4])
        if kind == 1:
            yield kind, [round(v, 2) for v in struct.unpack("<2d", body[4:20])]
        else:
            parts, points = struct.unpack("<2i", body[36:44])
            starts = [*struct.unpack(f"<{parts}i", body[44:44 + 4 * parts]), points]
            flat = struct.unpack(f"<{2 * points}d", body[44 + 4 * parts:44 + 4 * parts + 16 * points])
            rings = []
            for first, last in zip(starts, starts[1:]):
                ring = []
                for i in range(first, last):
                    point = [round(flat[2 * i], 2), round(flat[2 * i + 1], 2)]
                    if not ring or ring[-1] != point:
                        ring.append(point)
                rings.append(ring)
            yield kind, rings
        at += 8 + 2 * length


def dbf(data: bytes) -> list:
    count, header, length = struct.unpack("<IHH", data[4:12])
    fields, at = [], 32
    while data[at] != 13:
        fields.append((data[at:at + 11].split(b"\0")[0].decode(), data[at + 16]))
        at += 32
    rows = []
    for i in range(count):
        at, row = header + i * length + 1, {}
        for name, size in fields:
            row[name] = text(data[at:at + size])
            at += size
        rows.append(row)
    return rows


def text(raw: bytes) -> str:
    """The two tables differ: one is UTF-8, the other Latin-1 with the same kind of header."""
    try:
        return raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def airports(content: bytes) -> bytes:
    """Columns instead of objects: a third smaller, and the page reads them once into arrays."""
    rows = [row for row in csv.DictReader(io.StringIO(content.decode("utf-8"))) if row["iata"] and row["icao"]]
    rows.sort(key=lambda row: row["icao"])
    return dump({
        "icao": [row["icao"] for row in rows],
        "lat": [round(float(row["lat"]), 3) for row in rows],
        "lon": [round(float(row["lon"]), 3) for row in rows],
    })


def dump(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


if __name__ == "__main__":
    sys.exit(main())
