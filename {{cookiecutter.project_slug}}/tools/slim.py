"""Removes from the installed packages what no process of the image reads; the code stays as it was installed.

Half of Django, in bytes, is translations into a hundred languages and the sources of these translations.
"""

import ast
import shutil
import struct
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import django

from tools.collect_static import packages

# An ELF file of 64 bits, little-endian: Linux on amd64 and arm64.
ELF = b"\x7fELF\x02\x01"


def languages(settings: Path) -> set[str]:
    """The languages that a settings file names, without their regions; none if it leaves that to Django."""
    for node in ast.parse(settings.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LANGUAGES":
            pairs = [pair for pair in ast.walk(node.value) if isinstance(pair, ast.Tuple)]
            # Django cannot do without English, whatever is spoken: its texts are written in it.
            return {"en"} | {ast.literal_eval(pair.elts[0]).partition("-")[0] for pair in pairs}
    return set()


def unused_translations(package: Path, spoken: set[str]) -> Iterator[Path]:
    """The folders of a package that translate it into a language that is not spoken."""
    for folder in package.rglob("locale/*/LC_MESSAGES"):
        if folder.parent.name.partition("_")[0] not in spoken:
            yield folder.parent


def without_symbols(library: bytes) -> bytes:
    """A library up to the end of what a process maps; behind it stand symbols for debuggers and linkers.

    Source: https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
    """
    if not library.startswith(ELF):
        return library
    (start,) = struct.unpack_from("<Q", library, 32)
    size, count = struct.unpack_from("<HH", library, 54)
    headers = range(start, start + size * count, size)
    # Of each segment: where it begins, and how long it is.
    segments = (
        (*struct.unpack_from("<Q", library, at + 8), *struct.unpack_from("<Q", library, at + 32))
        for at in headers
    )
    kept = bytearray(library[: max(headers.stop, *(sum(segment) for segment in segments))])
    # The table of sections is gone: its place, and how many there are.
    struct.pack_into("<Q", kept, 40, 0)
    struct.pack_into("<HH", kept, 60, 0, 0)
    return bytes(kept)


def main() -> None:
    if spoken := languages(Path("i18n.py")):
        for package in (Path(django.__path__[0]), *packages(Path("base.py"))):
            for folder in list(unused_translations(package, spoken)):
                shutil.rmtree(folder)
    installed = Path(sysconfig.get_path("purelib"))
    # The tests of libraries; `django.test` is none, and imported by others.
    for folder in [*installed.rglob("tests"), *installed.glob("tornado/test")]:
        shutil.rmtree(folder, ignore_errors=True)
    for source in installed.rglob("*.po"):
        if source.with_suffix(".mo").exists():
            source.unlink()
    for library in installed.rglob("*.so*"):
        library.write_bytes(without_symbols(library.read_bytes()))


if __name__ == "__main__":
    main()
