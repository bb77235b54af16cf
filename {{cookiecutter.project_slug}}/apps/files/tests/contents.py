"""Valid and forged files to upload."""

import struct
import zipfile
import zlib
from io import BytesIO

from PIL import Image

CONTENT_TYPES = "[Content_Types].xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
PROGRAM = b"MZ\x90\0\x03\0\0\0" + b"\0" * 200
PAGE = b"<!doctype html><script>alert(1)</script>"


def picture(image_format: str, size: tuple[int, int] = (40, 20)) -> bytes:
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


def picture_bomb(side: int) -> bytes:
    """Return a small PNG whose header claims a square of `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def lying_document() -> bytes:
    """Return a document whose central directory understates the size of a part."""
    content = document({"word/media/zeros.bin": b"\0" * 5_000_000})
    return content.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 10))


GOOD = {
    "csv": ("a.csv", "name,town\nAda,Zürich\n".encode(), "text/csv"),
    "csv of a spreadsheet": ("a.csv", "\ufeffname;town\r\nAda;Zürich\r\n".encode(), "text/csv"),
    "docx": ("a.docx", document(), WORD),
    "docx with a table in it": ("a.docx", document({"word/embeddings/table.xlsx": sheet()}), WORD),
    "gif": ("a.gif", picture("GIF"), "image/gif"),
    "animated gif": ("a.gif", animation(), "image/gif"),
    "jpeg": ("a.jpeg", picture("JPEG"), "image/jpeg"),
    "jpg": ("a.JPG", picture("JPEG"), "image/jpeg"),
    "jpg of a telephone": ("a.jpg", picture("JPEG") * 2 + b"\0\0SEFHe\0\0SEFT", "image/jpeg"),
    "pdf": ("a.pdf", PDF, "application/pdf"),
    "png": ("a.png", picture("PNG"), "image/png"),
    "txt": ("a.txt", b"Hello\tworld\n\n", "text/plain"),
    "webp": ("a.webp", picture("WEBP"), "image/webp"),
    "xlsx": ("a.xlsx", sheet(), SHEET),
}
_script = picture("GIF", (0x2A2F, 1)) + b"*/=1;alert(1)//"
_archive = archive({"a.class": b"\xca\xfe\xba\xbe"})
_zeros = archive({"zeros": b"\0" * 11_000_000})

# Description: name, content, error code.
REFUSED = {
    "renamed program": ("a.png", PROGRAM, "invalid_image"),
    "program as text": ("a.txt", PROGRAM, "content"),
    "program as document": ("a.pdf", PROGRAM, "content"),
    "program as table": ("a.xlsx", PROGRAM, "content"),
    "script as text": ("a.txt", b"#!/bin/sh\nrm -rf ~\n", "content"),
    "page as text": ("a.txt", b"\n " + PAGE, "content"),
    "page as table, after a mark": ("a.csv", b"\xef\xbb\xbf" + PAGE, "content"),
    "not UTF-8": ("a.txt", "Zürich".encode("latin-1"), "content"),
    "cut within a character": ("a.txt", "Zü".encode()[:-1], "content"),
    "control characters": ("a.csv", b"a,b\x00c\n", "content"),
    "escape sequence": ("a.txt", b"\x1b[2J", "content"),
    "gif that is a script too": ("a.gif", _script, "content"),
    "gif with an archive behind": ("a.gif", picture("GIF") + _archive, "content"),
    "gif that is cut": ("a.gif", animation()[:-1], "invalid_image"),
    "gif with an unknown block": ("a.gif", picture("GIF")[:-1] + b"\x55;", "invalid_image"),
    "jpg with a program behind": ("a.jpg", picture("JPEG") + PROGRAM, "content"),
    "jpg with an archive behind": ("a.jpg", picture("JPEG") + b"\0" * 70_000 + _archive, "content"),
    "jpg with a page behind": ("a.jpg", picture("JPEG") + PAGE, "content"),
    "png with an archive behind": ("a.png", picture("PNG") + _archive, "content"),
    "png with a program behind": ("a.png", picture("PNG") + PROGRAM, "content"),
    "png with one byte behind": ("a.png", picture("PNG") + b"\0", "content"),
    "webp with a page behind": ("a.webp", picture("WEBP") + PAGE, "content"),
    "jpg called png": ("a.png", picture("JPEG"), "invalid_image"),
    "vector graphic": ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "invalid_image"),
    "picture with too many pixels": ("a.png", picture_bomb(60_000), "too_many_pixels"),
    "picture of many parts": (
        "a.jpg",
        picture("JPEG")[:2] + b"\xff" * 1_000_000 + picture("JPEG")[2:],
        "invalid_image",
    ),
    "page before a pdf": ("a.pdf", PAGE + PDF, "content"),
    "page behind a pdf": ("a.pdf", PDF + PAGE, "content"),
    "archive before a pdf": ("a.pdf", _archive + PDF, "content"),
    "archive behind a pdf": ("a.pdf", PDF + _archive, "content"),
    "archive behind a pdf, with its end": ("a.pdf", PDF + archive({"a": b""}, comment=b"%%EOF"), "content"),
    "archive": ("a.docx", _archive, "content"),
    "table called text": ("a.docx", sheet(), "content"),
    "page before a docx": ("a.docx", PAGE + document(), "content"),
    "page behind a docx": ("a.docx", document() + PAGE, "content"),
    "docx with a comment": ("a.docx", document(comment=PAGE), "content"),
    "docx with macros": ("a.docx", document({"word/vbaProject.bin": b"macro"}), "content"),
    "docm": ("a.docx", archive({CONTENT_TYPES: types_of(WORD) + b"macroEnabled"}), "content"),
    "docx that climbs out": ("a.docx", document({"../../etc/passwd": b"root"}), "content"),
    "docx with an absolute path": ("a.docx", document({"/etc/passwd": b"root"}), "content"),
    "docx with two parts of one name": ("a.docx", document({"WORD/document.xml": b""}), "content"),
    "docx that unpacks to much": ("a.docx", document({"word/zeros.xml": b"\0" * 11_000_000}), "content"),
    "docx that unpacks to much within": ("a.docx", document({"word/embeddings/a.xlsx": _zeros}), "content"),
    "docx of archives in archives": (
        "a.docx",
        document({"a.zip": archive({"b.zip": archive({"c": b""})}, compression=zipfile.ZIP_STORED)}),
        "content",
    ),
    "docx of many parts": ("a.docx", document({f"{number}": b"" for number in range(10_001)}), "content"),
    "docx that lies about sizes": ("a.docx", lying_document(), "content"),
    "docx that is cut": ("a.docx", document()[:-1], "content"),
    "kind that is not allowed": ("a.exe", PROGRAM, "extension"),
    "page": ("a.html", PAGE, "extension"),
    "no extension": ("a", b"text", "extension"),
    "two extensions": ("a.pdf.exe", PDF, "extension"),
    "empty": ("a.txt", b"", "empty"),
}

BAD_NAMES = [
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
GOOD_NAMES = {
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
