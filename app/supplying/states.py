"""The life of a supplier's invoice, as one table. Pure."""

from enum import StrEnum

from app.accounts.permissions import Permission
from app.core.lifecycle import CLOCK, Life, Transition
from app.supplying.models.invoices import InvoiceStatus as S


class SupplierInvoiceEvent(StrEnum):
    """What may happen to a supplier's invoice."""

    MATCH = "match"
    ACCEPT = "accept"
    DISPUTE = "dispute"


_UNDECIDED = (S.WAITING, S.TO_CHECK)
_APPROVER = (Permission.APPROVE_ROUNDS,)
SUPPLIER_INVOICE_LIFE = Life(
    "Supplier's invoice",
    "supplier_invoices",
    S,
    (S.WAITING,),
    (
        # Matched anew whenever goods come or another invoice of the order is decided.
        Transition(SupplierInvoiceEvent.MATCH, _UNDECIDED, (*_UNDECIDED, S.MATCHED), (CLOCK,)),
        Transition(SupplierInvoiceEvent.ACCEPT, (*_UNDECIDED, S.MATCHED), (S.ACCEPTED,), _APPROVER),
        Transition(SupplierInvoiceEvent.DISPUTE, (*_UNDECIDED, S.MATCHED), (S.DISPUTED,), _APPROVER),
    ),
)
