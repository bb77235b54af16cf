"""Valid and invalid files to upload."""

import struct
import zipfile
import zlib
from io import BytesIO

from PIL import Image

CONTENT_TYPES = "[Content_Types].xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
EXECUTABLE = b"MZ\x90\0\x03\0\0\0" + b"\0" * 200
HTML = b"<!doctype html><script>alert(1)</script>"


def image(image_format: str, size: tuple[int, int] = (40, 20)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, "red").save(buffer, image_format)
    return buffer.getvalue()


def animation() -> bytes:
    buffer = BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], comment=b"made with love")
    return buffer.getvalue()


def archive(
    parts: dict[str, bytes], *, comment: bytes = b"", compression: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in parts.items():
            file.writestr(name, content)
        file.comment = comment
    return buffer.getvalue()


def types_of(content_type: str) -> bytes:
    return f'<Types><Override ContentType="{content_type}.main+xml"/></Types>'.encode()


def document(extra: dict[str, bytes] | None = None, *, comment: bytes = b"") -> bytes:
    parts = {CONTENT_TYPES: types_of(WORD), "word/document.xml": b"<w:document/>"}
    return archive(parts | (extra or {}), comment=comment)


def sheet(extra: dict[str, bytes] | None = None) -> bytes:
    parts = {CONTENT_TYPES: types_of(SHEET), "xl/workbook.xml": b"<workbook/>"}
    return archive(parts | (extra or {}))


def decompression_bomb(side: int) -> bytes:
    """Return a small PNG whose header claims a square of `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def document_with_understated_size() -> bytes:
    """Return a document whose central directory understates the size of a part."""
    content = document({"word/media/zeros.bin": b"\0" * 5_000_000})
    return content.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 10))


def document_with_damaged_lzma() -> bytes:
    """Return a document with a compression that Office does not use, and damaged data."""
    content = archive({CONTENT_TYPES: types_of(WORD)}, compression=zipfile.ZIP_LZMA)
    start = 30 + len(CONTENT_TYPES)
    return content[: start + 12] + bytes(8) + content[start + 20 :]


ACCEPTED = {
    "csv": ("a.csv", "name,town\nAda,Zürich\n".encode(), "text/csv"),
    "csv with byte order mark": ("a.csv", "\ufeffname;town\r\nAda;Zürich\r\n".encode(), "text/csv"),
    "docx": ("a.docx", document(), WORD),
    "docx with embedded xlsx": ("a.docx", document({"word/embeddings/table.xlsx": sheet()}), WORD),
    "gif": ("a.gif", image("GIF"), "image/gif"),
    "animated gif": ("a.gif", animation(), "image/gif"),
    "jpeg": ("a.jpeg", image("JPEG"), "image/jpeg"),
    "jpg": ("a.JPG", image("JPEG"), "image/jpeg"),
    "jpg with trailing preview": ("a.jpg", image("JPEG") * 2 + b"\0\0SEFHe\0\0SEFT", "image/jpeg"),
    "pdf": ("a.pdf", PDF, "application/pdf"),
    "png": ("a.png", image("PNG"), "image/png"),
    "txt": ("a.txt", b"Hello\tworld\n\n", "text/plain"),
    "webp": ("a.webp", image("WEBP"), "image/webp"),
    "xlsx": ("a.xlsx", sheet(), SHEET),
}
_script = image("GIF", (0x2A2F, 1)) + b"*/=1;alert(1)//"
_archive = archive({"a.class": b"\xca\xfe\xba\xbe"})
_zeros = archive({"zeros": b"\0" * 11_000_000})

# Description: name, content, error code.
REJECTED = {
    "executable as png": ("a.png", EXECUTABLE, "invalid_image"),
    "executable as txt": ("a.txt", EXECUTABLE, "content"),
    "executable as pdf": ("a.pdf", EXECUTABLE, "content"),
    "executable as xlsx": ("a.xlsx", EXECUTABLE, "content"),
    "script as txt": ("a.txt", b"#!/bin/sh\nrm -rf ~\n", "content"),
    "HTML as txt": ("a.txt", b"\n " + HTML, "content"),
    "HTML as csv, after byte order mark": ("a.csv", b"\xef\xbb\xbf" + HTML, "content"),
    "txt that is not UTF-8": ("a.txt", "Zürich".encode("latin-1"), "content"),
    "txt truncated within a character": ("a.txt", "Zü".encode()[:-1], "content"),
    "csv with control characters": ("a.csv", b"a,b\x00c\n", "content"),
    "txt with escape sequence": ("a.txt", b"\x1b[2J", "content"),
    "gif that is also a script": ("a.gif", _script, "content"),
    "gif with trailing archive": ("a.gif", image("GIF") + _archive, "content"),
    "truncated gif": ("a.gif", animation()[:-1], "invalid_image"),
    "gif with unknown block": ("a.gif", image("GIF")[:-1] + b"\x55;", "invalid_image"),
    "jpg with trailing executable": ("a.jpg", image("JPEG") + EXECUTABLE, "content"),
    "jpg with trailing archive": ("a.jpg", image("JPEG") + b"\0" * 70_000 + _archive, "content"),
    "jpg with trailing HTML": ("a.jpg", image("JPEG") + HTML, "content"),
    "png with trailing archive": ("a.png", image("PNG") + _archive, "content"),
    "png with trailing executable": ("a.png", image("PNG") + EXECUTABLE, "content"),
    "png with one trailing byte": ("a.png", image("PNG") + b"\0", "content"),
    "webp with trailing HTML": ("a.webp", image("WEBP") + HTML, "content"),
    "jpg as png": ("a.png", image("JPEG"), "invalid_image"),
    "svg as png": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "invalid_image"),
    "png with too many pixels": ("a.png", decompression_bomb(60_000), "too_many_pixels"),
    "jpg with a million fill bytes": (
        "a.jpg",
        image("JPEG")[:2] + b"\xff" * 1_000_000 + image("JPEG")[2:],
        "invalid_image",
    ),
    "pdf with leading HTML": ("a.pdf", HTML + PDF, "content"),
    "pdf with trailing HTML": ("a.pdf", PDF + HTML, "content"),
    "pdf with leading archive": ("a.pdf", _archive + PDF, "content"),
    "pdf with trailing archive": ("a.pdf", PDF + _archive, "content"),
    "pdf with archive and end mark": (
        "a.pdf",
        PDF + archive({"a": b""}, comment=b"%%EOF"),
        "content",
    ),
    "archive as docx": ("a.docx", _archive, "content"),
    "xlsx as docx": ("a.docx", sheet(), "content"),
    "docx with leading HTML": ("a.docx", HTML + document(), "content"),
    "docx with trailing HTML": ("a.docx", document() + HTML, "content"),
    "docx with archive comment": ("a.docx", document(comment=HTML), "content"),
    "docx with macros": ("a.docx", document({"word/vbaProject.bin": b"macro"}), "content"),
    "docm": ("a.docx", archive({CONTENT_TYPES: types_of(WORD) + b"macroEnabled"}), "content"),
    "docx with path traversal": ("a.docx", document({"../../etc/passwd": b"root"}), "content"),
    "docx with absolute path": ("a.docx", document({"/etc/passwd": b"root"}), "content"),
    "docx with duplicate part": ("a.docx", document({"WORD/document.xml": b""}), "content"),
    "docx that is a zip bomb": ("a.docx", document({"word/zeros.xml": b"\0" * 11_000_000}), "content"),
    "docx with nested zip bomb": ("a.docx", document({"word/embeddings/a.xlsx": _zeros}), "content"),
    "docx with doubly nested archive": (
        "a.docx",
        document({"a.zip": archive({"b.zip": archive({"c": b""})}, compression=zipfile.ZIP_STORED)}),
        "content",
    ),
    "docx of too many parts": (
        "a.docx",
        document({f"{number}": b"" for number in range(10_001)}),
        "content",
    ),
    "docx with damaged LZMA data": ("a.docx", document_with_damaged_lzma(), "content"),
    "docx with understated size": ("a.docx", document_with_understated_size(), "content"),
    "truncated docx": ("a.docx", document()[:-1], "content"),
    "extension that is not allowed": ("a.exe", EXECUTABLE, "extension"),
    "html": ("a.html", HTML, "extension"),
    "no extension": ("a", b"text", "extension"),
    "double extension": ("a.pdf.exe", PDF, "extension"),
    "empty": ("a.txt", b"", "empty"),
}

INVALID_NAMES = [
    "../../etc/passwd.txt",
    "/etc/passwd.txt",
    "folder/a.txt",
    "C:\\windows\\a.txt",
    "C:a.txt",
    "a.txt:stream.txt",
    "..\\a.txt",
    "a\x07.txt",
    "a\u202etxt.exe.txt",
    "a\u2066.txt",
    "a\u200b.txt",
    "a\u2028.txt",
    "CON.txt",
    "nul.tar.txt",
    "Lpt1 .txt",
    "..",
    f"{'a' * 252}.txt",
]
VALID_NAMES = {
    "Zürich & Straße #1 100%.txt": "Zürich & Straße #1 100%.txt",
    "Zu\u0308rich.txt": "Zürich.txt",
    "年度報告 (最終).txt": "年度報告 (最終).txt",
    'a "quoted" name; x=1.txt': 'a "quoted" name; x=1.txt',
    "👩\u200d💻.txt": "👩\u200d💻.txt",
    ".hidden.txt": ".hidden.txt",
    "console.txt": "console.txt",
    " spaces .txt": "spaces .txt",
    f"{'a' * 251}.txt": f"{'a' * 251}.txt",
}
