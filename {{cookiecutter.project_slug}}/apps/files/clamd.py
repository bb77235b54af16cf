"""Client of the virus scanner clamd.

Source: https://docs.clamav.net/manual/Usage/Scanning.html#clamd
"""

from __future__ import annotations

import re
import socket
import struct
from functools import partial
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings

from apps.files.exceptions import ScanFailed

CHUNK = 65_536
CONNECT_SECONDS = 5
# Of each read and write; clamd scans after it has received everything.
ANSWER_SECONDS = 120
MAX_REPLY = 4096
REPLY = re.compile(rb"stream: (?:OK|(?P<signature>.+) FOUND)\0")


def scan(content: IO[bytes]) -> str | None:
    """Send the content to clamd; returns the signature of the malware in it, or None if there is none.

    Raises:
        ScanFailed: clamd is unavailable, or could not scan the whole content.
    """
    try:
        with _connected() as connection, connection.makefile("rb") as response:
            connection.sendall(b"zINSTREAM\0")
            for part in iter(partial(content.read, CHUNK), b""):
                connection.sendall(struct.pack(">I", len(part)) + part)
            connection.sendall(struct.pack(">I", 0))
            # Until clamd closes the connection.
            reply = response.read(MAX_REPLY)
    except OSError as error:
        # Also if clamd ends the connection because the content is longer than its limit.
        raise ScanFailed from error
    match = REPLY.fullmatch(reply)
    if match is None:
        raise ScanFailed(reply.decode("ascii", "replace"))
    signature = match["signature"]
    return signature.decode("ascii", "replace") if signature else None


def _connected() -> socket.socket:
    url = urlsplit(settings.CLAMD_URL)
    if url.scheme == "tcp":
        connection = socket.create_connection((str(url.hostname), url.port or 0), timeout=CONNECT_SECONDS)
    elif url.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(CONNECT_SECONDS)
        try:
            connection.connect(url.path)
        except OSError:
            connection.close()
            raise
    else:
        raise ScanFailed("CLAMD_URL is not set.")
    connection.settimeout(ANSWER_SECONDS)
    return connection
