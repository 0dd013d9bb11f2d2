"""What members lose after a round is approved rolls over where they ask for it: into the next round that is open."""

from collections.abc import Mapping

from sqlmodel import Session

from app.accounts.actor import Actor
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.rollover import carry_over_into, next_round
from app.orders.rounds.models import Round


def carry_shortages(session: Session, actor: Actor, order: SupplierOrder, lost: Mapping[int, int]) -> None:
    """Let the units that members lost (by line) roll over; where no round is open, the next one that opens takes them.

    Lines that asked to cancel instead lose them.
    """
    following = next_round(session, session.get_one(Round, order.round_id)) if lost else None
    if following is not None:
        carry_over_into(session, actor, following)
