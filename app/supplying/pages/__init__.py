"""The suppliers' pages: `orders`, with a mailed link too."""

from app.supplying.pages import orders

routers = [orders.router]

__all__ = ["routers"]
