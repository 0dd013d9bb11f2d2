"""The parts of an XLSX workbook (ECMA-376, Part 2): which sheets it has, its texts, its number formats; all bounded.

Nothing is unpacked before its declared size was looked at, and `zipfile` gives out no more than what is declared.
"""

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.core.errors import InvalidInput
from app.core.tabular.xlsx_formats import BUILT_IN_FORMATS
from app.core.tabular.xlsx_text import TextCollector
from app.core.tabular.xml_events import read_events

LARGEST_SHEET_BYTES = 300_000_000
LARGEST_PART_BYTES = 80_000_000
_MOST_PARTS = 5_000
_MOST_SHEETS = 50
_MOST_FORMATS = 65_536
_MOST_TEXTS = 3_000_000
# What rubbish in directories, compressed data and attributes comes to.
_BROKEN = (
    *(ValueError, LookupError, OverflowError, RuntimeError, NotImplementedError, OSError, EOFError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class BrokenWorkbook(ValueError):
    """The parts of a workbook do not fit together."""


@dataclass(frozen=True)
class Workbook:
    """What the cells of a sheet refer to. `sheets`: names and parts of the visible ones, in their order."""

    archive: zipfile.ZipFile
    sheets: list[tuple[str, str]]
    texts: list[str]
    formats: list[str]
    counts_from_1904: bool

    def open_sheet(self, part: str) -> IO[bytes]:
        """A sheet's XML, to stream."""
        return _open(self.archive, part, LARGEST_SHEET_BYTES)


def looks_like_workbook(path: Path) -> bool:
    """Whether a file begins as a ZIP does."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def refuse_other_formats(path: Path, file: str) -> None:
    """Raise `InvalidInput` for what people take for XLSX or CSV: old or locked workbooks, web pages, PDF."""
    with path.open("rb") as stream:
        start = stream.read(512)
    if start.startswith(_OLE):
        raise InvalidInput(
            "{file} is an old .xls workbook, or one that a password protects. Save it as .xlsx, without a password.",
            code="not_xlsx",
            file=file,
        )
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if bare.startswith((b"<", b"%pdf", b"{\\rtf")):
        raise InvalidInput(
            "{file} is a web page or document, whatever its name says. Open it and save it as .xlsx or “CSV UTF-8”.",
            code="not_a_table",
            file=file,
        )


@contextmanager
def opened_workbook(path: Path, file: str) -> Iterator[Workbook]:
    """Open a workbook; whatever is broken in it, also while its rows are read, is an `InvalidInput`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield _read(archive)
    except _BROKEN as error:
        raise _broken(file, error) from error


def _broken(file: str, error: Exception) -> InvalidInput:
    return InvalidInput(
        "{file} is not a readable XLSX workbook ({why}). Open it in a spreadsheet program and save it as .xlsx again.",
        code="not_xlsx",
        file=file,
        why=str(error)[:200] or type(error).__name__,
    )


def _read(archive: zipfile.ZipFile) -> Workbook:
    parts = archive.namelist()
    if len(parts) > _MOST_PARTS or len(set(parts)) != len(parts):
        raise BrokenWorkbook("its parts are too many, or doubled")
    if any(info.flag_bits & 1 for info in archive.infolist()):
        raise BrokenWorkbook("it is protected by a password")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in archive.infolist()):
        raise BrokenWorkbook("it is packed in an unusual way")
    book = next((target for kind, target in _relations(archive, "").values() if kind == "officeDocument"), None)
    book = book or "xl/workbook.xml"
    if book not in parts:
        raise BrokenWorkbook("it holds no workbook")
    related = _relations(archive, book)
    sheets, counts_from_1904 = _sheets(archive, book, related)
    by_kind = dict(related.values())
    texts = by_kind.get("sharedStrings", "")
    styles = by_kind.get("styles", "")
    return Workbook(
        archive,
        sheets,
        _texts(archive, texts) if texts in parts else [],
        _formats(archive, styles) if styles in parts else [],
        counts_from_1904,
    )


def _open(archive: zipfile.ZipFile, part: str, largest: int) -> IO[bytes]:
    try:
        info = archive.getinfo(part)
    except KeyError:
        raise BrokenWorkbook(f"{part} is missing") from None
    if info.file_size > largest:
        raise BrokenWorkbook(f"{part} is too large: {info.file_size:,} bytes unpacked")
    return archive.open(info)


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: kind and part by identifier (ECMA-376, Part 2, 8)."""
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if relations not in archive.NameToInfo:
        return {}
    found: dict[str, tuple[str, str]] = {}

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            found.setdefault(attributes.get("Id", ""), (kind, target))
            if len(found) > _MOST_PARTS:
                raise BrokenWorkbook("its parts are too many")

    with _open(archive, relations, LARGEST_PART_BYTES) as stream:
        read_events(stream, start)
    return found


def _sheets(
    archive: zipfile.ZipFile, book: str, related: dict[str, tuple[str, str]]
) -> tuple[list[tuple[str, str]], bool]:
    sheets: list[tuple[str, str]] = []
    counts_from_1904 = False

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal counts_from_1904
        if element == "workbookPr":
            counts_from_1904 = attributes.get("date1904") in ("1", "true")
        elif element == "sheet" and attributes.get("state", "visible") == "visible":
            reference = next((value for name, value in attributes.items() if name.rpartition(":")[2] == "id"), "")
            kind, part = related.get(reference, ("", ""))
            if kind == "worksheet":
                sheets.append((attributes.get("name", ""), part))

    with _open(archive, book, LARGEST_PART_BYTES) as stream:
        read_events(stream, start)
    if not sheets:
        raise BrokenWorkbook("it has no visible sheet")
    if len(sheets) > _MOST_SHEETS:
        raise BrokenWorkbook(f"it has more than {_MOST_SHEETS} sheets")
    return sheets, counts_from_1904


def _texts(archive: zipfile.ZipFile, part: str) -> list[str]:
    """The texts that cells share (ECMA-376, Part 1, 18.4)."""
    texts: list[str] = []
    collector = TextCollector()

    def start(element: str, _attributes: dict[str, str]) -> None:
        if element == "si":
            if len(texts) >= _MOST_TEXTS:
                raise BrokenWorkbook("its texts are too many")
            collector.begin()
        else:
            collector.start(element)

    def end(element: str) -> None:
        if element == "si":
            texts.append(collector.finish())
        else:
            collector.end(element)

    with _open(archive, part, LARGEST_PART_BYTES) as stream:
        read_events(stream, start, end, collector.characters)
    return texts


def _formats(archive: zipfile.ZipFile, part: str) -> list[str]:
    """The number format of each cell style, in their order (ECMA-376, Part 1, 18.8.10 and 18.8.30)."""
    own: dict[str, str] = {}
    styles: list[str] = []
    inside = False

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if element == "numFmt" and len(own) < _MOST_FORMATS:
            own.setdefault(attributes.get("numFmtId", ""), attributes.get("formatCode", "General")[:255])
        elif element == "cellXfs":
            inside = True
        elif element == "xf" and inside and len(styles) < _MOST_FORMATS:
            styles.append(attributes.get("numFmtId", "0"))

    def end(element: str) -> None:
        nonlocal inside
        inside = inside and element != "cellXfs"

    with _open(archive, part, LARGEST_PART_BYTES) as stream:
        read_events(stream, start, end)
    return [own.get(style) or BUILT_IN_FORMATS.get(style, "General") for style in styles]
