"""Routers of billing: pages and API."""

from app.billing.einvoicing import pages as einvoicing_pages
from app.billing.outgoing import api as outgoing_api
from app.billing.outgoing import pages as outgoing_pages
from app.billing.payments import api
from app.billing.payments.pages import books, invoices, payment_methods, payments, payouts, stripe_events, treasury

pages = (
    payment_methods.router,
    invoices.router,
    books.router,
    einvoicing_pages.router,
    outgoing_pages.router,
    payments.router,
    payouts.router,
    stripe_events.router,
    treasury.router,
)
apis = (api.router, outgoing_api.router)
