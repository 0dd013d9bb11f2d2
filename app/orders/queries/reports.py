"""Reports over what was ordered: by supplier, company, person, cost centre, category or round. One statement each."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session


class ReportBy(StrEnum):
    """What a report's rows stand for."""

    SUPPLIER = "supplier"
    COMPANY = "company"
    PERSON = "person"
    COST_CENTRE = "cost_centre"
    CATEGORY = "category"
    ROUND = "round"


_LABELS = {
    ReportBy.SUPPLIER: "s.name",
    ReportBy.COMPANY: "c.name",
    ReportBy.PERSON: "w.name || ' (' || c.name || ')'",
    ReportBy.COST_CENTRE: "coalesce(k.code || ' ' || k.name, '–') || ' (' || c.name || ')'",
    ReportBy.CATEGORY: "g.name",
    ReportBy.ROUND: "r.name",
}


@dataclass(frozen=True)
class ReportFilter:
    """Which orders count: of one company, one round (by code), closed between two days (both included)."""

    company_id: int | None = None
    round_code: str = ""
    first_day: date | None = None
    last_day: date | None = None


class ReportRow(NamedTuple):
    """Sums of a group. Amounts in euros; VAT per rate on the group's sums."""

    label: str
    order_count: int
    line_count: int
    short_count: int
    units: int
    amount: Decimal
    vat: Decimal
    saved: Decimal
    commission: Decimal


def report(session: Session, by: ReportBy, wanted: ReportFilter) -> list[ReportRow]:
    """The groups with their sums over allocated lines of approved rounds, the largest amount first."""
    conditions = ["r.status IN ('approved', 'sent', 'delivered', 'settled')"]
    parameters: dict[str, object] = {}
    for condition, name, value in (
        ("o.company_id = :company_id", "company_id", wanted.company_id),
        ("r.code = :round_code", "round_code", wanted.round_code or None),
        ("(r.closes_at AT TIME ZONE 'Europe/Paris')::date >= :first_day", "first_day", wanted.first_day),
        ("(r.closes_at AT TIME ZONE 'Europe/Paris')::date <= :last_day", "last_day", wanted.last_day),
    ):
        if value is not None:
            conditions.append(condition)
            parameters[name] = value
    rows = session.execute(
        text(f"""
            SELECT label, sum(orders), sum(lines), sum(short), sum(units), sum(amount),
                sum(round(amount * vat_rate / 100, 2)), sum(saved), sum(commission)
            FROM (
                SELECT {_LABELS[by]} AS label, f.vat_rate, count(DISTINCT o.id) AS orders, count(*) AS lines,
                    count(*) FILTER (WHERE a.unfilled > 0) AS short, sum(a.allocated) AS units,
                    sum(a.amount) AS amount, sum(round(a.allocated * f.tier_prices[1], 2) - a.amount) AS saved,
                    sum(a.commission) AS commission
                FROM allocations a
                JOIN rounds r ON r.id = a.round_id
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id
                JOIN companies c ON c.id = o.company_id
                JOIN people w ON w.id = o.person_id
                LEFT JOIN cost_centres k ON k.id = o.cost_centre_id
                JOIN offers f ON f.id = a.offer_id
                JOIN suppliers s ON s.id = f.supplier_id
                JOIN products p ON p.id = f.product_id
                JOIN categories g ON g.id = p.category_id
                WHERE {" AND ".join(conditions)}
                GROUP BY 1, 2
            ) by_rate
            GROUP BY label ORDER BY sum(amount) DESC, label
        """),
        parameters,
    )
    return [
        ReportRow(label, int(orders), int(lines), int(short), int(units), *amounts)
        for label, orders, lines, short, units, *amounts in rows
    ]


def round_choices(session: Session) -> list[tuple[str, str]]:
    """Rounds that a report can be of, the latest first: code and name."""
    rows = session.execute(
        text("""
            SELECT code, name FROM rounds WHERE status IN ('approved', 'sent', 'delivered', 'settled')
            ORDER BY closes_at DESC LIMIT 200
        """)
    )
    return [(row.code, row.name) for row in rows]
