"""Routes of the orders API: `rounds` and `plans` for the association, `member_orders` and `company` for the firms."""

from app.orders.api import company, member_orders, plans, rounds

routers = [rounds.router, plans.router, member_orders.router, company.router]

__all__ = ["routers"]
