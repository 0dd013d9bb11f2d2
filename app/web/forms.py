"""What people type into forms."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.core.clock import PARIS
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import say
from app.core.money import CENT

Texts = Annotated[list[str], Form()]  # a column of a form's table
Text = Annotated[str, Form(max_length=500)]
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u202f€"))
_TOO_MUCH = Decimal(10**8)


def typed_amount(value: str, field: str, step: Decimal = CENT) -> Decimal | None:
    """A typed amount rounded to `step`, with point or comma; None where nothing is typed. Raises `InvalidInput`."""
    compact = value.translate(_BLANKS).replace(",", ".")
    if not compact:
        return None
    try:
        number = Decimal(compact)
    except InvalidOperation as error:
        raise InvalidInput("{value} is not an amount.", field=field, value=value) from error
    if not number.is_finite() or not 0 <= number < _TOO_MUCH:
        raise InvalidInput("{value} is not an amount.", field=field, value=value)
    return number.quantize(step)


def typed_quantity(value: str, sku: str) -> int | None:
    """A typed quantity of an article; None where nothing is typed. Raises `InvalidInput`."""
    compact = value.strip()
    if not compact:
        return None
    if not (compact.isascii() and compact.isdigit() and len(compact) <= 9):
        raise InvalidInput("{value} is no quantity of {sku}.", field="quantity", value=value, sku=sku)
    return int(compact)


def typed_whole(value: str, field: str) -> int | None:
    """A typed whole number from 0 that a key or count of the database may be; None where nothing is typed.

    Raises `InvalidInput`.
    """
    compact = value.strip()
    if not compact:
        return None
    if not (compact.isascii() and compact.isdigit() and len(compact) <= 9):
        raise InvalidInput("{value} is not a whole number.", field=field, value=value[:40])
    return int(compact)


def rows_of(*columns: Sequence[str]) -> list[Any]:
    """The rows of a form's table from its columns. Raises `InvalidInput` where they have different lengths."""
    if len({len(column) for column in columns}) > 1:
        raise InvalidInput("The rows of this form are not whole: send it again.", code="uneven_rows")
    return list(zip(*columns, strict=True))


def typed_instant(value: str) -> datetime:
    """The instant of a `datetime-local` field, on a Paris clock. Raises `ValueError`."""
    return datetime.fromisoformat(value).replace(tzinfo=PARIS)


def typed_day(value: str) -> date | None:
    """The day of a `date` field; None where nothing is typed. Raises `InvalidInput`."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise InvalidInput("{value} is no day: write it as 2026-05-31.", field="day", value=value) from error


def local_address(value: str, otherwise: str) -> str:
    """An address of ours to go on to; `otherwise` in place of one that leads elsewhere."""
    return value if value.startswith("/") and not value.startswith(("//", "/\\")) else otherwise


def attempt(session: Session, take: Callable[[], object], show: Callable[[str], Response], then: str) -> Response:
    """Do what a form asks and go on to `then`; where it is refused nothing of it stays, and the page says why."""
    try:
        with session.begin_nested():
            take()
    except DomainError as refusal:
        return show(say(refusal))
    return RedirectResponse(then, 303)
