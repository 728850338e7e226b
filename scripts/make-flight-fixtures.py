#!/usr/bin/env python3
"""Makes the derived flights in Fixtures/flights/ from a recorded one; the outputs are committed.

afr34zg-jump.csv  for five minutes of the cruise every position lies 60 NM to the side, from one row to the next
afr34zg-cut.csv   the last ten minutes are missing: the recording ends in the air
"""
import csv
import datetime
import math
import pathlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Fixtures" / "flights"
SOURCE = FOLDER / "full-flight-surface-2024-07-06.csv"
JUMP_FROM = "2024-07-06T07:27:10.000Z"     # the level part of the cruise at FL 350
JUMP_UNTIL = "2024-07-06T07:32:10.000Z"
JUMP_NM = 60.0
CUT = datetime.timedelta(minutes=10)
RADIUS_NM = 3440.065                        # the sphere of the great-circle distance in Sources/Domain


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def destination(latitude: float, longitude: float, bearing: float, distance: float) -> tuple[float, float]:
    """The point at a distance (NM) along a great circle that starts with this true bearing (degrees)."""
    a, b, c, d = (math.radians(latitude), math.radians(longitude), math.radians(bearing), distance / RADIUS_NM)
    lat = math.asin(math.sin(a) * math.cos(d) + math.cos(a) * math.sin(d) * math.cos(c))
    lon = b + math.atan2(math.sin(c) * math.sin(d) * math.cos(a), math.cos(d) - math.sin(a) * math.sin(lat))
    return math.degrees(lat), (math.degrees(lon) + 540) % 360 - 180


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    with (FOLDER / name).open("w", encoding="ascii", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main() -> None:
    with SOURCE.open(encoding="ascii", newline="") as source:
        header, *rows = list(csv.reader(source))
    time, lat, lon, track = (header.index(name) for name in ("time", "lat", "lon", "track_deg"))

    jumped, inside = [], []
    side = None                             # one bearing for the whole jump, so that the track keeps its shape
    for row in rows:
        row = list(row)
        if moment(JUMP_FROM) <= moment(row[time]) < moment(JUMP_UNTIL) and row[lat] and row[lon]:
            if side is None:
                side = (float(row[track]) + 90) % 360
            latitude, longitude = destination(float(row[lat]), float(row[lon]), side, JUMP_NM)
            row[lat], row[lon] = f"{latitude:.6f}", f"{longitude:.6f}"
            inside.append(row[time])
        jumped.append(row)
    write("afr34zg-jump.csv", header, jumped)
    index = next(i for i, row in enumerate(rows) if row[time] == inside[0])
    after = rows[index + len(inside)][time]
    print(f"afr34zg-jump.csv: {len(inside)} of {len(rows)} rows displaced {JUMP_NM:.0f} NM towards {side:.1f} degrees;")
    print(f"  last true {rows[index - 1][time]}, displaced {inside[0]} to {inside[-1]}, true again {after}")

    end = moment(rows[-1][time]) - CUT
    kept = [row for row in rows if moment(row[time]) <= end]
    write("afr34zg-cut.csv", header, kept)
    print(f"afr34zg-cut.csv: {len(kept)} of {len(rows)} rows, last {kept[-1][time]} (the recording's last is {rows[-1][time]})")


main()
