"""The suppliers' pages: `orders` and `invoices`, with a mailed link too (`opened`), `webhooks`, `catalogue`, `sandbox`;
`score_card` is how a supplier did, `words` is how values are called.
"""

from app.supplying.pages import catalogue, invoices, orders, sandbox, score_card, webhooks

routers = [orders.router, invoices.router, webhooks.router, catalogue.router, sandbox.router, score_card.router]

__all__ = ["routers"]
