"""Record `make demo` in a terminal and write it as an SVG file: `python3 website/terminal.py FILE`.

Uses the standard library only, since it also builds the environment of the demo. Stops the server of the demo when it
serves requests.
"""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLUMNS = 104
URL = "http://127.0.0.1:8000/health/ready/"
DEADLINE, QUIET = 600, 3  # seconds
LINE, MARGIN, BAR = 19, 16, 34
ESCAPE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])|\x1b\][^\x07]*\x07|\x1b[()=>][A-Z0-9]?")
COLORS = {
    "31": "#ff8a80", "32": "#8bd5a0", "33": "#ffd180", "34": "#82b1ff",
    "35": "#e0b0ff", "36": "#84dcdc", "90": "#90a0b0",
}  # fmt: skip
# The list of packages, and lines about the machine that records.
SKIPPED = re.compile(
    r"^( [+~-] \S+==|Uninstalled |WARNING: Location|make\[\d\]: |Performing system|Quit the server"
    r"|.* Watching for file|\s*$)"
)


def main(target: str) -> int:
    """Record the demo and write the picture."""
    shown = [line for line in final_lines(record()) if not SKIPPED.match(plain(line))]
    Path(target).write_text(picture(["$ make demo", *shown]), encoding="utf-8")
    return 0


def record() -> str:
    """Run the demo until it serves requests, and return its output."""
    if is_ready():
        sys.exit(f"Another server responds at {URL}")
    process, terminal = pty.fork()
    if process == 0:  # pragma: no cover - the demo itself
        os.chdir(ROOT)
        os.environ.update(COLUMNS=str(COLUMNS), LINES="50", TERM="xterm-256color")
        os.execvp("make", ["make", "demo"])  # noqa: S606 - the command that the picture shows
    output, until, served = b"", time.monotonic() + DEADLINE, 0.0
    os.set_blocking(terminal, False)
    while time.monotonic() < until:
        try:
            output += os.read(terminal, 65536)
        except BlockingIOError:
            if served and time.monotonic() > served + QUIET:
                break
            served = served or (time.monotonic() if is_ready() else 0.0)
            time.sleep(0.5)
        except OSError:  # the demo has ended
            break
    stop(process)
    if not served:
        sys.exit("The demo did not start:\n" + output.decode(errors="replace"))
    return output.decode(errors="replace").replace(str(ROOT), "~/cornerstone").replace(str(Path.home()), "~")


def is_ready() -> bool:
    """Return whether the demo serves requests."""
    try:
        with urllib.request.urlopen(URL, timeout=10) as response:
            return bool(response.status == 200)  # noqa: PLR2004 - HTTP status
    except (urllib.error.URLError, TimeoutError):
        return False


def stop(process: int) -> None:
    """Interrupt the demo like Ctrl+C."""
    try:
        os.killpg(process, signal.SIGINT)
        os.waitpid(process, 0)
    except (ChildProcessError, ProcessLookupError):
        return


def final_lines(output: str) -> list[str]:
    """Return the lines as they remain on the screen: progress that rewrites a line leaves its last state."""
    lines = []
    for line in output.replace("\r\n", "\n").split("\n"):
        last = next((part for part in reversed(line.split("\r")) if plain(part).strip()), "")
        lines.append(last.rstrip())
    return lines


def plain(line: str) -> str:
    """Return a line without escape sequences."""
    return ESCAPE.sub("", line)


def picture(lines: list[str]) -> str:
    """Return the lines in a terminal window, as an SVG document."""
    lines = [cut(line) for line in lines]
    width, height = COLUMNS * 8 + 2 * MARGIN, BAR + len(lines) * LINE + MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{BAR + number * LINE + 14}" xml:space="preserve">{spans(line)}</text>'
        for number, line in enumerate(lines)
    )
    dots = "".join(
        f'<circle cx="{20 + 20 * number}" cy="17" r="6" fill="{color}"/>'
        for number, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    font = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="{font}" '
        f'font-size="13" fill="#dce3ea">\n<title>Output of make demo</title>\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="#1d2530"/>\n{dots}\n{rows}\n</svg>\n'
    )


def cut(line: str) -> str:
    """Return a line of at most the width of the terminal; a cut line loses its colors."""
    text = plain(line)
    return line if len(text) <= COLUMNS else text[: COLUMNS - 1] + "…"


def spans(line: str) -> str:
    """Return a line with its colors."""
    if line.startswith("$ "):
        return f'<tspan fill="#8bd5a0">$</tspan><tspan font-weight="bold">{escape(line[1:])}</tspan>'
    found, style, position = [], "", 0
    for match in ESCAPE.finditer(line):
        found.append((style, line[position : match.start()]))
        position = match.end()
        if match[2] == "m":
            codes = (match[1] or "0").split(";")
            color = next((COLORS[code] for code in codes if code in COLORS), "")
            style = (
                f'fill="{color}"' if color else 'font-weight="bold"' if "1" in codes else "" if "0" in codes else style
            )
    found.append((style, line[position:]))
    return "".join(f"<tspan {style}>{escape(text)}</tspan>" if style else escape(text) for style, text in found if text)


if __name__ == "__main__":
    subprocess.run(["make", ".venv/demo"], cwd=ROOT, check=True)
    sys.exit(main(sys.argv[1]))
