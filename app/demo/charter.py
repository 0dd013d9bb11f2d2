"""What the demo's suppliers show for the charter (evidence.csv): verified, with a file, or declared."""

import csv
from datetime import timedelta
from functools import cache
from pathlib import Path

from fpdf import FPDF
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE, Actor
from app.accounts.permissions import Role
from app.catalog.models import Supplier
from app.core import clock
from app.sourcing.charter.evidence import MakingPlace, submit_evidence
from app.sourcing.charter.stored_scores import score_offers
from app.sourcing.charter.verification import verify_evidence

_FILE = Path(__file__).with_name("evidence.csv")


@cache
def _page() -> bytes:
    """A file as a supplier would attach it."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=24)
    pdf.cell(text="Document de démonstration")
    return bytes(pdf.output())


def show_evidence(session: Session) -> None:
    """Let suppliers show what the file says, verify what is verified there, and score every offer."""
    suppliers = {supplier.code: supplier.id for supplier in session.exec(select(Supplier))}
    with _FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code = row["supplier"]
            speaker = Actor(code, frozenset({Role.SUPPLIER}), code, supplier_id=suppliers[code])
            for sku in _skus(session, row["articles"]):
                _show(session, speaker, row, sku)
    score_offers(session)


def _skus(session: Session, begin: str) -> list[str]:
    """The articles whose SKU begins so; without one, the supplier itself."""
    if not begin:
        return [""]
    rows = session.scalars(text("SELECT sku FROM offers WHERE starts_with(sku, :begin) ORDER BY sku"), {"begin": begin})
    return list(rows)


def _show(session: Session, speaker: Actor, row: dict[str, str], sku: str) -> None:
    days = row["valid_days"]
    shown = submit_evidence(
        session,
        speaker,
        row["criterion"],
        sku=sku,
        words=row["words"],
        expires_on=clock.today() + timedelta(days=int(days)) if days else None,
        file_name="preuve.pdf",
        content=None if row["status"] == "declared" else _page(),
        place=MakingPlace(row["country"], row["postal_code"], row["city"]),
    )
    if row["status"] == "verified":
        verify_evidence(session, COMMAND_LINE, shown.id or 0)
