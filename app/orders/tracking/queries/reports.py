"""Reports over what was ordered, what was missing and what was decided late. One statement each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.models import APPROVED_ROUNDS


class ReportBy(StrEnum):
    """What a report's rows stand for."""

    SUPPLIER = "supplier"
    COMPANY = "company"
    PERSON = "person"
    COST_CENTRE = "cost_centre"
    CATEGORY = "category"
    ROUND = "round"
    VAT_RATE = "vat_rate"


_LABELS = {
    ReportBy.SUPPLIER: "s.name",
    ReportBy.COMPANY: "c.name",
    ReportBy.PERSON: "w.name || ' (' || c.name || ')'",
    ReportBy.COST_CENTRE: "coalesce(k.code || ' ' || k.name, '–') || ' (' || c.name || ')'",
    ReportBy.CATEGORY: "g.name",
    ReportBy.ROUND: "r.name",
    ReportBy.VAT_RATE: "f.vat_rate::text",
}


@dataclass(frozen=True)
class ReportFilter:
    """Which orders count: of one company, one round (by code), closed between two days (both included)."""

    company_id: int | None = None
    round_code: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ReportRow(NamedTuple):
    """Sums of a group. Amounts in euros; VAT per rate on the group's sums; `missing`: units wanted and not got."""

    label: str
    order_count: int
    line_count: int
    short_count: int
    wanted: int
    missing: int
    units: int
    amount: Decimal
    vat: Decimal
    saved: Decimal
    commission: Decimal

    @property
    def vat_rate(self) -> Decimal:
        """The rate that a group by VAT rate is about."""
        return Decimal(self.label)

    @property
    def filled(self) -> Decimal:
        """How much of what was wanted was got, in percent."""
        return (Decimal(self.wanted - self.missing) * 100 / self.wanted).quantize(Decimal("0.1"))


_SOURCE = """
    FROM allocations a
    JOIN rounds r ON r.id = a.round_id
    JOIN order_lines l ON l.id = a.order_line_id
    JOIN member_orders o ON o.id = l.order_id
    JOIN companies c ON c.id = o.company_id
    JOIN people w ON w.id = o.person_id
    LEFT JOIN cost_centres k ON k.id = o.cost_centre_id
    JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
    JOIN suppliers s ON s.id = f.supplier_id
    JOIN categories g ON g.id = f.category_id
    WHERE r.status = ANY(:approved)
"""


def _matching(wanted: ReportFilter) -> tuple[str, dict[str, object]]:
    """The conditions of a filter, each beginning with AND, and their parameters."""
    conditions = ""
    parameters: dict[str, object] = {"approved": list(APPROVED_ROUNDS)}
    for condition, name, value in (
        ("o.company_id = :company_id", "company_id", wanted.company_id),
        ("r.code = :round_code", "round_code", wanted.round_code or None),
        ("(r.closes_at AT TIME ZONE 'Europe/Paris')::date >= :first_day", "first_day", wanted.first_day),
        ("(r.closes_at AT TIME ZONE 'Europe/Paris')::date <= :last_day", "last_day", wanted.last_day),
    ):
        if value is not None:
            conditions += f" AND {condition}"
            parameters[name] = value
    return conditions, parameters


def report(session: Session, by: ReportBy, wanted: ReportFilter) -> list[ReportRow]:
    """The groups with their sums over allocated lines of approved rounds, the largest amount first."""
    conditions, parameters = _matching(wanted)
    rows = session.execute(
        text(f"""
            SELECT label, sum(orders)::bigint AS order_count, sum(lines)::bigint AS line_count,
                sum(short)::bigint AS short_count, sum(wanted)::bigint AS wanted, sum(missing)::bigint AS missing,
                sum(units)::bigint AS units, sum(amount) AS amount, sum(round(amount * vat_rate / 100, 2)) AS vat,
                sum(saved) AS saved, sum(commission) AS commission
            FROM (
                SELECT {_LABELS[by]} AS label, f.vat_rate, count(DISTINCT o.id) AS orders, count(*) AS lines,
                    count(*) FILTER (WHERE a.served < a.wanted) AS short, sum(a.wanted) AS wanted,
                    sum(greatest(a.wanted - a.served, 0)) AS missing, sum(a.served) AS units, sum(a.amount) AS amount,
                    sum(round(a.served * f.tier_prices[1], 2) - a.amount) AS saved, sum(a.commission) AS commission
                {_SOURCE} {conditions}
                GROUP BY 1, 2
            ) by_rate
            GROUP BY label ORDER BY amount DESC, label
        """),
        parameters,
    )
    return rows_as(ReportRow, rows)


