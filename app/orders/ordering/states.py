"""The life of a member order, as one table. Pure."""

from enum import StrEnum

from app.accounts.permissions import Permission
from app.core.lifecycle import CLOCK, Life, Transition
from app.orders.ordering.models.member_orders import OrderStatus as S


class OrderEvent(StrEnum):
    """What may happen to a member order."""

    PLACE = "place"
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    LOCK = "lock"
    ROLL_OVER = "roll_over"
    FULFIL = "fulfil"


_APPROVERS = (Permission.APPROVE_COMPANY_ORDERS, Permission.APPROVE_ROUNDS)  # the association where nobody else can
ORDER_LIFE = Life(
    "Member order",
    "member_orders",
    S,
    (S.CART, S.APPROVED, S.AWAITING_APPROVAL),  # what is imported or carried over begins as a placed order
    (
        Transition(OrderEvent.PLACE, (S.CART,), (S.APPROVED, S.AWAITING_APPROVAL), (Permission.PLACE_ORDERS,)),
        # With a further step to pass it goes on waiting.
        Transition(OrderEvent.APPROVE, (S.AWAITING_APPROVAL,), (S.AWAITING_APPROVAL, S.APPROVED), _APPROVERS),
        Transition(OrderEvent.REJECT, (S.AWAITING_APPROVAL,), (S.REJECTED,), _APPROVERS),
        Transition(
            OrderEvent.WITHDRAW, (S.CART, S.AWAITING_APPROVAL, S.APPROVED), (S.CANCELLED,), (Permission.PLACE_ORDERS,)
        ),
        Transition(OrderEvent.LOCK, (S.APPROVED,), (S.LOCKED,), (CLOCK,)),
        # At the cut-off what still waits; all that was placed where the round is called off.
        Transition(OrderEvent.ROLL_OVER, (S.AWAITING_APPROVAL, S.APPROVED, S.LOCKED), (S.ROLLED_OVER,), (CLOCK,)),
        Transition(OrderEvent.FULFIL, (S.LOCKED,), (S.FULFILLED,), (CLOCK,)),
    ),
)
