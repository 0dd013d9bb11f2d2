"""Invoices of what came: each unit once, at the group's price, numbered without a gap, booked, archived for good."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.accounts.permissions import Role
from app.billing.invoicing import runs
from app.billing.invoicing.credit_notes import credit_invoice
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.issue import next_numbers
from app.billing.invoicing.queries import aged_balance
from app.commission.ledger.books import FEC_COLUMNS, fec_file, fec_name, general_ledger, trial_balance
from app.commission.ledger.closing import close_month
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed
from app.core.money import round_amount
from tests.billing.market import Market
from tests.site import Site

D = Decimal


def test_members_are_invoiced_for_exactly_what_came_at_the_groups_price(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 15), (1, market.gloves, 10), (0, market.lamp, 2),
                   came={market.gloves.sku: 20})  # fmt: skip
    issued = market.invoice()
    first, second = market.of_kind(issued, InvoiceKind.MEMBER)
    session = market.world.session
    served = dict(session.execute(text("""
        SELECT o.company_id, sum(a.amount) FROM allocations a JOIN order_lines l ON l.id = a.order_line_id
        JOIN member_orders o ON o.id = l.order_id GROUP BY o.company_id""")).all())  # fmt: skip
    fees = dict(session.execute(text("SELECT company_id, amount FROM delivery_fee_shares")).all())
    eco = D("0.24")
    assert first.net_amount == served[first.company_id] + fees[first.company_id] + eco
    assert second.net_amount == served[second.company_id] + fees[second.company_id]
    assert first.vat_amount == round_amount(first.net_amount * D("0.2"))
    assert sum(fees.values()) == D("12.00")
    units = session.scalar(text("SELECT sum(units) FROM invoiced_lines"))
    assert units == 22


def test_what_is_invoiced_is_not_invoiced_again(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 4))
    assert len(market.invoice()) == 2
    assert market.invoice() == []
    market.deliver("R2", (0, market.gloves, 1))
    again = market.invoice()
    assert [one.number for one in again] == ["VOSGES-2026-000002", "COM-2026-000002"]


def test_the_books_balance_and_leave_the_supplier_what_is_due(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 15), (1, market.gloves, 10), (0, market.lamp, 2),
                   came={market.gloves.sku: 19})  # fmt: skip
    issued = market.invoice()
    member_total = sum(one.total for one in market.of_kind(issued, InvoiceKind.MEMBER))
    (commission,) = market.of_kind(issued, InvoiceKind.COMMISSION)
    lines = market.world.session.scalar(text("SELECT sum(commission) FROM allocations"))
    assert commission.net_amount == lines == market.world.booked_commission()
    assert market.balance("411") == member_total
    assert -market.balance("401") == member_total - commission.total
    assert -market.balance("44571") == commission.vat_amount
    assert sum(row.balance for row in trial_balance(market.world.session, date(2026, 1, 1), date(2026, 12, 31))) == 0


def test_a_credit_note_takes_an_invoice_back_once_and_it_is_due_again(market: Market) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 7), (0, market.lamp, 1))
    invoice, commission = market.invoice()
    before = market.balance("401")
    credit = credit_invoice(session, market.treasurer, invoice.number, "Gants défectueux")
    assert (credit.number, credit.net_amount, credit.vat_amount, credit.total) == (
        "AV-VOSGES-2026-000001", invoice.net_amount, invoice.vat_amount, invoice.total)  # fmt: skip
    assert market.balance("411") == 0
    assert market.balance("401") == before + invoice.total
    for number in (invoice.number, credit.number):
        with pytest.raises(Conflict):
            credit_invoice(session, market.treasurer, number, "encore")
    with pytest.raises(InvalidInput):
        credit_invoice(session, market.treasurer, commission.number, " ")
    credit_invoice(session, market.treasurer, commission.number, "Taux erroné")
    assert market.balance("44571") == 0
    assert market.balance("401") == -market.balance("7082") == commission.net_amount
    assert aged_balance(session) == []
    again, commission_again = market.invoice()
    assert (again.total, commission_again.total) == (invoice.total, commission.total)
    assert again.number == "VOSGES-2026-000002"


def test_a_supplier_without_a_french_vat_number_invoices_by_itself(market: Market) -> None:
    market.supplier.siret, market.supplier.country = "", "DE"
    market.deliver("R1", (0, market.gloves, 4))
    with pytest.raises(InvalidInput, match="invoices by itself"):
        market.invoice()


def test_numbers_have_no_gap_whoever_issues_at_once_and_whoever_gives_up(own_engine: Engine) -> None:
    def take(at: int) -> list[int]:
        with Session(own_engine) as session:
            numbers = list(next_numbers(session, "X", 2026, 1 + at % 3))
            if at % 5 == 0:
                session.rollback()
                return []
            session.commit()
            return numbers

    with ThreadPoolExecutor(8) as pool:
        taken = sorted(number for found in pool.map(take, range(40)) for number in found)
    assert taken == list(range(1, len(taken) + 1))
    with Session(own_engine) as session:
        assert list(next_numbers(session, "X", 2027)) == [1]


def test_nothing_passes_a_closed_month(market: Market) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 4))
    with pytest.raises(InvalidInput):
        close_month(session, market.treasurer, clock.today())
    with clock.frozen(datetime(2026, 4, 2, 9, tzinfo=clock.PARIS)):
        close_month(session, market.treasurer, date(2026, 3, 1))
        with pytest.raises(Conflict):
            close_month(session, market.treasurer, date(2026, 2, 1))
    with pytest.raises(IntegrityError, match="closed"), session.begin_nested():
        market.invoice()
    with clock.frozen(datetime(2026, 4, 2, 9, tzinfo=clock.PARIS)):
        assert len(market.invoice()) == 2
    with pytest.raises(NotAllowed):
        close_month(session, market.world.a_buyer(), date(2026, 3, 1))


def check_fec(content: bytes) -> list[dict[str, str]]:
    """What a checker of the tax administration looks at: columns, dates, numbers in order, entries that balance."""
    header, *lines = content.decode("utf-8").rstrip("\r\n").split("\r\n")
    assert tuple(header.split("\t")) == FEC_COLUMNS
    assert len(FEC_COLUMNS) == 18
    rows = [dict(zip(FEC_COLUMNS, line.split("\t"), strict=True)) for line in lines]
    sums: dict[str, Decimal] = {}
    for row in rows:
        for name in ("JournalCode", "JournalLib", "EcritureNum", "CompteNum", "CompteLib", "PieceRef", "EcritureLib"):
            assert row[name], name
        for name in ("EcritureDate", "PieceDate", "ValidDate"):
            assert datetime.strptime(row[name], "%Y%m%d")  # noqa: DTZ007
        debit, credit = (D(row[name].replace(",", ".")) for name in ("Debit", "Credit"))
        assert (debit == 0) != (credit == 0)
        assert row["CompteNum"][:3].isdigit()
        assert bool(row["CompAuxNum"]) == bool(row["CompAuxLib"])
        sums[row["EcritureNum"]] = sums.get(row["EcritureNum"], D(0)) + debit - credit
    assert set(sums.values()) <= {D(0)}
    numbers = [int(row["EcritureNum"]) for row in rows]
    assert sorted(set(numbers)) == list(range(1, len(sums) + 1))
    assert numbers == sorted(numbers)
    assert [row["EcritureDate"] for row in rows] == sorted(row["EcritureDate"] for row in rows)
    return rows


def test_the_fec_of_a_year_has_every_posting_and_is_accepted(market: Market) -> None:
    session = market.world.session
    market.deliver("R1", (0, market.gloves, 15), (1, market.gloves, 10))
    invoice = market.invoice()[0]
    credit_invoice(session, market.treasurer, invoice.number, "Erreur")
    rows = check_fec(fec_file(session, 2026))
    assert len(rows) == session.scalar(text("SELECT count(*) FROM postings"))
    assert {row["CompAuxNum"] for row in rows if row["CompteNum"] == "401"} == {"VOSGES"}
    assert check_fec(fec_file(session, 2025)) == []
    assert fec_name("55210055400013", 2026) == "552100554FEC20261231.txt"


def test_the_general_ledger_runs_its_balance_page_by_page(market: Market) -> None:
    session = market.world.session
    for number in range(3):
        market.deliver(f"R{number}", (0, market.gloves, 4 + number))
        market.invoice()
    year = (date(2026, 1, 1), date(2026, 12, 31))
    first = general_ledger(session, "401", *year, None, 4)
    rest = general_ledger(session, "401", *year, first.next_cursor, 100)
    rows = [*first.items, *rest.items]
    running = D(0)
    for row in rows:
        running += row.debit - row.credit
        assert row.balance == running
    assert running == market.balance("401")
    assert len({row.id for row in rows}) == len(rows)


def test_what_members_owe_ages_by_its_due_day(market: Market) -> None:
    market.deliver("R1", (0, market.gloves, 4))
    invoice = market.invoice()[0]
    for days, column in ((0, "not_due"), (1, "to_30_days"), (31, "to_60_days"), (61, "beyond")):
        with clock.frozen(datetime.combine(invoice.due_on, datetime.min.time(), clock.PARIS) + timedelta(days=days)):
            (row,) = aged_balance(market.world.session)
        assert getattr(row, column) == row.total == invoice.total


def test_everybody_sees_their_own_invoices_only(market: Market, site: Site) -> None:
    market.deliver("R1", (0, market.gloves, 4), (1, market.gloves, 4))
    first, second, commission = market.invoice()
    approver = market.world.an_actor(Role.APPROVER, company=market.firms[0])
    page = site.get("/invoices", approver).text
    assert (first.number in page, second.number in page, commission.number in page) == (True, False, False)
    assert site.get(f"/invoices/{first.number}/file", approver).content[:5] == b"%PDF-"
    assert site.get(f"/invoices/{second.number}/file", approver).status_code == 404
    assert site.get("/invoices", market.world.a_buyer()).status_code == 403
    assert site.get("/books", approver).status_code == 403
    everything = site.get("/invoices", market.treasurer).text
    assert all(one.number in everything for one in (first, second, commission))


def test_a_run_is_asked_for_on_the_page_and_told_what_was_left_out(
    market: Market, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = market.world.session

    @contextmanager
    def transaction() -> Iterator[Session]:
        with session.begin_nested():
            yield session

    monkeypatch.setattr(runs, "transaction", transaction)
    market.deliver("R1", (0, market.gloves, 4), (1, market.gloves, 4))
    early = site.post("/invoices/runs", market.treasurer, data={"month": "2026-03"})
    assert (early.status_code, "once it is over" in early.text) == (422, True)
    with clock.frozen(datetime(2026, 4, 2, 9, tzinfo=clock.PARIS)):
        assert site.post("/invoices/runs", market.treasurer, data={"month": "2026-03"}).status_code == 303
        assert "invoices issued" in site.get("/invoices", market.treasurer).text
        (run,) = runs.list_runs(session)
        runs.carry_out(run.id or 0)
        runs.carry_out(run.id or 0)
        session.refresh(run)
        assert (run.status, run.done, run.left_out) == ("done", 3, "")
        assert "3 issued" in site.get("/invoices", market.treasurer).text
        books = site.get("/books?account=411", market.treasurer).text
        assert "Ledger of account 411" in books
        check_fec(site.get("/books/2026/fec", market.treasurer).content)
        wrong = site.post("/invoices/credit", market.treasurer, data={"number": "X", "reason": "y"})
        assert (wrong.status_code, "no such invoice" in wrong.text) == (422, True)
        assert site.post("/books/closing", market.treasurer, data={"month": "2026-03"}).status_code == 303
        assert "Closed until" in site.get("/books", market.treasurer).text
