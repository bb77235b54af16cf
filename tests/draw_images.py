"""Script that writes small image files with large dimensions, and a list of those that a project accepts.

It runs with the Python of the project, which has Pillow.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image  # type: ignore[import-not-found] # installed in the project

ORIENTATION = 0x0112


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def with_texts(png: bytes) -> bytes:
    """Insert compressed text chunks of a megabyte each into a PNG."""
    data = b"iTXta\0\1\0\0\0" + zlib.compress("\N{GRINNING FACE}".encode() * 249_000)
    chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return png[:33] + chunk * 3 + png[33:]


def main(folder: Path) -> None:
    """Write the files, and `images.json`, which maps each name to whether it is accepted."""
    square = Image.new("RGB", (4000, 4000), "red")
    clear = Image.new("RGBA", (4000, 4000), (255, 0, 0, 128))
    # The maximum size: `MAX_WEBP_PIXELS`.
    webp = Image.new("RGBA", (2738, 2738), (255, 0, 0, 128))
    frames = [Image.new("RGBA", (2738, 2738), (number, 255, 0, 255)) for number in range(5)]
    rotated = Image.Exif()
    rotated[ORIENTATION] = 6
    lossless = encoded(webp, "WEBP", lossless=True)
    taken = {
        "lossless.webp": lossless,
        "lossy.webp": encoded(webp, "WEBP"),
        "animated.webp": encoded(webp, "WEBP", save_all=True, append_images=frames, lossless=True),
        "clear.png": encoded(clear, "PNG"),
        "texts.png": with_texts(encoded(clear, "PNG")),
        "palette.gif": encoded(square, "GIF"),
        "animated.gif": encoded(square, "GIF", save_all=True, append_images=[clear, square] * 5),
        "rotated.jpg": encoded(square, "JPEG", exif=rotated),
        "progressive.jpg": encoded(square, "JPEG", progressive=True, subsampling=0, exif=rotated),
        "four-colors.jpg": encoded(square.convert("CMYK"), "JPEG", progressive=True, subsampling=0),
    }
    refused = {
        "too-large.webp": encoded(clear, "WEBP", lossless=True),
        "damaged.webp": lossless[:-60] + b"\xff" * 60,
        "cut.png": taken["clear.png"][:-20_000] + taken["clear.png"][-12:],
    }
    for name, content in {**taken, **refused, "small.png": encoded(Image.new("RGB", (9, 9)), "PNG")}.items():
        (folder / name).write_bytes(content)
    names = {name: name in taken for name in (*taken, *refused)}
    (folder / "images.json").write_text(json.dumps(names), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
