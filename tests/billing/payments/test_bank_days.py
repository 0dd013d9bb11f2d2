"""Movements count on the bank's day; where that month is closed, on the first open day, with the bank's day as the
document's."""

from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.accounts.service import get_association
from app.billing.invoicing.credit_notes import credit_invoice
from app.billing.invoicing.queries import open_amount
from app.billing.payments.bank_matching import assign, import_statement
from app.commission.ledger.books import fec_file
from app.commission.ledger.closing import close_month
from app.core import clock
from app.core.errors import InvalidInput
from tests.billing.invoicing.test_issue import check_fec
from tests.billing.market import Market
from tests.billing.payments.test_statement_files import camt, detail, entry
from tests.site import Site

D = Decimal
JANUARY = datetime(2027, 1, 5, 9, tzinfo=clock.PARIS)
STATEMENT = b"date;amount;words;counterparty;reference\n2026-12-30;40,00;acompte;Klein;R1\n2027-01-04;-3,00;frais;;R2\n"
OWN = b"FR7630006000011234567890189"
STATEMENT_XML = camt(entry("12.00", detail("", "acompte"))).encode()


def bank_lines(market: Market, year: int) -> list[dict[str, str]]:
    """The lines of the bank's journal in the FEC of a year."""
    return [row for row in check_fec(fec_file(market.world.session, year)) if row["JournalCode"] == "BQ"]


def days_of(rows: list[dict[str, str]]) -> list[tuple[str, str, str, str]]:
    """Reference, day of the entry, of its document, and of writing it, of each entry."""
    return sorted({(r["PieceRef"], r["EcritureDate"], r["PieceDate"], r["ValidDate"]) for r in rows})


def test_a_december_line_read_in_january_counts_in_december(market: Market) -> None:
    with clock.frozen(JANUARY):
        assert import_statement(market.world.session, market.treasurer, STATEMENT).new == 2
    assert days_of(bank_lines(market, 2026)) == [("R1", "20261230", "20261230", "20270105")]
    assert days_of(bank_lines(market, 2027)) == [("R2", "20270104", "20270104", "20270105")]


def test_where_the_month_is_closed_it_counts_on_the_first_open_day(market: Market) -> None:
    with clock.frozen(JANUARY):
        close_month(market.world.session, market.treasurer, datetime(2026, 12, 1, tzinfo=clock.PARIS).date())
        import_statement(market.world.session, market.treasurer, STATEMENT)
    assert bank_lines(market, 2026) == []
    assert days_of(bank_lines(market, 2027)) == [
        ("R1", "20270101", "20261230", "20270105"), ("R2", "20270104", "20270104", "20270105")]  # fmt: skip


@pytest.mark.parametrize(("closed", "counts_on"), [(False, "20261230"), (True, "20270101")])
def test_what_is_matched_by_hand_later_counts_on_the_banks_day_too(
    market: Market, closed: bool, counts_on: str
) -> None:
    market.deliver("R1", (0, market.gloves, 10))
    (invoice, _commission) = market.invoice()
    session = market.world.session
    with clock.frozen(JANUARY):
        import_statement(session, market.treasurer, STATEMENT)
        if closed:
            close_month(session, market.treasurer, datetime(2026, 12, 1, tzinfo=clock.PARIS).date())
        movement = session.scalar(text("SELECT id FROM bank_movements WHERE reference = 'R1'"))
        assign(session, market.treasurer, movement, invoice.number)
    lines = [*bank_lines(market, 2026), *bank_lines(market, 2027)]
    paid = [(r["EcritureDate"], r["PieceDate"], D(r["Credit"].replace(",", "."))) for r in lines
            if r["CompteNum"] == "411"]  # fmt: skip
    assert paid == [(counts_on, "20261230", D("40.00"))]


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("mine.xml", STATEMENT_XML, 303, ""),
        ("bank.csv", "Date;Libellé;Débit;Crédit\n26/11/2026;VIR KLEIN;;1 234,56\n".encode("cp1252"), 303, ""),
        ("other.xml", STATEMENT_XML.replace(OWN, b"DE89370400440532013000"), 422, "statement of another account"),
        ("short.csv", b"date;amount;words\n2026-11-20\n", 422, "Line 2 of the file"),
        ("nul.csv", b"date;amount;words\n2026-11-19;12,00;x\0y\n", 422, "not a text file"),
    ],
)
def test_the_site_takes_a_statement_of_each_kind_or_says_what_is_wrong(
    market: Market, site: Site, name: str, content: bytes, status: int, says: str
) -> None:
    answer = site.post("/payments/statements", market.treasurer, files={"file": (name, content)})
    assert (answer.status_code, says in answer.text) == (status, True)
    assert market.world.session.scalar(text("SELECT count(*) FROM bank_movements")) == int(status == 303)


def test_a_payment_that_names_a_credit_note_pays_no_invoice_with_the_same_figures(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 10))
    session, invoice = market.world.session, market.invoice()[0]
    market.deliver("R2", (1, market.gloves, 5))
    other = market.invoice()[0]
    note = credit_invoice(session, market.treasurer, other.number, "Erreur")
    assert note.number == f"AV-{invoice.number}"  # the first of its series, as the invoice is of its own
    content = camt(entry("20.00", detail("", f"avoir {note.number}"))).encode()
    assert import_statement(session, market.treasurer, content) == (1, 0)
    assert open_amount(session, invoice.id or 0) == invoice.total


def test_without_an_iban_of_ours_no_statement_is_taken(market: Market) -> None:
    get_association(market.world.session).iban = ""
    with pytest.raises(InvalidInput, match="has no IBAN"):
        import_statement(market.world.session, market.treasurer, STATEMENT)
