"""What members lose after a round is approved rolls over where they ask for it: into the line that follows theirs."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.rollover import carry_over_into, next_round
from app.orders.ordering.models.member_orders import PLACED_ORDERS, IfUnfilled
from app.orders.ordering.successors import add_units
from app.orders.rounds.models import Round, RoundStatus

# The last line of the chain that a line was carried over into, if any; it takes more while its round is open.
_SUCCESSORS = """
    WITH RECURSIVE chain AS (
        SELECT l.id AS origin, l.id AS line_id, 0 AS depth FROM order_lines l WHERE l.id = ANY(:lines)
        UNION ALL
        SELECT chain.origin, s.id, chain.depth + 1
        FROM chain JOIN order_lines s ON s.rolled_over_from_id = chain.line_id
    )
    SELECT DISTINCT ON (chain.origin) chain.origin, chain.line_id
    FROM chain
    JOIN order_lines l ON l.id = chain.line_id
    JOIN member_orders o ON o.id = l.order_id AND o.status = ANY(:placed)
    JOIN rounds r ON r.id = o.round_id AND r.status = :open
    WHERE chain.depth > 0
    ORDER BY chain.origin, chain.depth DESC
"""


def carry_shortages(session: Session, actor: Actor, order: SupplierOrder, lost: Mapping[int, int]) -> None:
    """Let units that members lost roll over: onto the line they were carried over into already, or into the next round.

    Lines that asked to cancel instead lose them. Where no round is open, the next one that opens takes them.
    """
    rolling = list(
        session.scalars(
            text("SELECT id FROM order_lines WHERE id = ANY(:lines) AND if_unfilled = :roll_over"),
            {"lines": list(lost), "roll_over": IfUnfilled.ROLL_OVER},
        )
    )
    if not rolling:
        return
    followed = session.execute(
        text(_SUCCESSORS), {"lines": rolling, "placed": list(PLACED_ORDERS), "open": RoundStatus.OPEN}
    ).all()
    add_units(session, {row.line_id: lost[row.origin] for row in followed})
    following = next_round(session, session.get_one(Round, order.round_id))
    if following is not None:
        carry_over_into(session, actor, following)
