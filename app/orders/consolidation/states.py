"""The lives of a supplier order and of its drops, as tables. Pure."""

from enum import StrEnum

from app.accounts.permissions import Permission
from app.core.lifecycle import CLOCK, Life, Transition
from app.orders.consolidation.models.supplier_orders import DropStatus as D
from app.orders.consolidation.models.supplier_orders import SupplierOrderStatus as S


class SupplierOrderEvent(StrEnum):
    """What may happen to a supplier order."""

    APPROVE = "approve"
    SEND = "send"
    ANSWER = "answer"
    DECIDE_PRICE = "decide_price"
    DESPATCH = "despatch"
    RECEIVE = "receive"
    RETURN = "return"
    INVOICE = "invoice"
    CLOSE = "close"
    CANCEL = "cancel"


class DropEvent(StrEnum):
    """What may happen to a drop."""

    RECEIVE = "receive"


_SUPPLIER = (Permission.SUPPLY, Permission.MANAGE_ROUNDS)  # the association types in what a supplier says
_MANAGER = (Permission.MANAGE_ROUNDS,)
_ANSWERABLE = (S.SENT, S.ACKNOWLEDGED, S.PARTIALLY_ACKNOWLEDGED)
_UNDER_WAY = (*_ANSWERABLE, S.SHIPPED, S.PARTIALLY_RECEIVED)
_ANSWERED = (S.ACKNOWLEDGED, S.PARTIALLY_ACKNOWLEDGED, S.REFUSED)
_CAME = (S.PARTIALLY_RECEIVED, S.RECEIVED, S.CLOSED)

SUPPLIER_ORDER_LIFE = Life(
    "Supplier order",
    "supplier_orders",
    S,
    (S.DRAFT,),
    (
        Transition(SupplierOrderEvent.APPROVE, (S.DRAFT,), (S.APPROVED,), (Permission.APPROVE_ROUNDS,)),
        Transition(SupplierOrderEvent.SEND, (S.APPROVED,), (S.SENT,), _MANAGER),
        Transition(SupplierOrderEvent.ANSWER, _ANSWERABLE, _ANSWERED, _SUPPLIER),
        # A dearer price is decided for as long as nothing of its line has left; what leaves, leaves at the agreed one.
        Transition(SupplierOrderEvent.DECIDE_PRICE, _UNDER_WAY, (), _MANAGER),
        # An order that was only sent counts as answered with yes when it leaves or comes.
        Transition(SupplierOrderEvent.DESPATCH, (*_ANSWERABLE, S.SHIPPED), (S.SHIPPED,), _SUPPLIER),
        Transition(SupplierOrderEvent.DESPATCH, (S.PARTIALLY_RECEIVED,), (), _SUPPLIER),
        Transition(SupplierOrderEvent.RECEIVE, _UNDER_WAY, (S.PARTIALLY_RECEIVED, S.RECEIVED), _MANAGER),
        Transition(SupplierOrderEvent.RETURN, _CAME, (), _MANAGER),
        Transition(SupplierOrderEvent.INVOICE, (S.SHIPPED, S.PARTIALLY_RECEIVED, S.RECEIVED), (), _SUPPLIER),
        Transition(SupplierOrderEvent.CLOSE, (S.RECEIVED,), (S.CLOSED,), (CLOCK,)),
        Transition(SupplierOrderEvent.CANCEL, (S.APPROVED, *_ANSWERABLE), (S.CANCELLED,), _MANAGER),
    ),
)
DROP_LIFE = Life(
    "Drop",
    "drops",
    D,
    (D.EXPECTED,),
    (Transition(DropEvent.RECEIVE, (D.EXPECTED,), (D.EXPECTED, D.RECEIVED), _MANAGER),),
)
