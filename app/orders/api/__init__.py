"""Routes of the orders API: `rounds` for the association, `member_orders` and `company` for the firms."""

from app.orders.api import company, member_orders, rounds

routers = [rounds.router, member_orders.router, company.router]

__all__ = ["routers"]
