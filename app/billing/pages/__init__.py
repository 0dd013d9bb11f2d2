"""Pages of billing: `invoices` for whom they concern, `methods` for who pays, `payouts` for suppliers; `treasury`,
`books`, `payments` and `einvoicing` for the treasurer; `stripe_events` for Stripe."""

from app.billing.pages import books, einvoicing, invoices, methods, payments, payouts, stripe_events, treasury

routers = (
    methods.router,
    invoices.router,
    books.router,
    einvoicing.router,
    payments.router,
    payouts.router,
    stripe_events.router,
    treasury.router,
)
