"""The group's demand for each offer of a round, kept up to date by every order placed, changed or withdrawn."""

from sqlalchemy import text
from sqlmodel import Session

from app.catalog.terms import missing_to_full_pack
from app.core.errors import Conflict
from app.orders.ordering.models.member_orders import COUNTED_ORDERS, MemberOrder


def count_demand(session: Session, order: MemberOrder, sign: int) -> None:
    """Add the lines of a placed order to the group's demand, or take them away; offers in order, against deadlocks."""
    session.execute(
        text(
            """
            INSERT INTO round_demand AS d (round_id, offer_id, quantity, tolerance, line_count)
            SELECT :round_id, offer_id, quantity, tolerance, 1 FROM order_lines WHERE order_id = :order_id
            ORDER BY offer_id
            ON CONFLICT (round_id, offer_id) DO UPDATE
            SET quantity = d.quantity + excluded.quantity, tolerance = d.tolerance + excluded.tolerance,
                line_count = d.line_count + 1
        """
            if sign > 0
            else """
            UPDATE round_demand d SET quantity = d.quantity - l.quantity, tolerance = d.tolerance - l.tolerance,
                line_count = d.line_count - 1
            FROM (SELECT offer_id, quantity, tolerance FROM order_lines WHERE order_id = :order_id) l
            WHERE d.round_id = :round_id AND d.offer_id = l.offer_id
        """
        ),
        {"round_id": order.round_id, "order_id": order.id},
    )


def check_completing(session: Session, order: MemberOrder, sign: int = 1) -> None:
    """In the completing phase no change may leave more units missing to a full pack than before it."""
    lines = session.execute(
        text("""
            SELECT f.sku, f.pack_size, l.quantity, d.quantity AS wanted FROM order_lines l
            JOIN offers f ON f.id = l.offer_id
            JOIN round_demand d ON d.round_id = :round_id AND d.offer_id = l.offer_id
            WHERE l.order_id = :order_id ORDER BY f.sku
        """),
        {"round_id": order.round_id, "order_id": order.id},
    )
    worse = [
        line.sku
        for line in lines
        if missing_to_full_pack(line.wanted, line.pack_size)
        > missing_to_full_pack(line.wanted - sign * line.quantity, line.pack_size)
    ]
    if worse:
        raise Conflict(
            "The round is completing its packs: now only orders that fill packs may enter or leave. Not so: {skus}",
            code="completing_phase",
            skus=", ".join(worse[:10]),
        )


def recount_demand(session: Session, round_id: int) -> None:
    """Count the group's demand of a round anew from its placed orders."""
    session.execute(text("DELETE FROM round_demand WHERE round_id = :round_id"), {"round_id": round_id})
    session.execute(
        text("""
            INSERT INTO round_demand (round_id, offer_id, quantity, tolerance, line_count)
            SELECT o.round_id, l.offer_id, sum(l.quantity), sum(l.tolerance), count(*)
            FROM member_orders o JOIN order_lines l ON l.order_id = o.id
            WHERE o.round_id = :round_id AND o.status = ANY(:counted)
            GROUP BY o.round_id, l.offer_id
        """),
        {"round_id": round_id, "counted": list(COUNTED_ORDERS)},
    )
