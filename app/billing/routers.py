"""Routers of billing: pages and API."""

from app.billing.einvoicing import pages as einvoicing_pages
from app.billing.payments import api
from app.billing.payments.pages import books, invoices, payment_methods, payments, payouts, stripe_events, treasury

pages = (
    payment_methods.router,
    invoices.router,
    books.router,
    einvoicing_pages.router,
    payments.router,
    payouts.router,
    stripe_events.router,
    treasury.router,
)
apis = (api.router,)
