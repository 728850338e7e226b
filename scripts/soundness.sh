#!/usr/bin/env bash
# Checks of the sources that neither the compiler nor the formatter makes. Each finding is one line; any finding fails.
# There is no licence header in source files: LICENSE covers them all.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

exec python3 - "$@" << 'PYTHON'
import pathlib, re, subprocess, sys

listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                        check=True, capture_output=True).stdout.decode().split("\0")
files = sorted({pathlib.Path(name) for name in listed if name and pathlib.Path(name).is_file()})
findings, checked = [], 0


def report(path, number, what, line):
    findings.append(f"{path}:{number}: {what}: {line.strip()[:120]}")


WEB = re.compile(r"\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bdocument\.write\b|\beval\s*\(|\bstyle\s*=\s*[\"'{]")
TRAP = re.compile(r"\btry!|\bas!|\bfatalError\s*\(")
MARKED = re.compile(r"\bnonisolated\(unsafe\)|@unchecked\s+Sendable|@preconcurrency\s+import")
# Put together from parts, so that this file does not match itself.
MACHINE = re.compile(r"(?<![\w.:/}])/(?:" + "|".join(["wo" + "rk", "ho" + "me", "Us" + "ers"]) + r")/\w")
NOTE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!\s*[:(]?\s*(?:\(?#\d+))")
TEXT = {".swift", ".c", ".h", ".md", ".py", ".sh", ".js", ".css", ".html", ".yaml", ".yml", ".json", ".proto", ".txt",
        ".modulemap", ""}


def code(line):
    """The line without its // comment and the contents of its string literals: good enough for these checks."""
    return re.sub(r"//.*", "", re.sub(r'"(?:[^"\\]|\\.)*"', '""', line))


def comment(line):
    return line.split("//", 1)[1].strip() if "//" in line else ""


for path in files:
    parts = path.parts
    if path.suffix not in TEXT or "vendor" in parts or path == pathlib.Path("LICENSE") or parts[:2] == ("Fixtures", "wire"):
        continue
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        continue
    checked += 1
    web = parts[:3] == ("Sources", "Server", "Public") and path.suffix in {".js", ".html"}
    swift = parts[0] == "Sources" and path.suffix == ".swift" and "Generated" not in parts
    for number, line in enumerate(lines, 1):
        above = lines[number - 2].strip() if number > 1 else ""
        if web and not line.lstrip().startswith(("//", "*", "/*")) and WEB.search(line):
            report(path, number, "markup or code from a string, or an inline style", line)
        if swift:
            body = code(line)
            reason = comment(line) or (above.startswith("//") and above.lstrip("/ "))
            if TRAP.search(body) and not reason:
                report(path, number, "trap without a reason in a comment on this line or the one above", line)
            if MARKED.search(body) and "SAFETY:" not in line:
                at = number - 2            # the comment may be several lines long
                while at >= 0 and lines[at].strip().startswith("//") and "SAFETY:" not in lines[at]:
                    at -= 1
                if at < 0 or "SAFETY:" not in lines[at]:
                    report(path, number, "needs a // SAFETY: comment", line)
        if path.suffix == ".swift" and re.match(r"\s*(?:@\w+\s+)?import\s+XCTest\b", line):
            report(path, number, "XCTest, which scripts/test.sh does not run: use Swift Testing", line)
        if MACHINE.search(line):
            report(path, number, "path of one machine", line)
        if path.suffix != ".md" and NOTE.search(line):
            report(path, number, "note without an issue number, write it as #123", line)

for finding in findings:
    print(finding)
print(f"soundness: {checked} files checked, {len(findings)} findings")
sys.exit(1 if findings else 0)
PYTHON
