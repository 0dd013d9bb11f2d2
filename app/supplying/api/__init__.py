"""Routes of the suppliers' API: `token` lets programs in, `orders` is what they fetch and answer."""

from app.supplying.api import orders, token

routers = [token.router, orders.router]

__all__ = ["routers"]
