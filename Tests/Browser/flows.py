"""The flows of the test plan, by its numbers."""

import gzip
import importlib.util
import json
import re
import statistics
import time
import urllib.request
import xml.etree.ElementTree as xml
from pathlib import Path

import support
from support import BASE, HOSTILE, PILOT, STAFF, TENANT, Skip, Tracker, Watched, Wire, near, need, pixels, request, sign_in, until

DARK = ["#8d99a5", "#825dfa", "#d270cf", "#fe826e", "#e9b547", "#f9f7d0"]


def flow_00_sources(_browser):
    """Text of users can never become markup, and the pages stay small. Needs no server."""
    root = Path(__file__).resolve().parent.parent.parent
    public = root / "Sources" / "Server" / "Public"
    banned = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style=")
    found = [f"{path.name}:{number}" for path in [*public.glob("app/**/*.js"), public / "index.html"]
             for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if banned.search(line)]
    assert not found, found
    spec = importlib.util.spec_from_file_location("pack", root / "scripts" / "pack-web.py")
    pack = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pack)
    script = sum(len(gzip.compress(pack.without_comments(path.read_text(encoding="utf-8")).encode(), 9))
                 for path in public.glob("app/**/*.js") if path.name != "types.js")
    sheets = sum(len(gzip.compress(path.read_bytes(), 9)) for path in public.glob("css/*.css"))
    assert script <= 60_000 and sheets <= 9_000, (script, sheets)
    english, german = (json.loads((public / "i18n" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "de"))
    assert not set(german) - set(english) and set(english) - set(german) <= {"app.name"}, set(english) ^ set(german)


def flow_01_position_reaches_the_map(browser):
    """A position that the server took moves the marker within a second; the marker has the colour of its altitude."""
    watched = Watched(browser)
    tracker = Tracker("VMS901")
    try:
        tracker.update(50.0, 0.0)
        page = watched.live()
        flight = tracker.flight_id(page)
        delays = []
        for step in range(1, 21):
            before = watched.probe(flight)
            sent = tracker.update(50.0, 0.25 * step)
            until(lambda: abs(watched.probe(flight)["lon"] - before["lon"]) > 0.02, 3, "marker moved")
            delays.append(time.monotonic() - sent)
        delays.sort()
        assert delays[18] < 1.0, f"p95 {delays[18]:.2f} s, median {statistics.median(delays):.2f} s"
        # Held still for the photograph: the last report is on the ground.
        page.evaluate("id => { const m = document.querySelector('al-map'); m.labels = false; m.trails = false; m.centreOn(id); }", flight)
        tracker.update(50.0, 5.2, altitude=33000, speed=0)
        until(lambda: abs(watched.probe(flight)["lon"] - 5.2) < 0.01, 5, "marker at rest")
        time.sleep(2)
        box = page.locator("al-map").bounding_box()
        at = watched.probe(flight)
        around = [(box["x"] + at["x"] + dx, box["y"] + at["y"] + dy) for dx in (-2, 0, 2) for dy in (-2, 0, 2)]
        assert any(near(colour, DARK[4]) for colour in pixels(page, around)), pixels(page, around)
    finally:
        tracker.cancel()
        watched.close()


def flow_02_map_is_drawn(browser):
    """Not blank: sea and land are there at known places, in both themes, projections and sizes."""
    for width, height, theme, globe in ((1440, 900, "dark", 0), (1440, 900, "light", 1), (1024, 768, "light", 0), (390, 844, "dark", 0), (390, 844, "light", 0)):
        watched = Watched(browser, width=width, height=height, theme=theme)
        try:
            # Both known places, 0°N 30°W and 45°N 100°W, lie in view and clear of the list.
            page = watched.live(f"/{TENANT}/live?p=22,-75,{1.6 if width > 600 else 0.9}" + ("&globe=1" if globe else ""))
            time.sleep(1.5)
            spots = page.evaluate("""() => { const m = document.querySelector('al-map'); m.labels = false;
                return [[-30, 0], [-100, 45]].map(p => m.map.project(p)).map(p => [p.x, p.y]); }""")
            box = page.locator("al-map").bounding_box()
            known = [(box["x"] + x + dx, box["y"] + y + dy) for x, y in spots for dx, dy in ((0, 0), (7, 5), (-6, 8))]
            grid = [(box["x"] + box["width"] * (i + 0.5) / 32, box["y"] + box["height"] * (j + 0.5) / 20) for i in range(32) for j in range(20)]
            colours = pixels(page, known + grid)
            sea, land = ("#121b25", "#22303e") if theme == "dark" else ("#d9e4ec", "#eef0ea")
            assert any(near(c, sea, 8) for c in colours[:3]), (width, theme, globe, "sea", colours[:6])
            assert any(near(c, land, 8) for c in colours[3:6]), (width, theme, globe, "land", colours[:6])
            counts = {}
            for colour in colours[6:]:
                key = tuple(c // 6 for c in colour)
                counts[key] = counts.get(key, 0) + 1
            shares = sorted((n / len(grid) for n in counts.values()), reverse=True)
            assert sum(share > 0.01 for share in shares) >= 3 and shares[0] < 0.98, (width, theme, globe, shares[:5])
            watched.shot(f"map-{width}-{theme}{'-globe' if globe else ''}")
        finally:
            watched.close()


def flow_03_connection_lost_and_back(browser):
    """The bar says so within 3 s; the page is not loaded again; what it then shows is what the server has."""
    wire = Wire()
    watched = Watched(browser, base=wire.base, tolerate=("ERR_CONNECTION", "WebSocket", "ERR_EMPTY", "ERR_SOCKET", "Failed to load resource"))
    tracker = Tracker("VMS903")
    try:
        tracker.update(48.0, 0.0)
        page = watched.live()
        flight = tracker.flight_id(page)
        page.evaluate("window.survives = 7")
        page.wait_for_selector(".connection[data-state=live]")
        wire.cut()
        page.wait_for_selector(".bar.lost", timeout=3000)
        tracker.update(48.0, 1.0)
        tracker.update(48.0, 2.0)
        wire.mend()
        page.wait_for_selector(".connection[data-state=live]", timeout=20_000)
        until(lambda: abs(watched.probe(flight)["lon"] - 2.0) < 0.2, 5, "newest position after the gap")
        assert page.evaluate("window.survives") == 7

        def same():
            status, live = request("GET", f"/v1/{TENANT}/live")
            assert status == 200
            shown = page.evaluate("[...document.querySelector('al-map').fleet.movers.keys()]")
            return set(shown) == {each["id"] for each in live["flights"]}
        until(same, 5, "same flights as the server")
        page.wait_for_selector(".bar.lost", state="detached", timeout=3000)
    finally:
        tracker.cancel()
        watched.close()
        wire.cut()


def flow_04_server_killed_and_restarted(browser):
    """kill -9 of the server while a page looks: the page resumes by itself, with the newest position."""
    assert support.SERVER, "run with --albatross PATH: this flow ends and restarts the server"
    watched = Watched(browser, tolerate=("ERR_CONNECTION", "WebSocket", "ERR_EMPTY", "ERR_SOCKET", "Failed to load resource"))
    tracker = Tracker("VMS904")
    try:
        tracker.update(47.0, 0.0)
        page = watched.live()
        flight = tracker.flight_id(page)
        page.evaluate("window.survives = 7")
        page.wait_for_selector(".connection[data-state=live]")
        support.SERVER.kill()
        page.wait_for_selector(".bar.lost", timeout=10_000)
        support.SERVER.start()
        tracker.update(47.0, 2.0)
        page.wait_for_selector(".connection[data-state=live]", timeout=30_000)
        
        def newest():
            # Until the first message after the restart the map may not hold the flight.
            place = watched.probe(flight)
            return place and abs(place["lon"] - 2.0) < 0.2
        until(newest, 10, "newest position after the restart")
        assert page.evaluate("window.survives") == 7
    finally:
        tracker.cancel()
        watched.close()


def flow_06_list_is_the_twin(browser):
    """The list names every flight of the map, in words as well, and a removed flight leaves both."""
    watched = Watched(browser)
    tracker = Tracker("VMS906")
    try:
        tracker.update(47.0, 3.0, altitude=12000, phase="CLIMB")
        page = watched.live()
        flight = tracker.flight_id(page)
        page.fill("[data-search]", "906")
        row = page.locator(f"[data-flight='{flight}']")
        row.wait_for()
        assert "FL120" in row.inner_text() and "Climb" in row.inner_text(), row.inner_text()
        row.click()
        page.wait_for_url(f"**/live/{flight}*")
        page.locator(".panel h1").wait_for()
        assert "906" in page.locator(".panel h1").inner_text()
        page.go_back()
        page.locator(".panel").wait_for(state="detached")
        assert page.locator("al-map").get_attribute("data-aircraft") == str(page.evaluate("document.querySelector('al-map').fleet.size"))
        tracker.cancel()
        row.wait_for(state="detached", timeout=10_000)
        assert watched.probe(flight) is None
    finally:
        tracker.cancel()
        watched.close()


def flow_08_old_positions(browser):
    """Reports older than the shown one never move the marker; they fill the trail."""
    watched = Watched(browser)
    try:
        page = watched.live()
        answer = page.evaluate("""() => {
            const { fleet } = document.querySelector('al-map');
            const at = Date.UTC(2026, 0, 2, 3, 0, 0);
            const part = (s, lon) => ({ id: 'order', callsign: 'ORDER', lat: 10, lon, alt_ft: 30000, gs_kt: 0, hdg: 90, phase: 'cruise', state: 'open', t: new Date(at + s * 1000).toISOString() });
            const now = performance.now();
            fleet.put(part(0, 10), now);
            fleet.put(part(60, 10.03), now + 1000);
            fleet.put(part(120, 10.06), now + 2000);
            const before = fleet.place('order', now + 30000).lon;
            fleet.put(part(90, 10.045), now + 30001);
            fleet.put(part(120, 10.06), now + 30002);
            const mover = fleet.movers.get('order');
            const out = { before, after: fleet.place('order', now + 30010).lon, trail: mover.trail.map(p => p[0] - at), at: mover.at - at };
            fleet.movers.delete('order');
            return out;
        }""")
        assert abs(answer["before"] - 10.06) < 0.01 and abs(answer["after"] - answer["before"]) < 1e-6, answer
        assert answer["trail"] == [0, 60_000, 90_000, 120_000] and answer["at"] == 120_000, answer
    finally:
        watched.close()


def flow_08b_motion_is_smooth(browser):
    """At twenty times real speed a marker glides: no jump, no way back, and never past its newest report."""
    watched = Watched(browser)
    try:
        page = watched.live()
        path = page.evaluate("""() => {
            const Fleet = document.querySelector('al-map').fleet.constructor;
            const fleet = new Fleet();
            const lons = [];
            let reported = 0;
            const step = 450 * 20 / 3600 / 60;
            let next = 0;
            for (let ms = 0; ms <= 20000; ms += 50) {
                if (ms >= next) {
                    reported += step * (ms === 0 ? 0 : (ms - (next - 1000)) / 1000);
                    fleet.put({ id: 'x', callsign: 'X', lat: 0, lon: reported, alt_ft: 35000, gs_kt: 450, hdg: 90, phase: 'cruise', state: 'open', t: new Date(1e12 + ms).toISOString() }, ms);
                    next += 1000;
                }
                lons.push([ms, fleet.place('x', ms).lon, reported]);
            }
            return { lons, step };
        }""")
        steps = [(b[1] - a[1]) for a, b in zip(path["lons"], path["lons"][1:]) if a[0] > 4000]
        assert min(steps) >= -1e-9, min(steps)
        assert max(steps) < path["step"] / 20 * 2.2, (max(steps), path["step"] / 20)
        assert sum(step > path["step"] / 20 * 0.4 for step in steps) / len(steps) > 0.9
        assert all(shown <= reported + 1e-9 for ms, shown, reported in path["lons"] if ms > 4000)
    finally:
        watched.close()


def flow_09_visitors_learn_no_names(browser):
    """Nothing that a visitor receives holds a pilot's ident or name, or a flight of another tenant."""
    who = need(PILOT, "pilot credentials")
    watched = Watched(browser)
    tracker = Tracker("VMS909")
    try:
        tracker.update(46.0, 4.0)
        page = watched.live()
        flight = tracker.flight_id(page)
        tracker.update(46.0, 4.1)
        page.click("body", position={"x": 700, "y": 500})
        page.goto(f"{BASE}/{TENANT}/live/{flight}")
        page.locator(".panel h1").wait_for()
        time.sleep(2)
        got = "\n".join(watched.received)
        assert flight in got
        assert who[0] not in got, "ident of a pilot in what a visitor received"
        assert '"pilot":"' not in got.replace(" ", "") and '"pilot_name":"' not in got.replace(" ", "")
        assert page.locator(".nav a").count() == 1
    finally:
        tracker.cancel()
        watched.close()


def flow_18_hostile_text(browser):
    """What people send is shown as text, in the list, the panel and on the map, and at phone width."""
    for width in (1440, 390):
        # The invented flight has no track on the server, and asking for it answers 404.
        watched = Watched(browser, width=width, height=844, tolerate=("404",))
        try:
            page = watched.live()
            page.evaluate("""text => {
                const map = document.querySelector('al-map');
                const flight = { lat: 45, lon: -30, alt_ft: 30000, gs_kt: 400, hdg: 90, vs_fpm: 0, phase: 'cruise', state: 'open', t: new Date().toISOString(), seen: new Date().toISOString() };
                window.hostile = { ...flight, id: 'hostile', callsign: text, dep: text.slice(0, 20), arr: '{{}}', type: text, reg: text + 'x'.repeat(10000), pilot: text };
                map.fleet.put(window.hostile, performance.now());
                map.tick();
            }""", HOSTILE)
            time.sleep(1)
            # The next message of the stream, or the filter, makes the list look again.
            if width < 768:
                page.click(".phone-switch")
            page.fill("[data-search]", "onerror")
            row = page.locator("[data-flight=hostile]")
            row.wait_for()
            assert HOSTILE in row.inner_text()
            row.click()
            page.locator(".panel h1").wait_for()
            assert page.locator(".panel h1").inner_text() == HOSTILE
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("img[src=x]").count() == 0
            watched.shot(f"hostile-{width}")
        finally:
            watched.close()


def judged(token):
    """A flight that the rules judged; the run decides whether there is one."""
    for state in ("in-review", "accepted", "rejected"):
        status, answer = request("GET", f"/v1/{TENANT}/flights?state={state}&limit=20", token=token)
        for summary in answer["items"] if status == 200 else ():
            _, flight = request("GET", f"/v1/{TENANT}/flights/{summary['id']}", token=token)
            if flight.get("pirep") and (flight["figures"]["positions"] or 0) > 10:
                return summary
    raise Skip("no judged flight on this server")


def flow_flight_page(browser):
    """Track, profile, findings, decision and files of a judged flight."""
    token = sign_in(need(STAFF, "staff credentials"))
    summary = judged(token)
    _, flight = request("GET", f"/v1/{TENANT}/flights/{summary['id']}", token=token)
    watched = Watched(browser)
    try:
        page = watched.sign_in(STAFF, f"/{TENANT}/flights/{summary['id']}")
        page.wait_for_selector("al-map[data-state=ready]", timeout=20_000)
        page.wait_for_selector(".chart canvas")
        assert page.locator(".flight-head h1").inner_text() == flight["callsign"]
        times = page.locator(".oooi-time strong").all_inner_texts()
        for shown, key in zip(times, ("out_at", "off_at", "on_at", "in_at")):
            at = flight["oooi"][key]
            assert shown == (at[11:16] + "Z" if at else "–"), (key, shown, at)
        violated = [f for f in flight["pirep"]["findings"] if f["verdict"] in ("violated", "inconclusive")]
        assert page.locator(".finding").count() == len(violated)
        for finding in violated:
            card = page.locator(f".finding[data-rule='{finding['rule']}']").first
            assert finding["text"].split("\n")[0][:60] in card.inner_text()
        points = page.evaluate("document.querySelector('al-map').data.get('track').features.length")
        assert points > 0
        with_evidence = next((f for f in violated if f["evidence"]), None)
        if with_evidence:
            page.locator(f".finding[data-rule='{with_evidence['rule']}']").first.click()
            time.sleep(1.2)
            low, high = page.evaluate("document.querySelector('al-map').charts.range()")
            first = page.evaluate("t => Date.parse(t) / 1000", with_evidence["evidence"][0]["first"])
            last = page.evaluate("t => Date.parse(t) / 1000", with_evidence["evidence"][-1]["last"])
            assert low <= first and high >= last and high - low >= 59, (low, first, last, high)
            assert page.evaluate("document.querySelector('al-map').data.get('evidence').features.some(f => f.properties.chosen)")
        # The cursor of the chart and the dot on the map are at the same sample.
        page.locator(".u-over").first.hover(position={"x": 200, "y": 40})
        time.sleep(0.3)
        page.locator(".u-over").first.hover(position={"x": 210, "y": 40})
        time.sleep(0.3)
        told = page.locator(".chart-time").inner_text()
        dot = int(page.locator("al-map").get_attribute("data-cursor"))
        assert re.match(r"\d\d:\d\d:\d\dZ", told)
        hour, minute, second = (int(x) for x in told.rstrip("Z").split(":"))
        assert abs(dot // 1000 % 86400 - (hour * 3600 + minute * 60 + second)) <= 2, (told, dot)
        page.click("#tab-log")
        assert page.locator(".log li").count() == len(flight["pirep"]["log"])
        page.click("#tab-history")
        assert page.locator(".history li").count() == len(flight["history"])
        page.click("#tab-files")
        for kind in ("gpx", "kml", "csv", "geojson"):
            with page.expect_download() as download:
                page.click(f"[data-file={kind}]")
            text = open(download.value.path(), encoding="utf-8").read()
            if kind in ("gpx", "kml"):
                xml.fromstring(text)
            elif kind == "geojson":
                assert json.loads(text)["geometry"]["type"] == "LineString"
            else:
                assert len(text.splitlines()) > 2
        watched.shot("flight")
    finally:
        watched.close()


def flow_review(browser):
    """From the queue to a decision: a reason is asked for, and the own action is seen at once."""
    token = sign_in(need(STAFF, "staff credentials"))
    _, queue = request("GET", f"/v1/{TENANT}/pireps?state=in-review", token=token)
    if not queue["items"]:
        raise Skip("the review queue is empty")
    report = queue["items"][-1]
    watched = Watched(browser)
    try:
        page = watched.sign_in(STAFF, f"/{TENANT}/review")
        page.locator(f"[data-pirep='{report['id']}']").click()
        page.locator(".button.bad").click()
        page.locator("dialog[open] button[type=submit]").click()
        page.locator(".inline-error").wait_for()
        page.fill("#reason", "Checked by the browser tests: " + HOSTILE)
        page.locator("dialog[open] button[type=submit]").click()
        page.locator("dialog[open]").wait_for(state="detached")
        until(lambda: "Not accepted" in page.locator(".flight-state").inner_text(), 3, "own decision on the page")
        assert "Checked by the browser tests" in page.locator(".reason").inner_text()
        _, after = request("GET", f"/v1/{TENANT}/pireps/{report['id']}", token=token)
        if isinstance(after, dict):
            assert after["state"] == "rejected", after["state"]
    finally:
        watched.close()


def flow_19_sign_in(browser):
    """A wrong password tells nothing more than that; no token is kept in storage or address."""
    who = need(STAFF, "staff credentials")
    watched = Watched(browser, tolerate=("401", "429"))
    try:
        page = watched.open(f"/login?airline={TENANT}")
        page.fill("#who", who[0])
        page.fill("#password", "not the password")
        page.click("button[type=submit]")
        page.locator(".inline-error").wait_for()
        page.fill("#password", who[1])
        until(lambda: not page.locator("button[type=submit]").is_disabled(), 60, "sign-in open again")
        page.click("button[type=submit]")
        page.wait_for_url(f"**/{TENANT}/live*")
        page.locator(".nav a", has_text="Flights").wait_for()
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href, document.cookie])")
        assert "eyJ" not in kept, kept
        page.reload()
        page.locator(".nav a", has_text="Flights").wait_for()
        page.click(".header .menu button")
        page.click(".menu-panel >> text=Sign out")
        page.locator(".header a", has_text="Sign in").wait_for()
    finally:
        watched.close()


def flow_15_tracker_set_up(browser):
    """A pilot makes a key, copies what the page gives, and a tracker that has exactly this is heard; revoked, it is not."""
    pilot = need(PILOT, "pilot credentials")
    for width, height in ((1440, 900), (390, 844)):
        watched = Watched(browser, width=width, height=height)
        try:
            watched.context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = watched.sign_in(pilot, f"/{TENANT}/me/trackers")
            page.click(".tracker[data-adapter=xacars]")
            block = page.locator("[data-piece='xacars.ini'] pre")
            assert "/k/\u2026/" in block.inner_text() and page.locator("[data-piece='xacars.ini'] button").first.is_disabled()
            watched.shot(f"trackers-{width}-before")
            page.click("[data-make-key]")
            page.locator(".key-box[data-made=yes]").wait_for()
            page.locator("[data-piece='xacars.ini'] button").first.click()
            copied = page.evaluate("navigator.clipboard.readText()").replace("\r\n", "\n")
            assert copied == block.inner_text().replace("\r\n", "\n") and "\u2026" not in copied, copied
            address = re.search(r"^Address=(.*)$", copied, re.M).group(1)
            assert address.startswith(BASE + "/acars/"), address

            def call():
                with urllib.request.urlopen(f"{address}?DATA1=XACARS%7C1.1&DATA2=TEST&DATA3={pilot[0]}", timeout=10) as answer:
                    return answer.read().decode()

            assert call().startswith("1|"), call()
            page.locator(".heard[data-heard=yes]").wait_for(timeout=10_000)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            watched.shot(f"trackers-{width}")
            page.reload()
            page.locator("[data-piece='xacars.ini'] pre").wait_for()
            assert "/k/\u2026/" in block.inner_text(), "a key is shown once"
            prefix = re.search(r"/k/(.{8})", address).group(1)
            page.locator(".key-list li", has_text=prefix).locator("button").click()
            page.click("dialog [data-confirm]")
            until(lambda: prefix not in page.locator("main").inner_text(), 10, "key gone from the list")
            assert call().startswith("0|"), call()
            for adapter in page.eval_on_selector_all(".tracker", "all => all.map(each => each.dataset.adapter)"):
                page.click(f".tracker[data-adapter={adapter}]")
                assert page.locator(".piece").count() > 0 and "trackers." not in page.locator("main").inner_text(), adapter
                assert page.evaluate("document.documentElement.scrollWidth") <= width, adapter
                for piece in page.locator(".piece").all():
                    text = piece.locator(".piece-text").inner_text()
                    is_whole = bool(text) and "\u2026" not in text and "API-KEY-OF-" not in text
                    assert piece.locator("button").first.is_enabled() == is_whole, (adapter, text)
                    assert piece.locator("code").count() == (piece.get_attribute("data-file") is None), adapter
        finally:
            watched.close()


def flow_20_small_screens(browser):
    """Nothing scrolls sideways at 320 px; every control has a name; no bare key of the language file."""
    token = sign_in(STAFF) if all(STAFF) else None
    paths = ["/?all", "/login", f"/{TENANT}/live"]
    if token:
        paths += [f"/{TENANT}/flights", f"/{TENANT}/review"]
        try:
            paths.append(f"/{TENANT}/flights/{judged(token)['id']}")
        except Skip:
            pass
    for path in paths:
        watched = Watched(browser, width=320, height=700)
        try:
            page = watched.sign_in(STAFF, path) if token and "flights" in path or "review" in path else watched.open(path)
            time.sleep(2.5)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
            assert page.title() and page.locator("h1").count() >= 1, path
            nameless = page.evaluate("""() => [...document.querySelectorAll('button, a, input, select, textarea')].filter(e => e.offsetParent !== null)
                .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title)).map(e => e.outerHTML.slice(0, 120))""")
            assert not nameless, (path, nameless)
            keys = re.findall(r"\b(?:app|nav|live|flight|flights|review|panel|map|login|error|state|phase|age)\.[a-z][A-Za-z.]+\b", page.locator("body").inner_text())
            assert not keys, (path, keys)
        finally:
            watched.close()
