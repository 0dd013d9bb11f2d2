"""What the screen of plans reads beside the plans themselves."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session


def product_names(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """The names of products by the keys of plans: their number, with that of an offer that stands alone behind it."""
    numbers = {key: int(key.partition("/")[0]) for key in keys}
    rows = session.execute(
        text("SELECT id, name FROM products WHERE id = ANY(:ids)"), {"ids": list(set(numbers.values()))}
    )
    names = {row.id: row.name for row in rows}
    return {key: names[number] for key, number in numbers.items() if number in names}
