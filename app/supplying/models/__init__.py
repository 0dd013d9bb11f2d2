"""Tables of the suppliers' side: their invoices, and the addresses that are told what happens to their orders."""

from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice, SupplierInvoiceFile, SupplierInvoiceLine
from app.supplying.models.webhooks import (
    DeliveryStatus,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)

__all__ = [
    "DeliveryStatus",
    "InvoiceStatus",
    "SupplierInvoice",
    "SupplierInvoiceFile",
    "SupplierInvoiceLine",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookMessage",
]
