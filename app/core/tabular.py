"""Reading tables that people send: CSV as any office program writes it, and XLSX.

A reader streams rows, turns each cell into its type, and collects every bad cell with its line, column, value and
cure, so that one pass over the file says all that is wrong with it.
"""

import codecs
import csv
import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from stdnum import ean
from stdnum.eu import vat
from stdnum.fr import siret as siret_number

from app.core.errors import InvalidInput
from app.core.i18n import gettext

BAD_CELLS_KEPT = 1000
_DECIMAL = re.compile(r"-?\d+(?:[.,]\d+)?\Z")
_SPACES = re.compile(r"[\s\u00a0\u202f]")
_MAX_INTEGER = 2_147_483_647


class BadCell(NamedTuple):
    """What is wrong in one place of a file, and how to mend it. `column` is empty where it is the whole row."""

    file: str
    line: int
    column: str
    value: str
    cure: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{place}: {self.value!r}: {self.cure}"


class Cure(ValueError):
    """A cell cannot be read: how to mend it, said in the current language."""

    def __init__(self, message: str, **params: object) -> None:
        self.message, self.params = message, params
        super().__init__(message)

    def __str__(self) -> str:
        return gettext(self.message).format(**self.params)


class BadFile(InvalidInput):
    """A file with rows that cannot be taken. `bad_cells` lists the first of them."""

    default_code = "bad_file"

    def __init__(self, bad_cells: Sequence[BadCell], total: int) -> None:
        self.bad_cells = list(bad_cells)
        super().__init__(
            "{total} cells cannot be read, nothing was imported. First: {first}",
            total=total,
            first=str(bad_cells[0]),
        )


@dataclass(frozen=True, slots=True)
class Column:
    """A column found by its name. `parse` raises `ValueError` with the cure; empty cells become `default`."""

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    default: Any = None


@dataclass
class TableReader:
    """Streams the rows of one file as `(line, values)`, values in the order of `columns`.

    `progress` is told the number of rows read, every thousand.
    After the iteration `bad_cells`, `bad_cell_count`, `row_count` and `unknown_columns` are complete.
    """

    path: Path
    columns: Sequence[Column]
    name: str = ""
    progress: Callable[[int], None] | None = None
    bad_cells: list[BadCell] = field(default_factory=list)
    bad_cell_count: int = 0
    row_count: int = 0
    unknown_columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or self.path.name

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        rows = (_xlsx_rows if _is_xlsx(self.path) else _csv_rows)(self.path, self.name)
        try:
            header_line, header = next(rows)
        except StopIteration:
            raise InvalidInput("{file} is empty: it needs at least the header row.", file=self.name) from None
        except csv.Error as error:
            raise InvalidInput("{file}: the header cannot be read ({why}).", file=self.name, why=error) from error
        positions = self._find_columns(header, header_line)
        yield from self._parsed(rows, positions, len(header))

    def reject(self, line: int, column: str, value: object, cure: str, **params: object) -> None:
        """Note a bad cell with its cure (a message, and what fills it in); all are counted, the first thousand kept."""
        self._note(line, column, value, gettext(cure).format(**params))

    def _note(self, line: int, column: str, value: object, cure: str) -> None:
        self.bad_cell_count += 1
        if len(self.bad_cells) < BAD_CELLS_KEPT:
            self.bad_cells.append(BadCell(self.name, line, column, str(value)[:200], cure))

    def stop_if_bad(self) -> None:
        """Raise `BadFile` if any cell was bad."""
        if self.bad_cell_count:
            raise BadFile(sorted(self.bad_cells, key=lambda bad: bad.line), self.bad_cell_count)

    def _find_columns(self, header: list[str], line: int) -> list[int]:
        names = [name.strip().lower() for name in header]
        missing = [column.name for column in self.columns if column.required and column.name not in names]
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if missing or twice:
            wrong = f"missing: {', '.join(missing)}" if missing else f"twice: {', '.join(twice)}"
            known = ", ".join(column.name for column in self.columns)
            raise InvalidInput(
                "{file}, line {line}: the header is not right ({wrong}). The columns are: {known}",
                code="bad_header",
                file=self.name,
                line=line,
                wrong=wrong,
                known=known,
            )
        known_names = {column.name for column in self.columns}
        self.unknown_columns = [name for name in names if name and name not in known_names]
        return [names.index(column.name) if column.name in names else -1 for column in self.columns]

    def _parsed(
        self, rows: Iterator[tuple[int, list[str]]], positions: list[int], width: int
    ) -> Iterator[tuple[int, list[Any]]]:
        plan = [(i, c.parse, c.required, c.default) for i, c in zip(positions, self.columns, strict=True)]
        while True:
            try:
                line, cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                self.reject(self.row_count + 2, "", "", "this row is not valid CSV ({why})", why=error)
                return
            if not any(cells):
                continue
            self.row_count += 1
            if self.progress and self.row_count % 1000 == 0:
                self.progress(self.row_count)
            if len(cells) != width:
                self.reject(
                    line,
                    "",
                    len(cells),
                    "the header has {width} cells: quote cells that hold a separator",
                    width=width,
                )
                continue
            try:
                values = []
                for i, parse, required, default in plan:
                    text = cells[i].strip() if i >= 0 else ""
                    if text:
                        values.append(parse(text))
                    elif required and default is None:
                        raise ValueError
                    else:
                        values.append(default)
            except ValueError:
                self._reject_row(line, cells, positions)
                continue
            yield line, values

    def _reject_row(self, line: int, cells: list[str], positions: list[int]) -> None:
        """Go over a bad row again, cell by cell, and note each fault."""
        for i, column in zip(positions, self.columns, strict=True):
            text = cells[i].strip() if i >= 0 else ""
            try:
                if text:
                    column.parse(text)
                elif column.required and column.default is None:
                    raise Cure("this cell must not be empty")
            except ValueError as error:
                self._note(line, column.name, text, str(error))


