"""Tables to take away: CSV as the reader's office program opens it, and XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from fastapi.responses import Response

from app.core.clock import PARIS
from app.core.i18n import current_locale

_ZIP = "application/zip"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportFormat(StrEnum):
    """How a table is taken away."""

    CSV = "csv"
    XLSX = "xlsx"


def export(form: ExportFormat, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """The table as a file to save. Amounts stay numbers; instants are on a Paris clock."""
    content, media = (_csv(header, rows), "text/csv; charset=utf-8") if form is ExportFormat.CSV else (
        _xlsx(header, rows), _XLSX
    )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="{_safe(name)}.{form.value}"'}
    return Response(content, media_type=media, headers=headers)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """With a byte-order mark; semicolons and decimal commas in French, as its office programs expect."""
    french = current_locale() == "fr"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if french else ",", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_text(value, french) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _text(value: Any, french: bool) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",") if french else f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(PARIS).strftime("%Y-%m-%d %H:%M")
    plain = "" if value is None else str(value)
    # What begins like a formula is run by office programs: say that it is text (OWASP, CSV injection).
    return f"'{plain}" if isinstance(value, str) and plain[:1] in "=+-@\t\r" and len(plain) > 1 else plain


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    # Imported late, here and below: openpyxl loads much, numpy too, which most processes never use.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Engrenages")
    titles = [WriteOnlyCell(sheet, value=title) for title in header]
    for title in titles:
        title.font = Font(bold=True)
    sheet.append(titles)
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(PARIS).replace(tzinfo=None)
    if isinstance(value, str) and value.startswith("="):
        from openpyxl.cell import WriteOnlyCell

        cell = WriteOnlyCell(sheet, value=value)
        cell.data_type = "s"
        return cell
    return value if value is None or isinstance(value, int | float | Decimal | date | str) else str(value)


_DOCUMENT_TYPES = {".xml": "application/xml", ".pdf": "application/pdf", ".csv": "text/csv", ".xlsx": _XLSX} | {
    ".png": "image/png",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".zip": _ZIP,
}


def documents(files: Mapping[str, bytes], name: str) -> Response:
    """A file to save, or several in a ZIP of this name."""
    if len(files) == 1:
        [(file_name, content)] = files.items()
        media = _DOCUMENT_TYPES[Path(file_name).suffix]
    else:
        file_name, media, content = f"{name}.zip", _ZIP, zipped(files)
    headers = {"Content-Disposition": f'attachment; filename="{_safe(file_name)}"'}
    return Response(content, media_type=media, headers=headers)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Files in a ZIP, by their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, part in files.items():
            archive.writestr(inner, part)
    return packed.getvalue()


def _safe(name: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
