#!/usr/bin/env python3
"""Packs Sources/Server/Public into Sources/CWebAssets/web_assets.inc, which the target CWebAssets compiles in.

Every file is compressed once, here, at level 9; the server sends these bytes as they are. The hash of the pack names
the folder of all static URLs, so pages of two versions never mix. Nothing is written when nothing changed, so a
build that follows does not compile the pack again.
"""

import gzip
import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLIC = ROOT / "Sources" / "Server" / "Public"
TARGET = ROOT / "Sources" / "CWebAssets" / "web_assets.inc"
SOURCE = ROOT / "Sources" / "CWebAssets" / "web_assets.c"

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# Read by people and the type checker only.
LEFT_OUT = {"app/types.js", "app/env.d.ts"}
CAST = re.compile(r"/\*\* @type \{[^*]*\} \*/ ?")


def main() -> int:
    if not (PUBLIC / "vendor" / "maplibre-gl.js").exists():
        print("vendor files are missing; run scripts/vendor-web.py first", file=sys.stderr)
        return 1
    paths = sorted(
        path for path in PUBLIC.rglob("*")
        if path.is_file() and path.suffix in TYPES and path.relative_to(PUBLIC).as_posix() not in LEFT_OUT
        and not path.is_relative_to(PUBLIC / "licenses")  # copied to vendor/LICENSES
    )
    assets = []
    for path in paths:
        name = path.relative_to(PUBLIC).as_posix()
        content = path.read_bytes()
        if name.endswith(".js") and not name.startswith("vendor/"):
            content = without_comments(content.decode("utf-8")).encode("utf-8")
        assets.append((name, TYPES[path.suffix], content))

    digest = hashlib.sha256()
    for name, content_type, content in assets:
        digest.update(f"{name}\0{content_type}\0{len(content)}\0".encode())
        digest.update(content)
    pack_hash = digest.hexdigest()[:16]
    first_line = f"/* pack {pack_hash} {hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]} */"
    if TARGET.exists():
        with TARGET.open() as file:
            if file.readline().rstrip("\n") == first_line:
                return 0

    total = 0
    temporary = TARGET.with_suffix(".tmp")
    with temporary.open("w") as out:
        out.write(first_line + "\n")
        table = []
        for index, (name, content_type, content) in enumerate(assets):
            packed = gzip.compress(content, 9, mtime=0)
            total += len(packed)
            write_bytes(out, f"alb_bytes_{index}", packed)
            table.append(f'    {{"{name}", "{content_type}", alb_bytes_{index}, {len(packed)}, {len(content)}}},\n')
            if name == "index.html":
                write_bytes(out, "alb_shell_bytes", content + b"\0")
                out.write(f"#define ALB_SHELL_LENGTH {len(content)}\n")
        out.write("static const struct alb_asset alb_table[] = {\n" + "".join(table) + "};\n")
        out.write(f"#define ALB_COUNT {len(assets)}\n#define ALB_HASH \"{pack_hash}\"\n")
    temporary.replace(TARGET)
    # A build system that does not see a file appear under __has_include does see this.
    SOURCE.touch()
    print(f"{TARGET.relative_to(ROOT)}: {len(assets)} files, {total} bytes, hash {pack_hash}")
    return 0


# A string, which stays as it is, or a sign that needs no space around it.
TIGHT = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`\\]*`)|\s*(=>|[!=]==?|[<>]=|&&|\|\||\?\?|[=,;:?{}()\[\]])\s*""")


def tight(line: str) -> str:
    """Leaves out spaces that only people need. A line with a regular expression, a division or templates within templates
    stays as it is."""
    cut = any(found[1] and found[1].count("${") > found[1].count("}") for found in TIGHT.finditer(line))
    rest = TIGHT.sub(lambda found: "" if found[1] else found[0], line)
    if cut or any(sign in rest for sign in "`/\"'"):
        return line
    return TIGHT.sub(lambda found: found[1] or found[2], line)


def without_comments(script: str) -> str:
    """Leaves out indentation, spaces, and lines that are comments only, a fifth of what a visitor would load.

    Each line keeps its number, so an error in a browser still points at the right place of the source.
    """
    lines, inside, template = [], False, False
    for line in script.splitlines():
        text = line.strip()
        if inside:
            inside = not text.endswith("*/")
            text = ""
        elif text.startswith("/*"):
            end = text.find("*/")
            if end < 0:
                inside, text = True, ""
            elif end == len(text) - 2:
                text = ""
        elif text.startswith("//"):
            text = ""
        # What is written over several lines is text of another language.
        opens = text.count("`") % 2 == 1
        lines.append(text if template or opens else tight(CAST.sub("", text)))
        template = template != opens
    return "\n".join(lines) + "\n"


def write_bytes(out, name: str, content: bytes) -> None:
    out.write(f"static const unsigned char {name}[] = {{\n")
    for start in range(0, len(content), 40):
        out.write(",".join(map(str, content[start:start + 40])) + ",\n")
    out.write("};\n")


if __name__ == "__main__":
    sys.exit(main())
