"""Small pieces that tables share: column shorthands and one naming convention for constraints."""

from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Enum, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def key() -> Any:
    """The primary key that the database numbers; None until the row is written."""
    return Field(default=None, primary_key=True)


def instant(**options: Any) -> Any:
    """An instant, in UTC."""
    return Field(sa_type=DateTime(timezone=True), **options)


def euros(**options: Any) -> Any:
    """An amount in euros, 2 decimals."""
    return Field(sa_type=Numeric(14, 2), **options)


def euros_per_unit(**options: Any) -> Any:
    """A unit price in euros before VAT, 4 decimals."""
    return Field(sa_type=Numeric(12, 4), **options)


def rate_in_percent(**options: Any) -> Any:
    """A rate in percent, 2 decimals."""
    return Field(sa_type=Numeric(5, 2), **options)


def choice(values: type[StrEnum], **options: Any) -> Any:
    """One of an enumeration, kept as text under a check constraint, so that migrations stay simple."""
    stored = Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=values.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
    return Field(sa_type=stored, **options)


def text_list(**options: Any) -> Any:
    """A list of texts."""
    return Field(sa_type=ARRAY(Text), **options)


INTEGER_ARRAY = ARRAY(Integer)
CONTENT = Numeric(14, 6)
UNIT_PRICE_ARRAY = ARRAY(Numeric(12, 4))
