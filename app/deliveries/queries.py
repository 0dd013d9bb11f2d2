"""What drops bring, and whose it is. One statement a question."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.core.errors import NotFound
from app.core.pagination import Page, decode_cursor, page_of


class ParkDelivery(NamedTuple):
    """What comes to a park in a round: on which days, from how many suppliers, for how many firms."""

    park_id: int
    code: str
    name: str
    days: list[date]
    supplier_count: int
    company_count: int
    unit_count: int


def park_deliveries(session: Session, round_id: int) -> list[ParkDelivery]:
    """The deliveries of an approved round, park by park."""
    rows = session.execute(
        text("""
            SELECT p.id AS park_id, p.code, p.name, d.days, d.suppliers AS supplier_count,
                c.companies AS company_count, c.units AS unit_count
            FROM parks p
            JOIN (
                SELECT d.park_id, array_agg(DISTINCT d.delivery_on ORDER BY d.delivery_on) AS days,
                    count(DISTINCT s.supplier_id) AS suppliers
                FROM drops d JOIN supplier_orders s ON s.id = d.supplier_order_id
                WHERE s.round_id = :round_id GROUP BY d.park_id
            ) d ON d.park_id = p.id
            JOIN (
                SELECT o.park_id, count(DISTINCT o.company_id) AS companies, sum(a.served) AS units
                FROM allocations a
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id
                WHERE a.round_id = :round_id AND a.served > 0 GROUP BY o.park_id
            ) c ON c.park_id = p.id
            ORDER BY p.name
        """),
        {"round_id": round_id},
    )
    return rows_as(ParkDelivery, rows)


def park_delivery(session: Session, round_id: int, park_code: str) -> ParkDelivery:
    """The delivery to one park. Raises `NotFound` where nothing comes there."""
    found = next((one for one in park_deliveries(session, round_id) if one.code == park_code), None)
    if found is None:
        raise NotFound("Nothing of this round is delivered to this park.")
    return found


class FirmShare(NamedTuple):
    """What a firm gets of a park's delivery."""

    company_id: int
    code: str
    name: str
    order_count: int
    supplier_names: list[str]
    article_count: int
    unit_count: int


def firm_shares(session: Session, round_id: int, park_id: int, cursor: str | None, limit: int) -> Page[FirmShare]:
    """The firms that get something, by name."""
    after = decode_cursor(cursor, str, int)
    rows = session.execute(
        text(f"""
            SELECT c.id AS company_id, c.code, c.name, share.orders AS order_count, share.suppliers AS supplier_names,
                share.articles AS article_count, share.units AS unit_count
            FROM companies c
            JOIN (
                SELECT o.company_id, count(DISTINCT o.id) AS orders, array_agg(DISTINCT s.name ORDER BY s.name)
                    AS suppliers, count(DISTINCT a.offer_id) AS articles, sum(a.served) AS units
                FROM allocations a
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id AND o.park_id = :park_id
                JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
                JOIN suppliers s ON s.id = f.supplier_id
                WHERE a.round_id = :round_id AND a.served > 0
                GROUP BY o.company_id
            ) share ON share.company_id = c.id
            {"WHERE (c.name, c.id) > (:name, :id)" if after else ""}
            ORDER BY c.name, c.id LIMIT :limit
        """),
        {"round_id": round_id, "park_id": park_id, "limit": limit + 1}
        | ({"name": after[0], "id": after[1]} if after else {}),
    )
    return page_of(rows_as(FirmShare, rows), limit, lambda row: (row.name, row.company_id))


class SplitLine(NamedTuple):
    """What a firm gets of an article: units, and the orders (with the people) that they are for."""

    company_id: int
    company: str
    supplier: str
    sku: str
    name: str
    quantity: int
    orders: str


def split_lines(session: Session, round_id: int, park_id: int, company_ids: list[int]) -> list[SplitLine]:
    """The split sheets of some firms: firm by firm, supplier by supplier, article by article."""
    rows = session.execute(
        text("""
            SELECT c.id AS company_id, c.name AS company, s.name AS supplier, f.sku, f.name, sum(a.served) AS quantity,
                string_agg(DISTINCT o.reference || ' (' || w.name || ')', ', ') AS orders
            FROM member_orders o
            JOIN order_lines l ON l.order_id = o.id
            JOIN allocations a ON a.order_line_id = l.id AND a.served > 0
            JOIN companies c ON c.id = o.company_id
            JOIN people w ON w.id = o.person_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            JOIN suppliers s ON s.id = f.supplier_id
            WHERE o.round_id = :round_id AND o.park_id = :park_id AND o.company_id = ANY(:company_ids)
            GROUP BY c.id, s.id, f.round_id, f.offer_id
            ORDER BY c.name, c.id, s.name, f.name, f.sku
        """),
        {"round_id": round_id, "park_id": park_id, "company_ids": company_ids},
    )
    return rows_as(SplitLine, rows)


class AwaitedDrop(NamedTuple):
    """A supplier's delivery to a park, and whether it came."""

    park: str
    park_code: str
    supplier: str
    number: str
    status: str
    delivery_on: date
    received_at: datetime | None


def awaited_drops(session: Session, round_id: int) -> list[AwaitedDrop]:
    """Every delivery of a round, park by park."""
    rows = session.execute(
        text("""
            SELECT k.name AS park, k.code AS park_code, s.name AS supplier, o.number, o.status, d.delivery_on,
                d.received_at
            FROM supplier_orders o
            JOIN drops d ON d.supplier_order_id = o.id
            JOIN parks k ON k.id = d.park_id
            JOIN suppliers s ON s.id = o.supplier_id
            WHERE o.round_id = :round_id ORDER BY k.name, s.name
        """),
        {"round_id": round_id},
    )
    return rows_as(AwaitedDrop, rows)


def names_of_drop(session: Session, drop_id: int) -> tuple[str, str, str]:
    """The code of a drop's round, its supplier and its park."""
    row = session.execute(
        text("""
            SELECT r.code AS round_code, s.name AS supplier, k.name AS park
            FROM drops d
            JOIN supplier_orders o ON o.id = d.supplier_order_id
            JOIN rounds r ON r.id = o.round_id
            JOIN suppliers s ON s.id = o.supplier_id
            JOIN parks k ON k.id = d.park_id
            WHERE d.id = :id
        """),
        {"id": drop_id},
    ).one()
    return row.round_code, row.supplier, row.park


class ArrivedLine(NamedTuple):
    """What came of an article at a drop."""

    sku: str
    name: str
    ordered: int
    good: int
    damaged: int
    note: str


def arrived_lines(session: Session, drop_id: int) -> list[ArrivedLine]:
    """What was recorded of a drop, by SKU."""
    rows = session.execute(
        text("""
            SELECT f.sku, f.name, l.quantity AS ordered, l.received_quantity AS good, l.damaged_quantity AS damaged,
                l.note
            FROM drop_lines l
            JOIN drops d ON d.id = l.drop_id
            JOIN supplier_orders o ON o.id = d.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            WHERE l.drop_id = :id AND l.received_quantity IS NOT NULL ORDER BY f.sku
        """),
        {"id": drop_id},
    )
    return rows_as(ArrivedLine, rows)
