"""The suppliers' pages: `orders` and `invoices`, with a mailed link too (`opened`), `webhooks`, `catalogue`;
`words` is how values are called."""

from app.supplying.pages import catalogue, invoices, orders, webhooks

routers = [orders.router, invoices.router, webhooks.router, catalogue.router]

__all__ = ["routers"]
