"""What the flows share: a watched page, a tracker that flies, and a wire that can be cut."""

import json
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

BASE = os.environ.get("ALBATROSS_URL", "http://127.0.0.1:8080").rstrip("/")
TENANT = os.environ.get("ALBATROSS_TENANT", "demo")
STAFF = (os.environ.get("ALBATROSS_STAFF_ID", ""), os.environ.get("ALBATROSS_STAFF_PASSWORD", ""))
PILOT = (os.environ.get("ALBATROSS_PILOT_ID", ""), os.environ.get("ALBATROSS_PILOT_PASSWORD", ""))
# The server of this run, when the run started one.
SERVER = None
SHOTS = os.environ.get("ALBATROSS_SHOTS", "")

HOSTILE = "<img src=x onerror=alert(1)> javascript:alert(1) \u202etxet {{static}} \U0001f6e9"


class Skip(Exception):
    """This run was not given what the flow needs."""


def need(pair, what):
    if not all(pair):
        raise Skip(f"{what} not given")
    return pair


def request(method, path, body=None, token=None, base=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    call = urllib.request.Request((base or BASE) + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(call, timeout=15) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text.strip().startswith((b"{", b"[")) else text
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def sign_in(pair):
    status, answer = request("POST", "/v1/login", {"tenant": TENANT, "id": pair[0], "password": pair[1]})
    assert status == 200, (status, answer)
    return answer["access_token"]


class Tracker:
    """Flies through the real smartCARS 3 frames, as a pilot's program does."""

    flown = 0

    def __init__(self, number, departure="EGLL", arrival="LFPG"):
        who = need(PILOT, "pilot credentials")
        self.root = f"/acars/{TENANT}/smartcars3/"
        digits = "".join(c for c in who[0] if c.isdigit())
        status, answer = request("POST", f"{self.root}pilot/login?username={int(digits)}", {"password": who[1]})
        assert status == 200, (status, answer)
        self.session = answer["session"]
        status, aircraft = request("GET", f"{self.root}data/aircraft", token=self.session)
        self.aircraft = aircraft[0]["id"] if status == 200 and isinstance(aircraft, list) and aircraft else 1
        self.number = number
        status, answer = request("POST", self.root + "flights/charter", {
            "number": number, "departure": departure, "arrival": arrival, "route": ["DIRECT"], "aircraft": self.aircraft,
            "cruise": 33000, "type": "P", "departureTime": "10:00", "arrivalTime": "11:00", "airlineID": 1,
        }, self.session)
        assert status == 200, (status, answer)
        self.bid = answer["bidID"]
        status, answer = request("POST", self.root + "flights/start", {"bidID": self.bid}, self.session)
        self.uuid = answer["trackingID"] if status == 200 else None

    def update(self, lat, lon, altitude=33000, speed=450, heading=90, phase="CRUISE"):
        body = {
            "bidID": self.bid, "latitude": lat, "longitude": lon, "heading": heading, "altitude": altitude, "groundSpeed": speed,
            "distanceRemaining": 100, "timeRemaining": 0.5, "route": ["DIRECT"], "phase": phase, "network": "Offline", "aircraft": self.aircraft,
        }
        if self.uuid:
            body["uuid"] = self.uuid
        status, answer = request("POST", self.root + "flights/update", body, self.session)
        assert status == 200, (status, answer)
        return time.monotonic()

    def cancel(self):
        request("POST", self.root + "flights/cancel", {"bidID": self.bid, "uuid": self.uuid or ""}, self.session)

    def flight_id(self, page):
        """The id under which the page knows this flight."""
        return until(lambda: page.evaluate(
            "n => [...document.querySelector('al-map').fleet.movers.values()].find(m => m.flight.callsign.endsWith(n))?.flight.id ?? null",
            self.number.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), 10, f"{self.number} on the map")


def until(check, seconds, what):
    """Polls from outside: the page's own rules forbid the eval that waiting inside it would need."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Wire:
    """A plain TCP relay to the server. Cutting it is a server that went away, without touching the server."""

    def __init__(self):
        parts = urlsplit(BASE)
        self.target = (parts.hostname, parts.port or 80)
        self.pairs = []
        self.listener = None
        self.port = 0
        self.mend()
        self.base = f"http://127.0.0.1:{self.port}"

    def mend(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self.listener = listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            if listener is not self.listener:
                near.close()
                return
            try:
                far = socket.create_connection(self.target, 5)
            except OSError:
                near.close()
                continue
            self.pairs += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        listener, self.listener = self.listener, None
        try:
            listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        listener.close()
        for each in self.pairs:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        self.pairs = []


class Watched:
    """A page on which any console error, CSP report, failed or foreign request, or dialog is a failure."""

    def __init__(self, browser, base=None, width=1440, height=900, theme="dark", tolerate=()):
        self.base = base or BASE
        self.tolerate = tolerate
        self.faults = []
        self.received = []
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, has_touch=width < 768, accept_downloads=True, locale="en-GB")
        self.page = self.context.new_page()
        # Violations are reported to the document before any script of the page could hide them.
        self.page.add_init_script("window.__csp=[];document.addEventListener('securitypolicyviolation',e=>window.__csp.push(e.violatedDirective+' '+e.blockedURI));")
        self.page.on("console", lambda m: m.type == "error" and self.fault(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.fault(f"script: {e}"))
        self.page.on("dialog", lambda d: (self.fault(f"dialog: {d.message}"), d.dismiss()))
        self.page.on("requestfailed", lambda r: "ERR_ABORTED" in (r.failure or "") or self.fault(f"request: {r.url} {r.failure}"))
        self.page.on("request", self.foreign)
        self.page.on("response", self.keep)
        self.page.on("websocket", lambda ws: ws.on("framereceived", lambda data: self.received.append(data if isinstance(data, str) else "")))

    def fault(self, text):
        if not any(word in text for word in self.tolerate):
            self.faults.append(text)

    def foreign(self, request_):
        if not request_.url.startswith((self.base, "blob:", "data:")):
            self.fault(f"foreign request: {request_.url}")

    def keep(self, response):
        if "/v1/" in response.url and response.request.resource_type in ("fetch", "xhr"):
            try:
                self.received.append(response.text())
            except Exception:  # a body may be gone when the page moves on
                pass

    def open(self, path):
        self.page.goto(self.base + path)
        return self.page

    def live(self, path=None):
        page = self.open(path or f"/{TENANT}/live")
        page.wait_for_selector("al-map[data-state=ready]", timeout=20_000)
        return page

    def sign_in(self, pair, to):
        from urllib.parse import quote
        page = self.open(f"/login?airline={TENANT}&to={quote(to)}")
        page.fill("#who", pair[0])
        page.fill("#password", pair[1])
        page.click("button[type=submit]")
        page.wait_for_url("**" + to + "*")
        return page

    def probe(self, flight):
        return self.page.evaluate("id => document.querySelector('al-map').probe(id)", flight)

    def shot(self, name):
        if SHOTS:
            os.makedirs(SHOTS, exist_ok=True)
            self.page.screenshot(path=os.path.join(SHOTS, name + ".png"))

    def close(self):
        try:
            violations = self.page.evaluate("window.__csp ?? []")
        except Exception:
            violations = []
        self.context.close()
        assert not violations, f"CSP: {violations}"
        assert not self.faults, self.faults


def pixels(page, points):
    """Colours of the page at CSS pixels, from one photograph of it; decoded in a canvas of a blank page."""
    import base64
    picture = base64.b64encode(page.screenshot()).decode()
    other = page.context.new_page()
    try:
        return other.evaluate("""async ([data, points]) => {
            const image = new Image();
            image.src = 'data:image/png;base64,' + data;
            await image.decode();
            const canvas = document.createElement('canvas');
            canvas.width = image.width; canvas.height = image.height;
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            return points.map(([x, y]) => [...context.getImageData(Math.round(x), Math.round(y), 1, 1).data].slice(0, 3));
        }""", [picture, points])
    finally:
        other.close()


def near(colour, hex_, reach=40):
    want = [int(hex_[i:i + 2], 16) for i in (1, 3, 5)]
    return max(abs(a - b) for a, b in zip(colour, want)) <= reach
