"""The suppliers' pages: `orders` and `invoices`, with a mailed link too (`opened`), `webhooks`, `catalogue`, `sandbox`;
`words` is how values are called."""

from app.supplying.pages import catalogue, invoices, orders, sandbox, webhooks

routers = [orders.router, invoices.router, webhooks.router, catalogue.router, sandbox.router]

__all__ = ["routers"]
