"""Routes of the suppliers' API: `token` lets programs in, `orders` is what they fetch and answer, `invoices` what they
ask for it, `webhooks` how they are told, `catalogue` what they offer, `sandbox` test orders."""

from app.supplying.api import catalogue, invoices, orders, sandbox, token, webhooks

routers = [token.router, orders.router, invoices.router, webhooks.router, catalogue.router, sandbox.router]

__all__ = ["routers"]
