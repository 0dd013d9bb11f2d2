"""Reports: sums that agree with the allocations, for the association and for a firm about itself, and to take away."""

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core.i18n import speaking
from app.orders.queries import ReportBy, ReportFilter, report
from app.web.exports import ExportFormat, export
from tests.factories import Busy, a_busy_world
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


def test_french_offices_get_semicolons_and_commas_and_no_formula_is_run() -> None:
    with speaking("fr"):
        content = export(
            ExportFormat.CSV, "x", ["Nom", "Montant"], [("=HYPERLINK(1)", Decimal("1234.50")), ("-", 1)]
        ).body
    assert bytes(content).decode("utf-8-sig").split("\r\n")[:3] == ["Nom;Montant", "'=HYPERLINK(1);1234,50", "-;1"]
