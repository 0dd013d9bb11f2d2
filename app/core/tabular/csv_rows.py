"""Rows of a CSV file: its encoding, its separator, its quotes; every line bounded before it is read."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from app.core.errors import InvalidInput
from app.core.i18n import gettext
from app.core.tabular.cells import Cure, Row
from app.core.tabular.header import Column, column_name, names_found

LONGEST_LINE = 1_000_000
LONGEST_CELL = 32_767  # as Excel's
_SEPARATORS = ";,\t"
_SAMPLED_LINES = 20
_INVISIBLE_EDGES = "\ufeff\u200b\u200e\u200f\u2060"
_SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=([;,\t|])\"?[\r\n]*\Z", re.IGNORECASE)
_ESCAPED_FORMULA = re.compile(r"'[=+\-@\t\r].", re.DOTALL)
_UNDEFINED_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_TWO_BYTES_OF_UTF8 = re.compile(rb"\xc3[\x80-\xbf]|\xe2\x80[\x80-\xbf]")


def csv_rows(path: Path, file: str, columns: Sequence[Column]) -> Iterator[Row]:
    """Stream the rows of a CSV file, cells without blanks around them.

    Raises `InvalidInput` for what is no text, and for lines of more than a million characters.
    """
    with path.open("rb") as content:
        yield from _rows(content, file, columns)


class UploadedRows:
    """The rows of a small CSV by its titles (small letters, no blanks around them), each as a dict of text.

    Cells that a row lacks are empty; rows without any are left out. Raises `InvalidInput` where it is no such text.
    """

    def __init__(self, content: bytes) -> None:
        self._rows = self._filled(content)
        self.fieldnames = [column_name(title) for title in next(self._rows, [])]

    def __iter__(self) -> Iterator[dict[str, str]]:
        for cells in self._rows:
            cells.extend([""] * (len(self.fieldnames) - len(cells)))
            yield dict(zip(self.fieldnames, cells, strict=False))

    def _filled(self, content: bytes) -> Iterator[list[str]]:
        for _line, cells in uploaded_rows(content):
            yield cells


def uploaded_rows(content: bytes, names: Sequence[str] = ()) -> Iterator[tuple[int, list[str]]]:
    """The rows of a small CSV that have any cell filled, with their lines; `names` of columns tell how it is parted.

    Raises `InvalidInput` where it is no such text.
    """
    columns = [Column(column_name(name), str, required=False) for name in names]
    for line, cells, fault in _rows(io.BytesIO(content), gettext("The file"), columns):
        if fault:
            raise InvalidInput("Line {line} of the file: {why}", field="file", line=line, why=str(fault))
        if any(cells):
            yield line, cells


def csv_reader(content: bytes) -> UploadedRows:
    """The rows of a small CSV that was uploaded, by their titles; parted by semicolons, commas or tabs."""
    return UploadedRows(content)


def _rows(content: IO[bytes], file: str, columns: Sequence[Column]) -> Iterator[Row]:
    stream = io.TextIOWrapper(content, encoding=detect_encoding(content, file), newline="")
    lines = _bounded_lines(stream, file)
    sample = [line for line, _ in zip(lines, range(_SAMPLED_LINES), strict=False)]
    stream.seek(0)
    lines = _bounded_lines(stream, file)
    declared = _SEPARATOR_LINE.match(sample[0]) if sample else None
    first_line = 1
    if declared:
        next(lines)
        first_line = 2
    csv.field_size_limit(LONGEST_CELL)
    separator = declared[1] if declared else _choose_separator(sample, columns)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + first_line
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, [], Cure("this row is not valid CSV ({why})", why=error))
            continue
        yield Row(line, [_clean(cell) for cell in cells])


def _clean(cell: str) -> str:
    """A cell without blanks around it, and without the mark by which our exports keep text from being run."""
    cell = cell.strip()
    if not cell.isascii():
        cell = cell.strip(_INVISIBLE_EDGES).strip()
    return cell[1:] if cell[:1] == "'" and _ESCAPED_FORMULA.match(cell) else cell


def _bounded_lines(stream: IO[str], file: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise InvalidInput(
                "{file}, line {line}: longer than a million characters. Is it a table?",
                code="too_long",
                field="file",
                file=file,
                line=number,
            )
        yield line


def _choose_separator(sample: list[str], columns: Sequence[Column]) -> str:
    """The separator by which the first lines name most columns; by count where none does."""
    first = next((line for line in sample if line.strip()), "")

    def found_with(separator: str) -> tuple[int, int]:
        named = 0
        try:
            for cells in csv.reader(sample, delimiter=separator):
                named = max(named, names_found(cells, columns))
        except csv.Error:
            pass  # told, with its line, when the rows are read
        return named, first.count(separator)

    return max(_SEPARATORS, key=found_with)


def detect_encoding(content: IO[bytes], file: str) -> str:
    """The encoding of text: UTF-16 by its byte-order mark, else UTF-8 where all of it decodes, else Windows-1252.

    Leaves `content` at its start. Raises `InvalidInput` for what is no text at all, and for what mixes encodings.
    """
    start = content.read(3)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "utf-16" if _decodes(content, "utf-16") else ""
    elif any(b"\0" in block for block in _blocks(content)):
        encoding = ""
    elif _decodes(content, "utf-8"):
        encoding = "utf-8-sig"
    else:
        encoding = "cp1252" if start != codecs.BOM_UTF8 and _is_cp1252(content) else ""
    if not encoding:
        raise InvalidInput(
            "{file} is not a text file in UTF-8 or Windows-1252. Save it as “CSV UTF-8” or XLSX.",
            code="not_text",
            field="file",
            file=file,
        )
    content.seek(0)
    return encoding


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    while block := content.read(1 << 20):
        yield block


def _decodes(content: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(content):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_cp1252(content: IO[bytes]) -> bool:
    """Windows-1252 leaves five bytes undefined, and nobody writes `Ã©` in it: such a file is something else."""
    return not any(_UNDEFINED_IN_CP1252.search(block) or _TWO_BYTES_OF_UTF8.search(block) for block in _blocks(content))
