"""Routes of the suppliers' API: `token` lets programs in, `orders` is what they fetch and answer, `invoices` what they
ask for it, `webhooks` how they are told, `catalogue` what they offer, `sandbox` test orders, `score_card` how they
did.
"""

from app.supplying.api import catalogue, invoices, orders, sandbox, score_card, token, webhooks

routers = [
    *(token.router, orders.router, invoices.router, webhooks.router, catalogue.router, sandbox.router),
    score_card.router,
]

__all__ = ["routers"]
