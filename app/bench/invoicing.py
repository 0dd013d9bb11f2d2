"""Invoices by the thousand: number, Factur-X file with its PDF, archive and books of each."""

import time
from datetime import date
from decimal import Decimal

from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.bench.measure import Measurement
from app.bench.scratch import make_offers, make_park
from app.billing.invoicing.invoice import Invoice, InvoiceKind, InvoiceLine, due_on
from app.billing.invoicing.issue import Draft, issue
from app.edocuments.parties import Party

_INVOICES, _LINES = 1000, 8
LIMIT_SECONDS = 300.0


def measure(session: Session, _engine: Engine, scale: float) -> list[Measurement]:
    """How long 1,000 invoices of 8 lines take, against the limit; the rate stands beside."""
    count = max(int(_INVOICES * scale), 10)
    make_park(session, 125)
    make_offers(session, 100, suppliers=1)
    seller = Party("Vosges Protection", "", "88000", "Épinal", "FR", "73282932000074", "FR44732829320")
    buyer = Party("Firme", "", "68200", "Mulhouse", "FR", "40483304800022", "FR83404833048")
    lines = [InvoiceLine(f"Article {n}", 3 + n, Decimal("8.6000"), (3 + n) * Decimal("8.60"), Decimal("20.00"), f"A{n}")
             for n in range(_LINES)]  # fmt: skip
    today = date(2026, 3, 31)
    began = time.perf_counter()
    for number in range(count):
        invoice = Invoice("–", InvoiceKind.MEMBER, today, due_on(today), seller, buyer, lines, mandate="Bench")
        issue(session, COMMAND_LINE, Draft("S1", invoice, 1, 1 + number % 125))
    session.commit()
    seconds = time.perf_counter() - began
    assert session.scalar(text("SELECT count(*) FROM invoice_archive")) == count
    what = f"{count} Factur-X invoices of {_LINES} lines: {count / seconds:.1f} a second"
    return [Measurement("invoices.issue", what, seconds, LIMIT_SECONDS * count / _INVOICES)]
