"""Pages of billing: `invoices` for whom they concern; `books` and `payments` for the treasurer."""

from app.billing.pages import books, invoices, payments

routers = (invoices.router, books.router, payments.router)
