"""A server of its own for the browser flows: the real executable on a port of the kernel's choice, an airline made through the
command line, and two recorded flights flown through the real tracker protocol, one accepted and one for staff."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FLIGHTS = os.path.join(HERE, "..", "..", "Fixtures", "flights")
PASSWORD = "browser-test-password"


class Server:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.data = tempfile.mkdtemp(prefix="albatross-browser-")
        self.address = "127.0.0.1:0"
        self.process = None
        self.environment = dict(os.environ, ALBATROSS_LIMIT_CREDENTIAL_PER_SECOND="0", ALBATROSS_LIMIT_ADDRESS_PER_SECOND="0")
        self.start()
        try:
            self.fill()
        except BaseException:
            self.close()
            raise

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "--data", self.data, "--http", self.address],
            stdout=subprocess.PIPE, stderr=open(os.path.join(self.data, "log"), "a"), text=True, env=self.environment)
        for line in self.process.stdout:
            found = re.search(r"\bhttp=(\S+)", line)
            if line.startswith("ready") and found:
                # Kept over a restart: the page reconnects to the address it knows.
                self.address = found.group(1)
                return
        raise SystemExit("the server did not start; its log is in " + os.path.join(self.data, "log"))

    @property
    def url(self):
        return "http://" + self.address

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        shutil.rmtree(self.data, ignore_errors=True)

    def command(self, *words, text=None):
        done = subprocess.run(
            [self.program, *words, "--data", self.data, "--json"], input=text, capture_output=True, text=True, env=self.environment)
        if done.returncode:
            raise SystemExit(f"albatross {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def fill(self):
        self.command("tenant", "create", "demo", "--name", "Demo Air", "--icao", "VMS")
        self.command("tenant", "set", "demo", "--live-public", "true")
        for role, number, name in (("staff", 2, "Staff Member"), ("pilot", 7, "Ada Kern"), ("pilot", 8, "Jo Smith")):
            ident = f"VMS{number:04}"
            self.command(
                "user", "create", "--tenant", "demo", "--role", role, "--id", ident, "--email", f"{ident.lower()}@demo.example",
                "--name", name, "--password-stdin", text=PASSWORD)
        fleet = os.path.join(self.data, "fleet.csv")
        with open(fleet, "w") as file:
            file.write("subfleet,iata,icao,airport,name,registration,status\nA320,320,A320,LFPG,Airbus A320,F-VMSA,A\n")
        self.command("fleet", "import", "--tenant", "demo", fleet)
        schedule = os.path.join(self.data, "schedule.csv")
        with open(schedule, "w") as file:
            file.write("airline,flight_number,dpt_airport,arr_airport,dpt_time,arr_time,level,distance,flight_time,flight_type,route,active\n")
            for number in (34, 35):
                file.write(f"VMS,{number},LFPG,LFBO,06:45,08:05,350,325,80,J,,1\n")
        self.command("schedule", "import", "--tenant", "demo", schedule)
        for pilot, flight, recording in (("7", "VMS34", "full-flight-surface-2024-07-06.csv"), ("8", "VMS35", "afr34zg-jump.csv")):
            done = subprocess.run(
                [self.program, "fly", "--adapter", "smartcars3", "--url", self.url + "/acars/demo/smartcars3/", "--user", pilot,
                 "--password", PASSWORD, "--track", os.path.join(FLIGHTS, recording), "--flight", flight, "--speed", "2000",
                 "--interval", "2", "--json"], capture_output=True, text=True, env=self.environment)
            if done.returncode:
                raise SystemExit(f"albatross fly {flight}: {done.stderr.strip()}")
