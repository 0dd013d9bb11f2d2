"""Months as forms take them: `2026-05`."""

from datetime import date
from typing import Annotated

from fastapi import Form

from app.core import clock
from app.core.errors import InvalidInput

Month = Annotated[str, Form(max_length=7)]


def last_month() -> str:
    """The month before this one."""
    today = clock.today()
    return f"{today.year - (today.month == 1):04d}-{today.month - 1 or 12:02d}"


def typed_month(typed: str) -> date:
    """The first day of a typed month. Raises `InvalidInput`."""
    try:
        return date.fromisoformat(f"{typed.strip()}-01")
    except ValueError as error:
        raise InvalidInput("{value} is no month: write it as 2026-05.", field="month", value=typed) from error