class ShortageRow(NamedTuple):
    """An article of which members got less than they wanted, and why (`UnfilledReason`s, or its supplier)."""

    supplier: str
    sku: str
    name: str
    wanted: int
    missing: int
    line_count: int
    company_count: int
    reasons: list[str]
    supplier_failed: bool


def shortages(session: Session, wanted: ReportFilter) -> list[ShortageRow]:
    """What members wanted and did not get in approved rounds, article by article, the most missing first."""
    conditions, parameters = _matching(wanted)
    rows = session.execute(
        text(f"""
            SELECT s.name AS supplier, f.sku, f.name, sum(a.wanted)::bigint AS wanted,
                sum(a.wanted - a.served)::bigint AS missing, count(*) AS line_count,
                count(DISTINCT o.company_id) AS company_count,
                array_remove(array_agg(DISTINCT a.reason), NULL) AS reasons,
                bool_or(a.served < a.allocated) AS supplier_failed
            {_SOURCE} AND a.served < a.wanted {conditions}
            GROUP BY s.name, f.offer_id, f.sku, f.name ORDER BY sum(a.wanted - a.served) DESC, s.name, f.sku
        """),
        parameters,
    )
    return rows_as(ShortageRow, rows)


class LateRow(NamedTuple):
    """How a firm decides on the orders that wait for it: hours until a decision, orders nobody decided on in time."""

    company: str
    asked_count: int
    decided_count: int
    late_count: int
    late_amount: Decimal
    average_hours: Decimal | None
    longest_hours: Decimal | None


def late_approvals(session: Session, wanted: ReportFilter) -> list[LateRow]:
    """The firms whose orders waited for approval in rounds that are closed, most undecided at the cut-off first."""
    conditions, parameters = _matching(wanted)
    rows = session.execute(
        text(f"""
            WITH asked AS (
                SELECT o.id, c.name AS company, bool_or(a.decided_at IS NULL) AND o.status = :rolled_over AS late,
                    extract(epoch FROM max(a.decided_at) - o.placed_at) / 3600 AS hours
                FROM order_approvals a
                JOIN member_orders o ON o.id = a.order_id
                JOIN rounds r ON r.id = o.round_id
                JOIN companies c ON c.id = o.company_id
                WHERE r.closed_at IS NOT NULL {conditions}
                GROUP BY o.id, c.name
            )
            SELECT company, count(*) AS asked_count, count(*) FILTER (WHERE NOT late) AS decided_count,
                count(*) FILTER (WHERE late) AS late_count,
                coalesce(sum(amount) FILTER (WHERE late), 0) AS late_amount,
                round(avg(hours) FILTER (WHERE NOT late), 1) AS average_hours,
                round(max(hours) FILTER (WHERE NOT late), 1) AS longest_hours
            FROM asked CROSS JOIN LATERAL (
                SELECT sum(round(quantity * ceiling_price, 2)) AS amount FROM order_lines WHERE order_id = asked.id
            ) lines
            GROUP BY company ORDER BY late_count DESC, late_amount DESC, average_hours DESC NULLS LAST, company
        """),
        parameters | {"rolled_over": OrderStatus.ROLLED_OVER},
    )
    return rows_as(LateRow, rows)


def round_choices(session: Session) -> list[tuple[str, str]]:
    """Rounds that a report can be of, the latest first: code and name."""
    rows = session.execute(
        text("""
            SELECT code, name FROM rounds WHERE status = ANY(:approved)
            ORDER BY closes_at DESC LIMIT 200
        """),
        {"approved": list(APPROVED_ROUNDS)},
    )
    return [(row.code, row.name) for row in rows]
