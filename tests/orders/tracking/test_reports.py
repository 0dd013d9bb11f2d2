"""Reports: sums that agree with the allocations, for the association and for a firm about itself, and to take away."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.accounts.permissions import Role
from app.core import clock
from app.core.i18n import speaking
from app.orders.consolidation.queries.rounds import saved_against_last
from app.orders.consolidation.round_approval import approve_round
from app.orders.consolidation.round_lifecycle import close_round
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule
from app.orders.ordering.approvals import decide_order
from app.orders.rounds.service import get_round, round_key
from app.orders.tracking.queries.reports import ReportBy, ReportFilter, late_approvals, report, shortages
from app.web.exports import ExportFormat, export
from tests.factories import CUT_OFF, NOW, Busy, World, a_busy_world
from tests.site import Site


@pytest.fixture
def busy(session: Session, at_now: None) -> Busy:
    return a_busy_world(session)


@pytest.mark.parametrize("by", list(ReportBy))
def test_every_report_sums_up_to_the_allocations(session: Session, busy: Busy, by: ReportBy) -> None:
    rows = report(session, by, ReportFilter())
    amount, commission, lines = session.execute(
        text("""
            SELECT sum(a.amount), sum(a.commission), count(*) FROM allocations a
            JOIN rounds r ON r.id = a.round_id AND r.code = 'R0'
        """)
    ).one()
    assert sum(row.amount for row in rows) == amount > 0
    assert sum(row.commission for row in rows) == commission
    assert sum(row.line_count for row in rows) == lines == 3
    assert all(row.vat == (row.amount / 5).quantize(Decimal("0.01")) for row in rows)


def test_a_report_is_of_one_round_or_of_days(session: Session, busy: Busy) -> None:
    assert report(session, ReportBy.ROUND, ReportFilter(round_code="R2")) == []
    assert (
        len(report(session, ReportBy.ROUND, ReportFilter(first_day=date(2026, 3, 3), last_day=date(2026, 3, 3)))) == 1
    )
    assert report(session, ReportBy.ROUND, ReportFilter(first_day=date(2026, 3, 4))) == []


def test_a_firm_sees_its_own_sums_and_no_commission(site: Site, busy: Busy) -> None:
    page = site.get("/reports?by=person", busy.approver).text
    assert "Firme ATELIER" in page
    assert page.count("<tr>") == 3  # head, one person, total
    assert "Commission" not in page
    taken = site.get("/reports?by=person&form=csv", busy.approver)
    rows = list(csv.reader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    assert "Commission" not in rows[0]


def test_a_report_is_taken_away_as_csv_and_xlsx(site: Site, busy: Busy) -> None:
    taken = site.get("/reports?form=csv", busy.manager)
    assert taken.headers["content-disposition"] == 'attachment; filename="supplier-all.csv"'
    (_header, row) = csv.reader(io.StringIO(taken.content.decode("utf-8-sig")))
    book = openpyxl.load_workbook(io.BytesIO(site.get("/reports?form=xlsx", busy.manager).content))
    assert [str(cell.value) for cell in book.active[2]][1:5] == row[1:5]


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/rounds/R0", 2),
        ("/rounds/R0/orders", 2),
        ("/rounds/R0/allocations", 3),
        ("/rounds/R0/allocations?only_unfilled=true", 3),
        ("/supplier-orders/R1-S1", 1),
    ],
)
def test_every_table_of_a_round_is_taken_away_whole(site: Site, busy: Busy, path: str, rows: int) -> None:
    joint = "&" if "?" in path else "?"
    taken = site.get(f"{path}{joint}form=csv", busy.manager)
    lines = list(csv.reader(io.StringIO(taken.content.decode("utf-8-sig"))))
    assert len(lines) == rows + 1
    assert len({len(line) for line in lines}) == 1
    assert site.get(f"{path}{joint}form=xlsx", busy.manager).content[:2] == b"PK"
    assert "form=csv" in site.get(path, busy.manager).text


TABLES = {
    "manager": (
        "/rounds",
        "/members",
        "/members/{company}",
        "/imports/{run}",
        "/assortment",
        "/cockpit?table=tiers",
        "/cockpit?table=packs",
        "/rounds/R2?table=minimums",
        "/orders/{order}",
    )
    + (
        "/commission?table=rules",
        "/commission",
    )
    + ("/commission?table=balances", "/reports/shortages", "/reports/late-approvals", "/reports?by=vat_rate"),
    "approver": ("/company", "/company?table=rules", "/company?table=budgets", "/company?table=cost-centres", "/orders")
    + ("/orders?of_company=true", "/reports/shortages", "/reports/late-approvals"),
}


@pytest.mark.parametrize(("who", "path"), [(who, path) for who, paths in TABLES.items() for path in paths])
def test_every_other_table_is_taken_away_too(site: Site, busy: Busy, who: str, path: str) -> None:
    actor = getattr(busy, who)
    address = path.format(company=busy.company_id, run=busy.import_id, order=busy.order_id)
    for locale in ("en", "fr"):
        busy.world.session.execute(text("UPDATE people SET locale = :locale"), {"locale": locale})
        taken = site.get(f"{address}{'&' if '?' in address else '?'}form=csv", actor)
        assert taken.headers["content-type"].startswith("text/csv"), address
        lines = list(
            csv.reader(io.StringIO(taken.content.decode("utf-8-sig")), delimiter=";" if locale == "fr" else ",")
        )
        assert len({len(line) for line in lines}) == 1
        assert len(lines) > 1 or path in {"/orders", "/reports/late-approvals"}
    page = site.get(address.partition("?table=")[0], actor).text
    assert "form=xlsx" in page or path in {"/orders", "/reports/late-approvals"}


def test_shortages_say_what_was_missing_and_why(session: Session, busy: Busy) -> None:
    rows = shortages(session, ReportFilter())
    assert [(row.wanted, row.missing, row.line_count, row.reasons) for row in rows] == [
        (20, 2, 2, ["short"]),
        (1, 1, 1, ["short"]),
    ]
    (total,) = report(session, ReportBy.ROUND, ReportFilter())
    assert total.missing == 3
    assert total.filled == Decimal("85.7")
    assert shortages(session, ReportFilter(round_code="R1")) == []


def test_late_approvals_name_the_firms_that_did_not_decide(world: World, session: Session, site: Site) -> None:
    company = world.a_company("LENTE")
    approver, buyer = world.an_actor(Role.APPROVER, company=company), world.a_buyer(company)
    create_approval_rule(session, approver, StepRule(1))
    purchasing_round, offer = world.an_open_round("R"), world.an_offer()
    decided = world.an_order(purchasing_round, (offer, 2), buyer=buyer)
    world.an_order(purchasing_round, (offer, 3), buyer=buyer)
    with clock.frozen(NOW + timedelta(hours=6)):
        decide_order(session, approver, decided.id or 0, approve=True)
    assert late_approvals(session, ReportFilter()) == []
    close_round(session, COMMAND_LINE, "R")
    (row,) = late_approvals(session, ReportFilter(company_id=company.id))
    assert row == ("Firme LENTE", 2, 1, 1, Decimal("30.00"), Decimal("6.0"), Decimal("6.0"))
    assert late_approvals(session, ReportFilter(company_id=world.a_company().id)) == []
    assert "6 h" in site.get("/reports/late-approvals", approver).text


def test_a_long_report_is_paged_and_its_totals_are_of_all(world: World, session: Session, site: Site) -> None:
    purchasing_round, offer = world.an_open_round("R"), world.an_offer(tiers=((1, "2.00"),))
    for _n in range(101):
        world.an_order(purchasing_round, (offer, 1))
    world.play("R", until=approve_round)
    manager = world.a_manager()
    first, second = (site.get(f"/reports?by=company&page={page}", manager).text for page in (1, 2))
    assert (first.count('data-label="Orders"'), second.count('data-label="Orders"')) == (101, 2)
    assert "€202.00" in first
    assert "€202.00" in second


def test_what_was_bought_in_both_rounds_is_compared(world: World, session: Session, site: Site) -> None:
    both, only_first = world.an_offer(tiers=((1, "10.00"), (5, "8.00"))), world.an_offer()
    for code, quantity, closes_at in (("R1", 2, CUT_OFF), ("R2", 6, CUT_OFF + timedelta(days=7))):
        purchasing_round = world.an_open_round(code, closes_at=closes_at)
        lines = [(both, quantity)] + ([(only_first, 1)] if code == "R1" else [])
        world.an_order(purchasing_round, *lines)
        world.play(code, until=approve_round)
    second = get_round(session, "R2")
    assert saved_against_last(session, round_key(second)) == ("Tournée R1", 1, Decimal("12.00"))
    assert saved_against_last(session, round_key(get_round(session, "R1"))) is None
    assert "Against “Tournée R1”" in site.get("/rounds/R2/consolidation", world.a_manager()).text


def test_french_offices_get_semicolons_and_commas_and_no_formula_is_run() -> None:
    with speaking("fr"):
        content = export(
            ExportFormat.CSV, "x", ["Nom", "Montant"], [("=HYPERLINK(1)", Decimal("1234.50")), ("-", 1)]
        ).body
    assert bytes(content).decode("utf-8-sig").split("\r\n")[:3] == ["Nom;Montant", "'=HYPERLINK(1);1234,50", "-;1"]
