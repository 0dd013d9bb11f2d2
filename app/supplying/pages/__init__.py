"""The suppliers' pages: `orders` and `invoices`, with a mailed link too (`opened`), `webhooks`; `words` is how
values are called."""

from app.supplying.pages import invoices, orders, webhooks

routers = [orders.router, invoices.router, webhooks.router]

__all__ = ["routers"]
