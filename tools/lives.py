"""Draw the lives of rounds, orders, drops, invoices, tenders and received documents into docs/reference/lives.md."""

from pathlib import Path
from typing import Any

import app.all_tables  # noqa: F401 - the lives name tables of every floor
from app.billing.einvoicing.states import RECEIVED_DOCUMENT_LIFE
from app.core.lifecycle import Life
from app.orders.consolidation.states import DROP_LIFE, SUPPLIER_ORDER_LIFE
from app.orders.ordering.states import ORDER_LIFE
from app.orders.rounds.states import ROUND_LIFE
from app.sourcing.tenders.states import TENDER_LIFE
from app.supplying.states import SUPPLIER_INVOICE_LIFE

LIVES: tuple[Life[Any, Any], ...] = (
    ROUND_LIFE,
    ORDER_LIFE,
    SUPPLIER_ORDER_LIFE,
    DROP_LIFE,
    SUPPLIER_INVOICE_LIFE,
    RECEIVED_DOCUMENT_LIFE,
    TENDER_LIFE,
)
_INTRODUCTION = """# Lives

What may happen to a thing in each of its states, where that leads, and who may cause it. Drawn by
`python -m tools.lives` from the tables that the code asks (`app/**/states.py`); the database refuses every other change
of state. `clock`: it happens by itself, at its hour or with what it depends on. Invoices and credit notes that the
association issues have no states: they are never changed.

"""


def document() -> str:
    """The page, whole."""
    return _INTRODUCTION + "\n".join(life.as_markdown() for life in LIVES)


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "reference" / "lives.md").write_text(document())
