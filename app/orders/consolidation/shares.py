"""What members get of a supplier order once its supplier has answered or the goods have come: shares, amounts, books.

Both stages write shares the same way: every allocation of the order gets its confirmed or received quantity, amounts
and commission follow, the difference of commission is booked, budgets give back what is not needed, members are told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.commission.ledger.entries import adjustment_entry, book
from app.commission.tariff import Rate
from app.core import clock
from app.core.money import ZERO, round_amount
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.rules import Standing
from app.orders.ordering import budgets

Stage = Literal["confirmed", "received"]


class Share(NamedTuple):
    """A member line of a supplier order with its share so far; `park_id` says where it goes."""

    order_line_id: int
    offer_id: int
    park_id: int
    unit_price: Decimal
    rate: Rate
    standing: Standing


@dataclass
class Served:
    """What becomes of the member lines of a supplier order: units by line, and prices by offer where they changed."""

    quantities: dict[int, int] = field(default_factory=dict)
    prices: dict[int, Decimal] = field(default_factory=dict)


def shares_of(session: Session, supplier_order_id: int, offer_ids: Iterable[int] | None = None) -> list[Share]:
    """The member lines that have a share of a supplier order (of some offers, if asked), with what they have so far.

    A line that was confirmed less counts with that.
    """
    chosen = list(offer_ids) if offer_ids is not None else None
    rows = session.execute(
        text("""
            SELECT a.order_line_id, a.offer_id, o.park_id, a.unit_price, n.commission_rate, n.commission_minimum,
                n.commission_maximum, o.reference, o.placed_at,
                a.wanted, coalesce(a.confirmed_quantity, a.allocated) AS has, l.ceiling_price
            FROM allocations a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            JOIN supplier_order_lines n ON n.supplier_order_id = a.supplier_order_id AND n.offer_id = a.offer_id
            WHERE a.supplier_order_id = :id AND (CAST(:offers AS int[]) IS NULL OR a.offer_id = ANY(:offers))
            ORDER BY a.offer_id, a.order_line_id
        """),
        {"id": supplier_order_id, "offers": chosen},
    )
    return [
        Share(
            row.order_line_id,
            row.offer_id,
            row.park_id,
            row.unit_price,
            Rate(row.commission_rate, row.commission_minimum, row.commission_maximum),
            Standing(row.reference, row.placed_at, row.wanted, row.has, row.ceiling_price),
        )
        for row in rows
    ]


def write_shares(session: Session, order: SupplierOrder, shares: list[Share], served: Served, stage: Stage) -> None:
    """Write what these lines get now, and let amounts, commission, books and budgets follow."""
    assert order.id is not None
    before = order.commission
    rows = []
    for share in shares:
        quantity = served.quantities[share.order_line_id]
        price = served.prices.get(share.offer_id, share.unit_price)
        amount = round_amount(quantity * price)
        rows.append((share.order_line_id, quantity, price, amount, share.rate.commission_of(amount)))
    session.execute(
        text(f"""
            UPDATE allocations a
            SET {stage}_quantity = n.quantity, unit_price = n.price, amount = n.amount, commission = n.commission
            FROM unnest(CAST(:lines AS int[]), CAST(:quantities AS int[]), CAST(:prices AS numeric[]),
                CAST(:amounts AS numeric[]), CAST(:commissions AS numeric[]))
                AS n (line, quantity, price, amount, commission)
            WHERE a.order_line_id = n.line
        """),
        dict(
            zip(
                ("lines", "quantities", "prices", "amounts", "commissions"),
                map(list, zip(*rows, strict=True)) if rows else ([], [], [], [], []),
                strict=True,
            )
        ),
    )
    _total(session, order, stage)
    difference = order.commission - before
    if difference:
        book(session, [adjustment_entry(order.number, order.supplier_id, difference, f"{stage}-{order.version}")])
    budgets.settle(session, costs_of_orders(session, supplier_order_id=order.id))


def _total(session: Session, order: SupplierOrder, stage: Stage) -> None:
    """Sum the lines up from their allocations, and the order from its lines.

    A line's quantity of this stage is known once it is known for every member.
    """
    session.execute(
        text(f"""
            UPDATE supplier_order_lines l
            SET {stage}_quantity = sums.quantity, unit_price = sums.price, amount = sums.amount,
                commission = sums.commission
            FROM (
                SELECT a.offer_id, max(a.unit_price) AS price, sum(a.amount) AS amount, sum(a.commission) AS commission,
                    CASE WHEN bool_and(a.{stage}_quantity IS NOT NULL) THEN sum(a.{stage}_quantity) END AS quantity
                FROM allocations a WHERE a.supplier_order_id = :id GROUP BY a.offer_id
            ) sums
            WHERE l.supplier_order_id = :id AND l.offer_id = sums.offer_id
        """),
        {"id": order.id},
    )
    sums = session.execute(
        text("""
            SELECT coalesce(sum(a.amount), 0) AS amount, coalesce(sum(a.commission), 0) AS commission,
                coalesce(sum(round(a.served * f.tier_prices[1], 2)), 0) AS list_amount,
                coalesce(sum(round(a.served * f.eco_contribution, 2)), 0) AS eco_contribution
            FROM (
                SELECT offer_id, sum(served) AS served, sum(amount) AS amount, sum(commission) AS commission
                FROM allocations WHERE supplier_order_id = :id GROUP BY offer_id
            ) a
            JOIN round_offers f ON f.round_id = :round_id AND f.offer_id = a.offer_id
        """),
        {"id": order.id, "round_id": order.round_id},
    ).one()
    order.amount, order.commission = sums.amount, sums.commission
    order.list_amount, order.eco_contribution = sums.list_amount, sums.eco_contribution
    if order.amount == ZERO:
        order.delivery_fee = ZERO
    order.updated_at = clock.now()
    order.version += 1
    session.flush()


def costs_of_orders(
    session: Session, *, round_id: int | None = None, supplier_order_id: int | None = None
) -> dict[int, Decimal]:
    """What the orders of a round, or those that a supplier order serves, cost now: euros before VAT by order."""
    rows = session.execute(
        text("""
            SELECT o.id, coalesce(sum(a.amount), 0) AS cost
            FROM member_orders o
            JOIN order_lines l ON l.order_id = o.id
            LEFT JOIN allocations a ON a.order_line_id = l.id
            WHERE o.round_id = :round_id OR o.id IN (
                SELECT n.order_id FROM allocations c JOIN order_lines n ON n.id = c.order_line_id
                WHERE c.supplier_order_id = :supplier_order_id
            )
            GROUP BY o.id
        """),
        {"round_id": round_id, "supplier_order_id": supplier_order_id},
    )
    return {row.id: row.cost for row in rows}
