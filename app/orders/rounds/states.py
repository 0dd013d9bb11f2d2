"""The life of a purchasing round, as one table. Pure."""

from enum import StrEnum

from app.accounts.permissions import Permission
from app.core.lifecycle import CLOCK, Life, Transition
from app.orders.rounds.models import RoundStatus as S


class RoundEvent(StrEnum):
    """What may happen to a round."""

    OPEN = "open"
    IMPORT_ORDERS = "import_orders"
    CLOSE = "close"
    CONSOLIDATE = "consolidate"
    DECIDE = "decide"
    APPROVE = "approve"
    SEND = "send"
    DELIVER = "deliver"
    SETTLE = "settle"
    CANCEL = "cancel"


_MANAGER = (Permission.MANAGE_ROUNDS,)
ROUND_LIFE = Life(
    "Round",
    "rounds",
    S,
    (S.PLANNED,),
    (
        Transition(RoundEvent.OPEN, (S.PLANNED,), (S.OPEN,), (*_MANAGER, CLOCK)),
        Transition(RoundEvent.IMPORT_ORDERS, (S.PLANNED, S.OPEN), (), _MANAGER),
        Transition(RoundEvent.CLOSE, (S.OPEN,), (S.CLOSED,), (*_MANAGER, CLOCK)),
        Transition(RoundEvent.CONSOLIDATE, (S.CLOSED, S.CONSOLIDATED), (S.CONSOLIDATED,), _MANAGER),
        Transition(RoundEvent.DECIDE, (S.CONSOLIDATED,), (), _MANAGER),
        # Above the association's amount the first approval waits for a second person's.
        Transition(RoundEvent.APPROVE, (S.CONSOLIDATED,), (S.CONSOLIDATED, S.APPROVED), (Permission.APPROVE_ROUNDS,)),
        # Again for orders that were held back, as their suppliers had no address.
        Transition(RoundEvent.SEND, (S.APPROVED, S.SENT), (S.SENT,), _MANAGER),
        Transition(RoundEvent.DELIVER, (S.SENT,), (S.DELIVERED,), (CLOCK,)),
        Transition(RoundEvent.SETTLE, (S.DELIVERED,), (S.SETTLED,), (CLOCK,)),
        Transition(RoundEvent.CANCEL, (S.PLANNED, S.OPEN, S.CLOSED, S.CONSOLIDATED), (S.CANCELLED,), _MANAGER),
    ),
)