def _is_xlsx(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _csv_rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    encoding = detect_encoding(path, name)
    csv.field_size_limit(1_000_000)
    with path.open(encoding=encoding, newline="") as file:
        first = file.readline()
        delimiter = max(",;\t", key=first.count)
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        for cells in reader:
            yield reader.line_num, cells


def csv_reader(content: bytes) -> "csv.DictReader[str]":
    """The rows of a small CSV that was uploaded, by their titles; parted by semicolons or commas."""
    written = content.decode("utf-8-sig", errors="replace")
    separator = ";" if ";" in written.partition("\n")[0] else ","
    return csv.DictReader(io.StringIO(written), delimiter=separator)


def detect_encoding(path: Path, name: str) -> str:
    """`utf-8-sig` (with or without its mark) where the whole file decodes, else `cp1252`, as French Excel writes.

    Raises `InvalidInput` for what is no text at all.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    encoding = "utf-8-sig"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                raise InvalidInput(
                    "{file} is not a text file in UTF-8 or Windows-1252. Save it as “CSV UTF-8” or XLSX.",
                    code="not_text",
                    file=name,
                )
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    encoding = "cp1252"
    return _cp1252_or_refusal(path, name) if encoding == "cp1252" else encoding


def _cp1252_or_refusal(path: Path, name: str) -> str:
    """Windows-1252 leaves five bytes undefined; a file that holds one is something else."""
    undefined = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if undefined.search(block):
                raise InvalidInput(
                    "{file} is neither UTF-8 nor Windows-1252. Save it as “CSV UTF-8” or XLSX.",
                    code="not_text",
                    file=name,
                )
    return "cp1252"


def _xlsx_rows(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    import openpyxl  # takes long to load, for the few who send XLSX
    from openpyxl.utils.exceptions import InvalidFileException

    with path.open("rb") as file:  # by its content: a name without the right ending would be refused
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise InvalidInput("{file} is not a readable XLSX workbook.", code="not_xlsx", file=name) from error
        sheet = book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_cell_text(value) for value in row]


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        # Spreadsheets keep every number as a float; 15 digits are what they show.
        return str(int(value)) if value.is_integer() else format(Decimal(f"{value:.15g}"), "f")
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def text(max_length: int = 200) -> Callable[[str], str]:
    """Text of at most `max_length` characters."""

    def parse(value: str) -> str:
        if len(value) > max_length:
            raise Cure("at most {maximum} characters", maximum=max_length)
        # Codes recur on many rows: one copy of each saves memory.
        return sys.intern(value)

    return parse


def integer(minimum: int, maximum: int = _MAX_INTEGER) -> Callable[[str], int]:
    """A whole number within bounds; `12.0` is 12."""

    def parse(value: str) -> int:
        try:
            number = int(value)
        except ValueError:
            exact = decimal_from(value)
            if exact != exact.to_integral_value():
                raise Cure("a whole number, such as 12") from None
            number = int(exact)
        if not minimum <= number <= maximum:
            raise Cure("a whole number from {minimum} to {maximum}", minimum=minimum, maximum=maximum)
        return number

    return parse


def decimal_from(value: str) -> Decimal:
    """A decimal number with point or comma; spaces between thousands are forgiven.

    Raises `ValueError` with the cure.
    """
    compact = _SPACES.sub("", value)
    if not _DECIMAL.match(compact):
        raise Cure("a number, such as 12.50 or 12,50")
    return Decimal(compact.replace(",", "."))


def decimal(places: int, minimum: Decimal = Decimal(0), maximum: Decimal = Decimal(10**8)) -> Callable[[str], Decimal]:
    """A decimal number of at most `places` decimals, within bounds."""
    step = Decimal(1).scaleb(-places)

    def parse(value: str) -> Decimal:
        number = decimal_from(value)
        if not minimum <= number < maximum:
            raise Cure("a number from {minimum} to below {maximum}", minimum=minimum, maximum=maximum)
        rounded = number.quantize(step)
        if rounded != number:
            raise Cure("at most {places} decimals", places=places)
        return rounded

    return parse


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value not in words:
            raise Cure("one of: {words}", words=", ".join(words))
        return value

    return parse


def gtin(value: str) -> str:
    """A GTIN-8, -12, -13 or -14 with its right check digit (GS1 General Specifications, 7.9)."""
    if not ean.is_valid(value):
        raise Cure("a GTIN of 8, 12, 13 or 14 digits with the right check digit, or nothing")
    return value


def siret(value: str) -> str:
    """A SIRET with its right check digits, without blanks."""
    if not siret_number.is_valid(value):
        raise Cure("a SIRET of 14 digits with the right check digits, or nothing")
    return str(siret_number.compact(value))


def vat_number(value: str) -> str:
    """A VAT number of the European Union with its country's prefix, without blanks."""
    if not vat.is_valid(value):
        raise Cure("a VAT number with its country's prefix, such as FR40303265045, or nothing")
    return str(vat.compact(value))


def instant(value: str) -> datetime:
    """An ISO 8601 instant, in UTC where it names no offset."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise Cure("an ISO 8601 instant, such as 2026-03-02T09:30:00Z") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
