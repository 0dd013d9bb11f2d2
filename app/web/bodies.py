"""What requests and answers of the JSON API are made of.

Types are exact: `true` is no number, `"12"` no count, `1700000000` no instant, and amounts are text, so that no
program rounds them on the way. What a body does not know it refuses: a misspelt field is not silently left out.
"""

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

# Control characters but tab and the ends of lines: PostgreSQL cannot keep the first, nobody means the others.
_UNSEEN = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_KEPT = f"[^{_UNSEEN}]"
MAX_ID = 2_147_483_647
# RFC 3339 gives a "time" an offset; a clock on the wall has none.
WALL_CLOCK = {"format": "time-local", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}


def _with_whole_numbers(value: Any) -> Any:
    """The same with 12.0 as 12: JSON knows no whole numbers, JSON Schema takes both for one."""
    if isinstance(value, dict):
        return {name: _with_whole_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Body(BaseModel):
    """The JSON body of a request, or a part of it."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read_whole_numbers(cls, value: Any) -> Any:
        return _with_whole_numbers(value)


class Out(BaseModel):
    """A part of an answer, read from rows and dataclasses."""

    model_config = ConfigDict(from_attributes=True)


def _text(pattern: str, cure: str, **options: Any) -> BeforeValidator:
    """Only text that fits `pattern` goes on to be read."""
    whole = re.compile(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, int | float) or (isinstance(value, str) and not whole.fullmatch(value)):
            raise ValueError(cure)
        return value

    return BeforeValidator(check, **options)


def _decimal(pattern: str, example: str) -> BeforeValidator:
    """A number written out, never negative."""
    as_text = Annotated[str, Field(pattern=f"^({pattern})$")]
    return _text(pattern, f'Send it as text, such as "{example}"', json_schema_input_type=as_text)


Flag = StrictBool
FormFlag = Annotated[bool, _text("true|false", "Send true or false")]
Whole = StrictInt
RowId = Annotated[StrictInt, Field(ge=1, le=MAX_ID)]
Units = Annotated[StrictInt, Field(ge=0, le=1_000_000_000)]
Text = Annotated[str, Field(pattern=rf"^{_KEPT}*$")]
Named = Annotated[str, Field(min_length=1, pattern=rf"^{_KEPT}*[^\s{_UNSEEN}]{_KEPT}*$")]
Day = Annotated[date, _text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "Send a day as YYYY-MM-DD")]
LocalTime = Annotated[
    time,
    Field(json_schema_extra=WALL_CLOCK),
    _text(WALL_CLOCK["pattern"], "Send a time on the clock as HH:MM"),
]
Instant = Annotated[
    AwareDatetime,
    _text(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+",
        "Send an instant with its offset, such as 2026-03-05T11:00:00Z",
    ),
]
Euros = Annotated[Decimal, _decimal(r"[0-9]{1,9}(\.[0-9]{1,2})?", "117.60")]
UnitPrice = Annotated[Decimal, _decimal(r"[0-9]{1,7}(\.[0-9]{1,4})?", "7.9000")]
Percent = Annotated[Decimal, _decimal(r"100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?", "3.50")]
