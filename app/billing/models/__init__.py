"""Tables of billing: what is issued never changes, numbers have no gap, months that are closed take nothing."""

from app.billing.models.bank import BankMovement, DirectDebit, Payment, SepaMandate, Transfer
from app.billing.models.cards import (
    Collection,
    CollectionStatus,
    MethodKind,
    PaymentMethod,
    Refund,
    StripeAccount,
    StripeCustomer,
    StripeEvent,
)
from app.billing.models.einvoicing import LifeCycleEvent, ReceivedDocument, Recipient, Transmission, TransmissionStatus
from app.billing.models.invoices import (
    BillingRun,
    ClosedPeriod,
    InvoiceArchive,
    InvoiceBalance,
    InvoicedCommission,
    InvoicedFee,
    InvoicedLine,
    InvoiceSeries,
    IssuedInvoice,
    RunStatus,
)

__all__ = [
    "BankMovement",
    "BillingRun",
    "ClosedPeriod",
    "Collection",
    "CollectionStatus",
    "DirectDebit",
    "InvoiceArchive",
    "InvoiceBalance",
    "InvoiceSeries",
    "InvoicedCommission",
    "InvoicedFee",
    "InvoicedLine",
    "IssuedInvoice",
    "LifeCycleEvent",
    "MethodKind",
    "Payment",
    "PaymentMethod",
    "ReceivedDocument",
    "Recipient",
    "Refund",
    "RunStatus",
    "SepaMandate",
    "StripeAccount",
    "StripeCustomer",
    "StripeEvent",
    "Transfer",
    "Transmission",
    "TransmissionStatus",
]
