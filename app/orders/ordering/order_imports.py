"""Importing member orders from a file into a round, set-wise: stage by COPY, resolve, then write."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.imports import add_people_of_staged_orders
from app.accounts.permissions import Permission
from app.core import audit
from app.core.bulk_copy import copy_rows
from app.core.file_report import FileReport
from app.core.i18n import marked
from app.core.tabular import TableReader
from app.orders.ordering.demand import recount_demand
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.service import get_round, require_event, round_key
from app.orders.rounds.states import RoundEvent

_STAGE = """
    CREATE TEMPORARY TABLE staged_orders (
        line integer, order_ref text COLLATE "C", company_code text, company_name text, employee_email text, park text,
        placed_at timestamptz, supplier_code text, sku text, quantity integer, tolerance integer,
        ceiling_price numeric(12,4), if_unfilled text
    ) ON COMMIT DROP
"""

# What makes a row bad: the rows (line, field, value) and the cure. Each runs over what the former left.
_CHECKS: tuple[tuple[str, str], ...] = (
    (
        """
        SELECT s.line, 'supplier_code' AS field, s.supplier_code AS value FROM staged_orders s
        WHERE NOT EXISTS (SELECT FROM suppliers u WHERE u.code = s.supplier_code)
        """,
        marked("no such supplier: import it first"),
    ),
    (
        """
        SELECT s.line, 'sku' AS field, s.sku AS value FROM staged_orders s
        WHERE NOT EXISTS (
            SELECT FROM offers f JOIN suppliers u ON u.id = f.supplier_id
            WHERE u.code = s.supplier_code AND f.sku = s.sku AND f.withdrawn_at IS NULL
        )
        """,
        marked("this supplier has no such offer, or withdrew it"),
    ),
    (
        """
        SELECT line, 'sku' AS field, sku AS value FROM (
            SELECT line, sku, row_number() OVER (PARTITION BY order_ref, supplier_code, sku ORDER BY line) AS nth
            FROM staged_orders
        ) numbered WHERE nth > 1
        """,
        marked("this order has this offer on an earlier line already: add them up"),
    ),
    (
        """
        SELECT s.line, 'order_ref' AS field, s.order_ref AS value FROM staged_orders s
        JOIN member_orders o ON o.reference = s.order_ref
        """,
        marked("an order with this reference exists already"),
    ),
    (
        """
        SELECT s.line, 'company_code' AS field, s.company_code AS value FROM staged_orders s
        JOIN (
            SELECT order_ref, min(line) AS line FROM staged_orders GROUP BY order_ref
            HAVING count(DISTINCT (company_code, lower(employee_email), park, placed_at)) > 1
        ) mixed ON mixed.order_ref = s.order_ref
        """,
        marked("the lines of one order have one company, employee, park and instant"),
    ),
    (
        """
        SELECT s.line, 'placed_at' AS field, to_char(s.placed_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS value
        FROM staged_orders s JOIN rounds r ON r.id = :round_id WHERE s.placed_at >= r.closes_at
        """,
        marked("after the round's cut-off: import it into a later round"),
    ),
    (
        """
        SELECT s.line, 'park' AS field, s.park AS value FROM staged_orders s
        WHERE s.park <> '' AND NOT EXISTS (SELECT FROM parks p WHERE p.code = s.park)
        """,
        marked("no such park"),
    ),
    (
        """
        SELECT s.line, 'employee_email' AS field, s.employee_email AS value FROM staged_orders s
        JOIN people p ON lower(p.email) = lower(s.employee_email)
        LEFT JOIN companies c ON c.id = p.company_id
        WHERE c.code IS DISTINCT FROM s.company_code
        """,
        marked("this person belongs to another company"),
    ),
    (
        """
        SELECT line, 'employee_email' AS field, employee_email AS value FROM staged_orders
        WHERE employee_email NOT LIKE '%_@_%'
        """,
        marked("a mail address"),
    ),
)


@dataclass(kw_only=True)
class OrderImportReport(FileReport):
    """What importing orders did, or in a dry run would do."""

    round_code: str
    order_count: int = 0
    line_count: int = 0
    new_company_count: int = 0
    new_person_count: int = 0


def import_orders(
    session: Session,
    actor: Actor,
    reader: TableReader,
    round_code: str,
    *,
    dry_run: bool = False,
    skip_bad_rows: bool = False,
) -> OrderImportReport:
    """Import an orders file (columns of FORMATS.md) into a planned or open round, as approved orders.

    It is the association's own way in, for orders that came on paper or from another system: the rows' own instants
    count, budgets are not asked. Companies and people the file names and nobody knows are added, without a sign-in.
    Raises `BadFile` unless bad rows are to be skipped.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    target = get_round(session, round_code, lock=True)
    require_event(target, RoundEvent.IMPORT_ORDERS)
    round_id = round_key(target)
    session.execute(text("DROP TABLE IF EXISTS staged_orders"))
    session.execute(text(_STAGE))
    copy_rows(session, "COPY staged_orders FROM STDIN", ([line, *values] for line, values in reader))
    session.execute(text("ANALYZE staged_orders"))
    _reject_bad_rows(session, reader, round_id)
    report = OrderImportReport.begin(reader, dry_run=dry_run, skip_bad_rows=skip_bad_rows, round_code=round_code)
    _count(session, report)
    if not dry_run:
        _write(session, round_id)
        recount_demand(session, round_id)
        audit.record(session, actor.label, "orders.imported", target, file=reader.name, lines=report.line_count)
    return report


def _reject_bad_rows(session: Session, reader: TableReader, round_id: int) -> None:
    for query, cure in _CHECKS:
        bad = session.execute(text(query), {"round_id": round_id} if ":round_id" in query else {}).all()
        for row in bad:
            reader.reject(row.line, row.field, row.value, cure)
        if bad:
            lines = [row.line for row in bad]
            session.execute(text("DELETE FROM staged_orders WHERE line = ANY(:lines)"), {"lines": lines})


def _count(session: Session, report: OrderImportReport) -> None:
    row = session.execute(
        text("""
            SELECT count(DISTINCT order_ref) AS orders, count(*) AS lines,
                (SELECT count(*) FROM (SELECT DISTINCT company_code FROM staged_orders) s
                 WHERE NOT EXISTS (SELECT FROM companies c WHERE c.code = s.company_code)) AS new_companies,
                (SELECT count(*) FROM (SELECT DISTINCT lower(employee_email) AS email FROM staged_orders) s
                 WHERE NOT EXISTS (SELECT FROM people p WHERE lower(p.email) = s.email)) AS new_people
            FROM staged_orders
        """)
    ).one()
    report.order_count, report.line_count = row.orders, row.lines
    report.new_company_count, report.new_person_count = row.new_companies, row.new_people


def _write(session: Session, round_id: int) -> None:
    add_people_of_staged_orders(session)
    statements: Iterable[str] = (
        """
        INSERT INTO member_orders (reference, round_id, company_id, person_id, park_id, status, placed_at,
            company_reference, version)
        SELECT DISTINCT ON (s.order_ref) s.order_ref, :round_id, c.id, w.id, coalesce(p.id, c.park_id), :approved,
            s.placed_at, '', 1
        FROM staged_orders s
        JOIN companies c ON c.code = s.company_code
        JOIN people w ON lower(w.email) = lower(s.employee_email)
        LEFT JOIN parks p ON p.code = s.park
        ORDER BY s.order_ref, s.line
        """,
        "ANALYZE member_orders (id, reference, round_id)",
        """
        INSERT INTO order_lines (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled)
        SELECT o.id, f.id, s.quantity, s.tolerance, coalesce(s.ceiling_price, f.tier_prices[1]), s.if_unfilled
        FROM staged_orders s
        JOIN member_orders o ON o.reference = s.order_ref
        JOIN suppliers u ON u.code = s.supplier_code
        JOIN offers f ON f.supplier_id = u.id AND f.sku = s.sku
        ORDER BY s.line
        """,
        "ANALYZE order_lines (order_id, offer_id)",  # autovacuum, looking on meanwhile, may have noted it as empty
    )
    parameters = {"round_id": round_id, "approved": OrderStatus.APPROVED}
    for statement in statements:
        session.execute(text(statement), parameters if ":round_id" in statement else {})
