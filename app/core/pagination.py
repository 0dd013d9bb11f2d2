"""Cursor pagination: a page is found by the last key of the one before, so page 1,000 is as quick as page 1."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, literal, tuple_

from app.core.errors import NotFound

Item = TypeVar("Item")
PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
_ROWS_A_FETCH = 2000


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order, and the cursor of the next ones (None on the last page)."""

    items: list[Item]
    next_cursor: str | None = None


def page_of(rows: Sequence[Item], limit: int, key_of: Callable[[Item], Sequence[Any]]) -> Page[Item]:
    """Make a page of `limit` items from rows that were read with `LIMIT limit + 1`."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items, encode_cursor(key_of(items[-1])) if more else None)


def every_row(fetch: Callable[[str | None, int], Page[Item]]) -> Iterator[Item]:
    """Every item of a list, page after page; `fetch` takes a cursor and a limit."""
    cursor = None
    while True:
        page = fetch(cursor, _ROWS_A_FETCH)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque text for a key."""
    packed = json.dumps([value if isinstance(value, int | str) else str(value) for value in values])
    return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *types: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The key behind a cursor, each part turned into its type; None for the first page.

    Raises `NotFound` on a text that no page gave out.
    """
    if not cursor:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(types):
            raise ValueError(cursor)
        return tuple(make(value) for make, value in zip(types, values, strict=True))
    except (ValueError, TypeError, ArithmeticError, binascii.Error) as error:
        raise NotFound(
            "This cursor is not one that a page gave out. Start from the first page.", field="cursor"
        ) from error


def after_key(columns: Sequence[Any], key: Sequence[Any]) -> ColumnElement[bool]:
    """The condition of rows that come after a key in ascending order of these columns."""
    return tuple_(*columns) > tuple_(*(literal(value) for value in key))
